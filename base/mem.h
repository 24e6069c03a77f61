/*
 * Allocation that never fails: running out of memory ends the process (the
 * supervisor restarts it). Nothing else in the tree calls malloc or strdup.
 * Everything returned is the caller's, freed with free().
 */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stdarg.h>
#include <stddef.h>

void *mem_alloc(size_t size);               /* zeroed */
void *mem_array(size_t count, size_t size); /* zeroed, overflow checked */
void *mem_grow(void *old, size_t count, size_t size); /* not zeroed */
void *mem_dup(const void *data, size_t size);
char *mem_strdup(const char *s);
char *mem_strndup(const char *s, size_t max);
char *mem_printf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
char *
mem_vprintf(const char *fmt, va_list ap) __attribute__((format(printf, 1, 0)));

/* Free a secret: its bytes are wiped first. NULL is fine. */
void mem_free_secret(char *s);

#endif
