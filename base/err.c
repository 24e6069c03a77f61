#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int
err_set(struct err *err, enum err_code code, const char *fmt, ...)
{
	va_list ap;

	if (err == NULL)
		return -1;
	err->code = code;
	err->errnum = 0;
	va_start(ap, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	return -1;
}

int
err_errno(struct err *err, const char *fmt, ...)
{
	int saved = errno;
	size_t used;
	va_list ap;

	if (err == NULL)
		return -1;
	err->code = saved == ENOSPC || saved == EDQUOT ? ERR_FULL : ERR_IO;
	err->errnum = saved;
	va_start(ap, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	used = strlen(err->text);
	snprintf(err->text + used, sizeof(err->text) - used, ": %s",
	    strerror(saved));
	return -1;
}

int
err_wrap(struct err *err, const char *fmt, ...)
{
	char inner[sizeof(err->text)];
	size_t used;
	va_list ap;

	if (err == NULL)
		return -1;
	memcpy(inner, err->text, sizeof(inner));
	va_start(ap, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	used = strlen(err->text);
	snprintf(err->text + used, sizeof(err->text) - used, ": %s", inner);
	return -1;
}

const char *
err_code_name(enum err_code code)
{
	static const char *const names[] = {
	    [ERR_NONE] = "none",
	    [ERR_IO] = "io",
	    [ERR_FULL] = "full",
	    [ERR_TIMEOUT] = "timeout",
	    [ERR_DNS] = "dns",
	    [ERR_REFUSED] = "refused",
	    [ERR_TLS] = "tls",
	    [ERR_PROTO] = "protocol",
	    [ERR_INPUT] = "input",
	    [ERR_CONFIG] = "config",
	    [ERR_CORRUPT] = "corrupt",
	    [ERR_MISSING] = "missing",
	    [ERR_BUSY] = "busy",
	};

	return names[code];
}
