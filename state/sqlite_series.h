/*
 * A series is one probe seen from one region. Rows carry its number; the
 * numbers used since the start are kept here, because every observation needs
 * one.
 */
#ifndef STATE_SQLITE_SERIES_H
#define STATE_SQLITE_SERIES_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct sqlite_store;

struct series_cache {
	struct series **slot; /* open addressing */
	size_t room, used;
};

/* The number of a series, made when it is new. */
int series_id(struct sqlite_store *s, const char *probe, const char *region,
    int64_t at_ms, int64_t *id, struct err *err);
/* Its number, or 0 when there is no such series. */
int series_find(struct sqlite_store *s, const char *probe, const char *region,
    int64_t *id, struct err *err);

/* Forget all, since a number may not have been committed or was deleted. */
void series_forget(struct series_cache *c);

#endif
