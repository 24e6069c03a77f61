#include "base/tls.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/tls_verify.h"

struct tls {
	struct loop *loop;
	int fd;
	const struct tls_options *options; /* until the callback */
	tls_fn *fn;
	void *ctx;
	int64_t started_us;
	struct loop_fd *watch; /* during the handshake */
	struct loop_timer *deadline;
	SSL *ssl; /* NULL if it could not even begin */
	bool up;  /* the handshake is done, and nothing broke since */
	unsigned interest;
	struct tls_check check;
	struct tls_certificate found;
	struct err err;
};

/* For connections without a client certificate of their own. */
static SSL_CTX *shared;

static SSL_CTX *
context_new(void)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

	CHECK(ctx != NULL);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE |
				  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
				  SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	tls_verify_with(ctx, NULL);
	return ctx;
}

static int
load_certificate(SSL_CTX *ctx, const struct tls_options *o, struct err *err)
{
	const char *key = o->key_file != NULL ? o->key_file : o->cert_file;
	const char *why;

	ERR_clear_error();
	if (SSL_CTX_use_certificate_chain_file(ctx, o->cert_file) == 1 &&
	    SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) == 1)
		return 0;
	why = ERR_reason_error_string(ERR_peek_last_error());
	ERR_clear_error();
	return err_set(err, ERR_CONFIG, "client certificate %s with key %s: %s",
	    o->cert_file, key, why != NULL ? why : "not usable");
}

/* The caller's reference. NULL with err. */
static SSL_CTX *
context_for(const struct tls_options *o, struct err *err)
{
	SSL_CTX *ctx;

	if (o->cert_file == NULL) {
		if (shared == NULL)
			shared = context_new();
		SSL_CTX_up_ref(shared);
		return shared;
	}
	ctx = context_new();
	if (load_certificate(ctx, o, err) == 0)
		return ctx;
	SSL_CTX_free(ctx);
	return NULL;
}

/* ---- the handshake ---- */

static void
tell(void *arg)
{
	struct tls *t = arg;

	loop_fd_free(t->watch);
	loop_timer_free(t->deadline);
	t->watch = NULL;
	t->deadline = NULL;
	t->options = NULL;
	t->check.host = t->check.ca_file = NULL;
	t->fn(t->ctx, &t->err); /* t may be gone now */
}

static void
end(struct tls *t)
{
	if (t->watch != NULL)
		loop_fd_interest(t->watch, 0);
	if (t->deadline != NULL)
		loop_timer_disarm(t->deadline);
	loop_defer(t->loop, tell, t);
}

static void
on_deadline(void *arg)
{
	struct tls *t = arg;
	char span[32];

	err_set(&t->err, ERR_TIMEOUT,
	    "TLS handshake with %s not done within %s", t->options->address,
	    str_duration_human(span, t->options->timeout_ms * 1000));
	end(t);
}

static void
fail_handshake(struct tls *t, int why, int saved_errno)
{
	const char *reason = ERR_reason_error_string(ERR_peek_last_error());
	const char *address = t->options->address;
	char took[32];

	str_duration_human(took, clock_boot_us() - t->started_us);
	if (t->found.verify_error[0] != '\0' && !t->check.unverified)
		err_set(&t->err, ERR_TLS, "%s", t->found.verify_error);
	else if (why == SSL_ERROR_SYSCALL)
		err_set(&t->err, ERR_TLS,
		    "TLS handshake with %s failed: connection %s after %s",
		    address, saved_errno == 0 ? "closed" : "reset", took);
	else
		err_set(&t->err, ERR_TLS, "TLS handshake with %s failed: %s",
		    address, tls_reason(reason));
	ERR_clear_error();
	end(t);
}

static void
step(struct tls *t)
{
	int rc, why, saved;

	ERR_clear_error();
	errno = 0;
	rc = SSL_connect(t->ssl);
	saved = errno;
	why = SSL_get_error(t->ssl, rc);
	if (rc == 1) {
		t->up = true;
		t->interest = LOOP_READ;
		tls_verify_note(&t->check, t->ssl);
		end(t);
	} else if (why == SSL_ERROR_WANT_READ) {
		loop_fd_interest(t->watch, LOOP_READ);
	} else if (why == SSL_ERROR_WANT_WRITE) {
		loop_fd_interest(t->watch, LOOP_WRITE);
	} else {
		fail_handshake(t, why, saved);
	}
}

