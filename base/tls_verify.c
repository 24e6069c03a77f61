#include "base/tls_verify.h"

#include <arpa/inet.h>
#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/str.h"

/* ---- facts ---- */

static int64_t
time_ms(const ASN1_TIME *time)
{
	struct tm tm;

	if (ASN1_TIME_to_tm(time, &tm) != 1)
		return 0;
	return (int64_t)timegm(&tm) * 1000;
}

static void
name_text(char *dst, size_t size, const X509_NAME *name)
{
	BIO *out = BIO_new(BIO_s_mem());
	char *text;
	long len;

	CHECK(out != NULL);
	X509_NAME_print_ex(out, name, 0,
	    (ASN1_STRFLGS_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB) |
		XN_FLAG_SEP_CPLUS_SPC | XN_FLAG_DN_REV | XN_FLAG_FN_SN);
	len = BIO_get_mem_data(out, &text);
	str_printable(dst, size, text, (size_t)len);
	BIO_free(out);
}

static void
note_chain_end(struct tls_certificate *found, STACK_OF(X509) * chain)
{
	int64_t earliest_ms = found->not_after_ms;

	for (int i = 0; i < sk_X509_num(chain); i++) {
		int64_t end_ms =
		    time_ms(X509_get0_notAfter(sk_X509_value(chain, i)));

		if (end_ms < earliest_ms)
			earliest_ms = end_ms;
	}
	found->chain_not_after_ms = earliest_ms;
}

static void
note_certificate(
    struct tls_certificate *found, X509 *leaf, STACK_OF(X509) * chain)
{
	found->seen = true;
	found->not_before_ms = time_ms(X509_get0_notBefore(leaf));
	found->not_after_ms = time_ms(X509_get0_notAfter(leaf));
	name_text(found->subject, sizeof(found->subject),
	    X509_get_subject_name(leaf));
	name_text(
	    found->issuer, sizeof(found->issuer), X509_get_issuer_name(leaf));
	note_chain_end(found, chain);
}

/* ---- what is wrong, in words ---- */

static const char *
common_name(char dst[128], const X509_NAME *name)
{
	char text[128];
	int len =
	    X509_NAME_get_text_by_NID(name, NID_commonName, text, sizeof(text));

	if (len <= 0)
		str_copy(dst, 128, "without a name");
	else
		str_printable(dst, 128, text, strnlen(text, sizeof(text)));
	return dst;
}

static void
explain_time(char *dst, size_t size, X509_STORE_CTX *ctx, bool expired)
{
	X509 *bad = X509_STORE_CTX_get_current_cert(ctx);
	int64_t at_ms = time_ms(
	    expired ? X509_get0_notAfter(bad) : X509_get0_notBefore(bad));
	int64_t off_us = (clock_wall_ms() - at_ms) * 1000;
	char span[32], who[128], name[128];

	str_duration_human(span, expired ? off_us : -off_us);
	if (X509_STORE_CTX_get_error_depth(ctx) == 0)
		str_copy(who, sizeof(who), "certificate");
	else
		str_printf(who, sizeof(who),
		    "certificate of the issuer \"%.90s\"",
		    common_name(name, X509_get_subject_name(bad)));
	if (expired)
		str_printf(dst, size, "%s expired %s ago", who, span);
	else
		str_printf(dst, size,
		    "%s is not valid yet: it begins in %s (is our clock "
		    "right?)",
		    who, span);
}

static bool
name_of(char dst[128], const GENERAL_NAME *name)
{
	const unsigned char *bytes;
	int len, family;

	if (name->type == GEN_DNS) {
		str_printable(dst, 128,
		    (const char *)ASN1_STRING_get0_data(name->d.dNSName),
		    (size_t)ASN1_STRING_length(name->d.dNSName));
		return true;
	}
	if (name->type != GEN_IPADD)
		return false;
	bytes = ASN1_STRING_get0_data(name->d.iPAddress);
	len = ASN1_STRING_length(name->d.iPAddress);
	family = len == 4 ? AF_INET : AF_INET6;
	return (len == 4 || len == 16) &&
	       inet_ntop(family, bytes, dst, 128) != NULL;
}

