/*
 * Certificates made at test time with the openssl command, and an nginx that
 * serves each of them on a port of its own.
 */
#ifndef TESTS_UNIT_PKI_H
#define TESTS_UNIT_PKI_H

#include <sys/stat.h>

#include "base/buf.h"
#include "base/str.h"
#include "tests/unit/peer.h"

enum pki_server {
	PKI_GOOD,
	PKI_OTHER_NAME,
	PKI_EXPIRED,
	PKI_SELF_SIGNED,
	PKI_UNKNOWN_CA,
	PKI_WANTS_CLIENT,
	PKI_SERVERS
};

static const char *const pki_names[PKI_SERVERS] = {
    "good", "other", "expired", "self", "unknown", "client"};

struct pki {
	char directory[64];
	pid_t nginx;
	uint16_t ports[PKI_SERVERS];
};

static inline const char *
pki_file(const struct pki *p, char dst[256], const char *name)
{
	str_printf(dst, 256, "%s/%s", p->directory, name);
	return dst;
}

#define PKI_CURVE "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"

/* A key and a certificate that signs itself. */
static inline void
pki_root(const struct pki *p, const char *name, const char *subject,
    const char *extension)
{
	char log[256], key[256], pem[256], file[64];

	str_printf(file, sizeof(file), "%s.key", name);
	pki_file(p, key, file);
	str_printf(file, sizeof(file), "%s.pem", name);
	RUN(pki_file(p, log, "log"), "openssl", "req", "-x509", PKI_CURVE,
	    "-nodes", "-days", "30", "-subj", subject, "-addext", extension,
	    "-keyout", key, "-out", pki_file(p, pem, file));
}

/* A key and a certificate signed by `ca`. */
static inline void
pki_leaf(const struct pki *p, const char *name, const char *ca,
    const char *names, const char *days)
{
	char log[256], key[256], pem[256], csr[256], ext[256], file[64];
	char ca_pem[256], ca_key[256], text[256], subject[128];

	pki_file(p, log, "log");
	str_printf(file, sizeof(file), "%s.key", name);
	pki_file(p, key, file);
	str_printf(file, sizeof(file), "%s.pem", name);
	pki_file(p, pem, file);
	str_printf(file, sizeof(file), "%s.key", ca);
	pki_file(p, ca_key, file);
	str_printf(file, sizeof(file), "%s.pem", ca);
	pki_file(p, ca_pem, file);
	str_printf(text, sizeof(text), "subjectAltName=%s\n", names);
	file_write(pki_file(p, ext, "ext"), text);
	str_printf(subject, sizeof(subject), "/O=Example Org/CN=%s", name);
	RUN(log, "openssl", "req", "-new", PKI_CURVE, "-nodes", "-subj",
	    subject, "-keyout", key, "-out", pki_file(p, csr, "csr"));
	RUN(log, "openssl", "x509", "-req", "-in", csr, "-CA", ca_pem, "-CAkey",
	    ca_key, "-CAcreateserial", "-days", days, "-extfile", ext, "-out",
	    pem);
}

static inline void
pki_make(struct pki *p)
{
	str_copy(p->directory, sizeof(p->directory), "/tmp/tocsin-pki-XXXXXX");
	if (mkdtemp(p->directory) == NULL)
		abort();
	chmod(p->directory, 0755); /* nginx's workers are nobody */
	pki_root(p, "ca", "/O=Test/CN=Test Root", "keyUsage=keyCertSign");
	pki_root(p, "ca2", "/O=Test/CN=Strange Root", "keyUsage=keyCertSign");
	pki_root(p, "self", "/CN=portal.example.org",
	    "subjectAltName=DNS:portal.example.org");
	pki_leaf(p, "good", "ca", "DNS:portal.example.org,IP:127.0.0.1", "20");
	pki_leaf(p, "other", "ca",
	    "DNS:www.example.org,DNS:a.example.org,DNS:b.example.org", "20");
	pki_leaf(p, "expired", "ca", "DNS:portal.example.org", "-1");
	pki_leaf(p, "unknown", "ca2", "DNS:portal.example.org", "20");
	pki_leaf(p, "client", "ca", "DNS:portal.example.org", "20");
	pki_leaf(p, "visitor", "ca", "DNS:visitor.example.org", "20");
}

static inline void
pki_server_text(const struct pki *p, struct buf *text, enum pki_server i)
{
	const char *name = pki_names[i], *d = p->directory;

	buf_printf(text,
	    "server { listen 127.0.0.1:%u ssl%s; ssl_certificate %s/%s.pem;"
	    " ssl_certificate_key %s/%s.key; location / { return 200"
	    " \"$server_protocol $ssl_client_s_dn\"; }",
	    p->ports[i], i == PKI_GOOD ? " http2" : "", d, name, d, name);
	if (i == PKI_WANTS_CLIENT)
		buf_printf(text,
		    " ssl_verify_client on; ssl_client_certificate %s/ca.pem;",
		    d);
	buf_puts(text, "}\n");
}

static inline void
pki_serve(struct pki *p)
{
	const char *d = p->directory;
	char log[256], conf[256];
	struct buf text;

	buf_init(&text, 16384);
	buf_printf(&text,
	    "daemon off; master_process off; pid %s/pid; error_log %s/error;\n"
	    "events { worker_connections 64; }\nhttp { access_log off;"
	    " ssl_protocols TLSv1.2 TLSv1.3;\n"
	    "client_body_temp_path %s/1; proxy_temp_path %s/2;\n"
	    "fastcgi_temp_path %s/3; uwsgi_temp_path %s/4; scgi_temp_path "
	    "%s/5;\n",
	    d, d, d, d, d, d, d);
	for (int i = 0; i < PKI_SERVERS; i++) {
		close(peer_bind("127.0.0.1", SOCK_STREAM, &p->ports[i]));
		pki_server_text(p, &text, (enum pki_server)i);
	}
	buf_puts(&text, "}\n");
	file_write(pki_file(p, conf, "nginx.conf"), buf_str(&text));
	buf_fini(&text);
	p->nginx = program_start(pki_file(p, log, "log"),
	    (const char *const[]){"/usr/sbin/nginx", "-p", d, "-e",
		pki_file(p, (char[256]){0}, "error"), "-c", conf, NULL});
	program_wait(p->nginx, p->ports[PKI_SERVERS - 1]);
}

static inline void
pki_remove(struct pki *p)
{
	program_stop(p->nginx);
	RUN("/dev/null", "rm", "-r", p->directory);
}

#endif
