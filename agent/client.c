#include "agent/client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "agent/config.h"
#include "agent/control.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"

#define ANSWER_MAX (64 * 1024 * 1024)

int
client_init(struct client *c, const char *config_path, struct err *err)
{
	char *state = NULL;

	c->path = NULL;
	if (config_state(config_path, &state, err) != 0)
		return -1;
	c->path = control_socket_path(state);
	free(state);
	return 0;
}

void
client_fini(struct client *c)
{
	free(c->path);
}

static int
dial(const struct client *c, struct err *err)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	struct timeval limit = {.tv_sec = CLIENT_TIMEOUT_S};
	int fd;

	if (str_copy(sa.sun_path, sizeof(sa.sun_path), c->path) != 0)
		return err_set(
		    err, ERR_INPUT, "%s is too long for a socket", c->path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return err_errno(err, "a socket");
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	if (connect(fd, (struct sockaddr *)&sa, sizeof(sa)) == 0)
		return fd;
	if (errno == ENOENT || errno == ECONNREFUSED)
		err_set(err, ERR_MISSING,
		    "no agent is running with this configuration (nothing "
		    "answers at %s); start it with: tocsin run",
		    c->path);
	else
		err_errno(err, "connecting to %s", c->path);
	close(fd);
	return -1;
}

static int
send_all(int fd, const char *data, size_t len, struct err *err)
{
	while (len > 0) {
		ssize_t n = send(fd, data, len, MSG_NOSIGNAL);

		if (n < 0)
			return err_errno(err, "asking the agent");
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

static int
read_all(int fd, struct buf *in, struct err *err)
{
	char chunk[16384];
	ssize_t n;

	while ((n = read(fd, chunk, sizeof(chunk))) > 0)
		if (buf_add(in, chunk, (size_t)n) != 0)
			return err_set(
			    err, ERR_FULL, "the agent's answer is too long");
	if (n < 0)
		return err_errno(err, "reading the agent's answer");
	return 0;
}

/* "HTTP/1.1 200 OK\r\n…\r\n\r\n{…}" */
static int
read_answer(const struct buf *in, json_t **out, struct err *err)
{
	const char *text = buf_str(in);
	const char *body = strstr(text, "\r\n\r\n");
	char code[4] = "";
	int64_t status;
	json_t *json = NULL;

	if (in->len > 12)
		memcpy(code, text + 9, 3);
	if (!str_starts(text, "HTTP/1.") || body == NULL ||
	    str_parse_i64(code, 100, 599, &status) != 0)
		return err_set(err, ERR_PROTO, "the agent's answer is broken");
	body += 4;
	if (json_parse(&json, body, in->len - (size_t)(body - text), err) != 0)
		return err_wrap(err, "the agent's answer");
	if (status == 422) { /* mistakes are an answer to show */
		*out = json;
		return 0;
	}
	if (status < 300) {
		*out = json;
		return 0;
	}
	err_set(err, status == 404 ? ERR_MISSING : ERR_REFUSED, "%s",
	    json_str(json, "error"));
	json_decref(json);
	return -1;
}

static int
ask(struct client *c, const char *method, const char *path, const char *body,
    json_t **out, struct err *err)
{
	struct buf in;
	char *head;
	int fd = dial(c, err), rc;

	if (fd < 0)
		return -1;
	head = mem_printf("%s %s HTTP/1.0\r\nHost: localhost\r\n"
			  "Content-Length: %zu\r\n\r\n",
	    method, path, strlen(body));
	buf_init(&in, ANSWER_MAX);
	rc = send_all(fd, head, strlen(head), err);
	if (rc == 0)
		rc = send_all(fd, body, strlen(body), err);
	if (rc == 0)
		rc = read_all(fd, &in, err);
	if (rc == 0)
		rc = read_answer(&in, out, err);
	close(fd);
	buf_fini(&in);
	free(head);
	return rc;
}

int
client_get(struct client *c, const char *path, json_t **out, struct err *err)
{
	return ask(c, "GET", path, "", out, err);
}

int
client_post(struct client *c, const char *path, const json_t *body,
    json_t **out, struct err *err)
{
	char *text = body != NULL ? json_text(body) : mem_strdup("{}");
	int rc = ask(c, "POST", path, text, out, err);

	free(text);
	return rc;
}