/* "www.example.org", "www.example.org and 3 more". */
static void
names_of(char dst[160], X509 *leaf)
{
	GENERAL_NAMES *names =
	    X509_get_ext_d2i(leaf, NID_subject_alt_name, NULL, NULL);
	char first[128] = "", other[128];
	unsigned more = 0;

	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

		if (first[0] == '\0')
			name_of(first, name);
		else if (name_of(other, name))
			more++;
	}
	GENERAL_NAMES_free(names);
	if (first[0] == '\0')
		str_copy(dst, 160, "no host name at all");
	else if (more == 0)
		str_copy(dst, 160, first);
	else
		str_printf(dst, 160, "%.60s and %u more", first, more);
}

static void
explain_name(char *dst, size_t size, X509_STORE_CTX *ctx, const char *host)
{
	char names[160];

	names_of(names, X509_STORE_CTX_get0_cert(ctx));
	str_printf(
	    dst, size, "certificate is for %.70s, not %.60s", names, host);
}

static void
explain_issuer(char *dst, size_t size, X509_STORE_CTX *ctx, int error)
{
	X509 *top = X509_STORE_CTX_get_current_cert(ctx);
	char name[128];

	if (error == X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT) {
		str_copy(dst, size, "issuer unknown (self-signed)");
		return;
	}
	if (error == X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN) {
		common_name(name, X509_get_subject_name(top));
		str_printf(dst, size,
		    "issuer unknown: \"%.90s\" is not a trusted CA", name);
		return;
	}
	common_name(name, X509_get_issuer_name(top));
	str_printf(dst, size,
	    "issuer unknown: \"%.60s\" is not a trusted CA, or the server "
	    "does not send its intermediate certificate",
	    name);
}

static void
explain(char *dst, size_t size, X509_STORE_CTX *ctx, const char *host)
{
	int error = X509_STORE_CTX_get_error(ctx);

	switch (error) {
	case X509_V_ERR_CERT_HAS_EXPIRED:
	case X509_V_ERR_CERT_NOT_YET_VALID:
		explain_time(
		    dst, size, ctx, error == X509_V_ERR_CERT_HAS_EXPIRED);
		break;
	case X509_V_ERR_HOSTNAME_MISMATCH:
	case X509_V_ERR_IP_ADDRESS_MISMATCH:
		explain_name(dst, size, ctx, host);
		break;
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
		explain_issuer(dst, size, ctx, error);
		break;
	default:
		str_printf(dst, size, "certificate not accepted: %s",
		    X509_verify_cert_error_string(error));
		break;
	}
}

/* ---- the judgement ---- */

bool
tls_is_name(const char *host)
{
	uint8_t bytes[16];

	return inet_pton(AF_INET, host, bytes) != 1 &&
	       inet_pton(AF_INET6, host, bytes) != 1;
}

