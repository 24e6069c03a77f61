/*
 * Why something failed: a code to decide by, an errno, and text for a person.
 *
 * A function that can fail returns 0, or -1 with `err` filled. Text is set
 * where the failure is understood and wrapped on the way up, so it reads
 * outside-in: "loading /etc/tocsin.yaml: line 3: ...". A function without an
 * err argument cannot fail. Handle an error or return it; never log it and
 * return it as well.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

enum err_code {
	ERR_NONE,
	ERR_IO,      /* the operating system said no; see errnum         */
	ERR_FULL,    /* no room left: disk, quota, or a ceiling of ours  */
	ERR_TIMEOUT, /* a deadline passed                                */
	ERR_DNS,     /* a name could not be resolved                     */
	ERR_REFUSED, /* the other side, or our own policy, refused       */
	ERR_TLS,     /* handshake, certificate or record trouble         */
	ERR_PROTO,   /* the other side broke the protocol                */
	ERR_INPUT,   /* a value given to us is wrong                     */
	ERR_CONFIG,  /* the configuration is wrong                       */
	ERR_CORRUPT, /* stored data is damaged                           */
	ERR_MISSING, /* what was asked for does not exist                */
	ERR_BUSY,    /* not now                                          */
};

struct err {
	enum err_code code;
	int errnum;     /* errno at the time, or 0 */
	char text[512]; /* without a newline; truncated if longer */
};

#define ERR_INIT                                                               \
	{                                                                      \
		ERR_NONE, 0, ""                                                \
	}

/* All three return -1, so that `return err_set(...)` reads well.
 * A NULL err is allowed: the caller does not want to know. */
int err_set(struct err *err, enum err_code code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Like err_set, with ": <strerror(errno)>" appended and errnum kept. */
int err_errno(struct err *err, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Put "<text>: " in front of what is there; code and errnum stay. */
int err_wrap(struct err *err, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

const char *err_code_name(enum err_code code); /* "io", "timeout", ... */

#endif