static void
on_ready(void *ctx, int fd, unsigned ready)
{
	(void)fd;
	(void)ready;
	step(ctx);
}

static int
prepare(struct tls *t)
{
	const struct tls_options *o = t->options;
	SSL_CTX *ctx;

	if (o->ca_file != NULL && tls_store(o->ca_file, &t->err) == NULL)
		return -1;
	ctx = context_for(o, &t->err);
	if (ctx == NULL)
		return -1;
	t->ssl = SSL_new(ctx);
	SSL_CTX_free(ctx);
	CHECK(t->ssl != NULL && SSL_set_fd(t->ssl, t->fd) == 1);
	SSL_set_app_data(t->ssl, &t->check);
	t->check = (struct tls_check){.host = o->host,
	    .ca_file = o->ca_file,
	    .unverified = o->unverified,
	    .found = &t->found};
	if (tls_is_name(o->host))
		/* The macro for it casts const away, which warns. */
		CHECK(SSL_ctrl(t->ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME,
			  TLSEXT_NAMETYPE_host_name,
			  (void *)(uintptr_t)o->host) == 1);
	return 0;
}

struct tls *
tls_start(struct loop *loop, int fd, const struct tls_options *options,
    tls_fn *fn, void *ctx)
{
	struct tls *t = mem_alloc(sizeof(*t));

	t->loop = loop;
	t->fd = fd;
	t->options = options;
	t->fn = fn;
	t->ctx = ctx;
	t->started_us = clock_boot_us();
	if (prepare(t) < 0) {
		end(t);
		return t;
	}
	t->deadline = loop_timer_new(loop, on_deadline, t);
	loop_timer_arm_ms(t->deadline, options->timeout_ms);
	t->watch = loop_fd_new(loop, fd, LOOP_WRITE, on_ready, t);
	return t;
}

void
tls_free(struct tls *t)
{
	if (t == NULL)
		return;
	loop_undefer(t->loop, t);
	loop_fd_free(t->watch);
	loop_timer_free(t->deadline);
	if (t->up) {
		ERR_clear_error();
		SSL_shutdown(t->ssl);
	}
	SSL_free(t->ssl);
	ERR_clear_error();
	free(t);
}

const struct tls_certificate *
tls_certificate(const struct tls *t)
{
	return &t->found;
}

/* ---- afterwards ---- */

static ssize_t
outcome(struct tls *t, int rc, int saved_errno, struct err *err)
{
	const char *reason;
	int why = SSL_get_error(t->ssl, rc);

	if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) {
		t->interest =
		    why == SSL_ERROR_WANT_READ ? LOOP_READ : LOOP_WRITE;
		return TLS_AGAIN;
	}
	if (why == SSL_ERROR_ZERO_RETURN)
		return 0;
	t->up = false;
	reason = ERR_reason_error_string(ERR_peek_last_error());
	ERR_clear_error();
	if (why == SSL_ERROR_SYSCALL)
		return err_set(err, ERR_IO, "connection %s",
		    saved_errno == 0 ? "closed" : strerror(saved_errno));
	if (reason != NULL && str_eq(reason, "unexpected eof while reading"))
		return 0; /* closed without the goodbye, as many do */
	return err_set(err, ERR_TLS, "TLS: %s", tls_reason(reason));
}

ssize_t
tls_read(struct tls *t, void *dst, size_t size, struct err *err)
{
	int rc, saved;

	CHECK(size > 0 && size <= INT32_MAX);
	if (!t->up)
		return err_set(err, ERR_TLS, "the TLS connection is not up");
	ERR_clear_error();
	errno = 0;
	rc = SSL_read(t->ssl, dst, (int)size);
	saved = errno;
	return rc > 0 ? rc : outcome(t, rc, saved, err);
}

ssize_t
tls_write(struct tls *t, const void *data, size_t len, struct err *err)
{
	int rc, saved;

	CHECK(len > 0 && len <= INT32_MAX);
	if (!t->up)
		return err_set(err, ERR_TLS, "the TLS connection is not up");
	ERR_clear_error();
	errno = 0;
	rc = SSL_write(t->ssl, data, (int)len);
	saved = errno;
	return rc > 0 ? rc : outcome(t, rc, saved, err);
}

unsigned
tls_interest(const struct tls *t)
{
	return t->interest;
}