static void
aim(X509_STORE_CTX *ctx, const char *host, X509_STORE_CTX *given)
{
	X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(ctx);

	CHECK(X509_STORE_CTX_set_default(ctx, "ssl_server") == 1);
	X509_VERIFY_PARAM_set_auth_level(param,
	    X509_VERIFY_PARAM_get_auth_level(X509_STORE_CTX_get0_param(given)));
	X509_VERIFY_PARAM_set_time(param, (time_t)(clock_wall_ms() / 1000));
	X509_VERIFY_PARAM_set_hostflags(
	    param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	if (tls_is_name(host))
		CHECK(X509_VERIFY_PARAM_set1_host(param, host, 0) == 1);
	else
		CHECK(X509_VERIFY_PARAM_set1_ip_asc(param, host) == 1);
}

/* X509_V_OK or what is wrong; fills check->found. */
static int
judge(const struct tls_check *check, X509_STORE_CTX *given)
{
	X509 *leaf = X509_STORE_CTX_get0_cert(given);
	STACK_OF(X509) *sent = X509_STORE_CTX_get0_untrusted(given);
	struct tls_certificate *found = check->found;
	X509_STORE_CTX *ctx;
	X509_STORE *store;
	struct err err = ERR_INIT;
	int error = X509_V_ERR_UNSPECIFIED;

	note_certificate(found, leaf, sent);
	store = tls_store(check->ca_file, &err);
	if (store == NULL) {
		str_copy(
		    found->verify_error, sizeof(found->verify_error), err.text);
		return error;
	}
	ctx = X509_STORE_CTX_new();
	CHECK(ctx != NULL && X509_STORE_CTX_init(ctx, store, leaf, sent) == 1);
	aim(ctx, check->host, given);
	if (X509_verify_cert(ctx) == 1) {
		found->verify_error[0] = '\0';
		note_chain_end(found, X509_STORE_CTX_get0_chain(ctx));
		error = X509_V_OK;
	} else {
		error = X509_STORE_CTX_get_error(ctx);
		explain(found->verify_error, sizeof(found->verify_error), ctx,
		    check->host);
	}
	X509_STORE_CTX_free(ctx);
	return error;
}

static int
on_verify(X509_STORE_CTX *given, void *arg)
{
	const struct tls_check *check = arg;
	int error;

	if (check == NULL) {
		SSL *ssl = X509_STORE_CTX_get_ex_data(
		    given, SSL_get_ex_data_X509_STORE_CTX_idx());

		check = SSL_get_app_data(ssl);
	}
	error = judge(check, given);
	if (check->unverified)
		error = X509_V_OK;
	X509_STORE_CTX_set_error(given, error);
	/* What went wrong stands in verify_error, not in OpenSSL's queue. */
	ERR_clear_error();
	return error == X509_V_OK;
}

void
tls_verify_with(SSL_CTX *ctx, struct tls_check *check)
{
	SSL_CTX_set_cert_verify_callback(ctx, on_verify, check);
}

void
tls_verify_note(struct tls_check *check, SSL *ssl)
{
	struct tls_certificate *found = check->found;
	X509 *leaf;

	str_copy(
	    found->protocol, sizeof(found->protocol), SSL_get_version(ssl));
	str_copy(
	    found->cipher, sizeof(found->cipher), SSL_get_cipher_name(ssl));
	if (found->seen)
		return;
	leaf = SSL_get0_peer_certificate(ssl);
	if (leaf != NULL)
		note_certificate(found, leaf, SSL_get_peer_cert_chain(ssl));
}

const char *
tls_reason(const char *reason)
{
	static const struct {
		const char *reason, *words;
	} known[] = {
	    {"wrong version number", "the server does not speak TLS there"},
	    {"http request", "the server does not speak TLS there"},
	    {"packet length too long", "the server does not speak TLS there"},
	    {"unsupported protocol",
		"the server only offers TLS versions that are too old"},
	    {"tlsv1 alert protocol version",
		"the server refuses our TLS versions"},
	    {"sslv3 alert handshake failure",
		"the server refused it (no cipher or version in common, or it "
		"wants a client certificate)"},
	    {"tlsv13 alert certificate required",
		"the server wants a client certificate"},
	    {"sslv3 alert bad certificate",
		"the server does not accept our client certificate"},
	    {"tlsv1 alert unknown ca",
		"the server does not know the issuer of our client "
		"certificate"},
	    {"tlsv1 unrecognized name", "the server does not know this name"},
	    {"dh key too small",
		"the server's Diffie-Hellman key is too small"},
	    {"unexpected eof while reading",
		"connection closed during the handshake"},
	};

	if (reason == NULL)
		return "no reason given";
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (str_eq(reason, known[i].reason))
			return known[i].words;
	return reason;
}
