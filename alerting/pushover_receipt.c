#include "alerting/pushover_receipt.h"

#include "alerting/pushover_answer.h"
#include "base/clock.h"
#include "base/str.h"

#define POLL_MS   30000 /* they ask for 5 s at least */
#define BUSY_MS   5000  /* after a server's error they ask for as much */
#define SECOND_MS 1000

enum { LIMIT, REMAINING, RESET };
const char *const pushover_receipt_headers[] = {[LIMIT] = "x-limit-app-limit",
    [REMAINING] = "x-limit-app-remaining",
    [RESET] = "x-limit-app-reset",
    NULL};

/* "; 7496 of 10000 messages left until 2026-12-01" or "". */
static void
quota(char *dst, size_t size, const struct post_answer *answer)
{
	int64_t left, of, reset_s;
	char when[32];

	dst[0] = '\0';
	if (str_parse_i64(answer->kept[REMAINING], 0, INT32_MAX, &left) != 0 ||
	    str_parse_i64(answer->kept[LIMIT], 0, INT32_MAX, &of) != 0 ||
	    str_parse_i64(answer->kept[RESET], 0, UINT32_MAX, &reset_s) != 0)
		return;
	clock_rfc3339(when, reset_s * SECOND_MS);
	str_printf(dst, size, "; %d of %d messages left until %.10s", (int)left,
	    (int)of, when);
}

/* The quota comes back at the time that the service said, whatever it is. */
static void
exhausted(const struct post_answer *answer, struct receipt *r)
{
	char left[100];
	int64_t reset_s, wait_ms = answer->retry_after_ms;

	quota(left, sizeof(left), answer);
	if (wait_ms < 0 &&
	    str_parse_i64(answer->kept[RESET], 0, UINT32_MAX, &reset_s) == 0)
		wait_ms = reset_s * SECOND_MS - clock_wall_ms();
	receipt_set(r, RECEIPT_RETRY, answer->status,
	    "status %d: the account's quota of messages is used up%s",
	    answer->status, left);
	r->retry_after_ms = wait_ms > 0 ? wait_ms : -1;
}

/* What is not a plain "yes". */
static void
refused(const struct post_answer *answer, const struct pushover_answer *said,
    struct receipt *r)
{
	bool broke = answer->err.code != ERR_NONE;

	post_receipt(answer, r);
	if (answer->status == 429) {
		exhausted(answer, r);
		return;
	}
	if (!broke && answer->status >= 400 && answer->status < 500 &&
	    said->ours && !said->accepted) {
		receipt_set(r, RECEIPT_REJECTED, answer->status,
		    "status %d: %s", answer->status,
		    said->errors[0] ? said->errors : "refused without a word");
		return;
	}
	if (!broke && answer->status >= 200 && answer->status < 300)
		receipt_set(r, RECEIPT_RETRY, answer->status,
		    "status %d, but the answer is not Pushover's; check url",
		    answer->status);
	r->status = RECEIPT_RETRY; /* a proxy's word, not the service's */
	if (answer->status >= 500 && r->retry_after_ms < BUSY_MS)
		r->retry_after_ms = BUSY_MS;
}

static bool
took(const struct post_answer *answer, const struct pushover_answer *said)
{
	return answer->err.code == ERR_NONE && answer->status >= 200 &&
	       answer->status < 300 && said->ours && said->accepted;
}

void
pushover_receipt_sent(const struct post_answer *answer, struct receipt *r)
{
	struct pushover_answer said;
	char left[100];

	pushover_answer_read(&said, answer->body, answer->body_len);
	if (!took(answer, &said)) {
		refused(answer, &said, r);
		return;
	}
	quota(left, sizeof(left), answer);
	receipt_set(r, RECEIPT_DELIVERED, answer->status,
	    "queued as request %s%s%s", said.request,
	    said.receipt[0] ? ", rings until acknowledged" : "", left);
	str_copy(r->remote_id, sizeof(r->remote_id),
	    said.receipt[0] ? said.receipt : said.request);
	if (said.receipt[0] != '\0')
		r->poll_after_ms = POLL_MS;
}

/* The answer about a receipt: acknowledged, not yet, or never any more. */
void
pushover_receipt_polled(const struct post_answer *answer, struct receipt *r)
{
	struct pushover_answer said;

	pushover_answer_read(&said, answer->body, answer->body_len);
	if (!took(answer, &said)) {
		refused(answer, &said, r);
		if (r->status == RECEIPT_RETRY)
			r->poll_after_ms = r->retry_after_ms > POLL_MS
			                       ? r->retry_after_ms
			                       : POLL_MS;
		return;
	}
	receipt_set(r, RECEIPT_DELIVERED, answer->status, "%s",
	    said.acknowledged ? "acknowledged in the app"
	    : said.expired    ? "stopped ringing; nobody acknowledged it"
			      : "rings; nobody acknowledged it yet");
	if (said.acknowledged) /* whose key it was is a secret */
		str_copy(r->acknowledged_by, sizeof(r->acknowledged_by),
		    said.device[0] ? said.device : "somebody");
	else if (!said.expired)
		r->poll_after_ms = POLL_MS;
}

void
pushover_receipt_cancelled(const struct post_answer *answer, struct receipt *r)
{
	struct pushover_answer said;

	pushover_answer_read(&said, answer->body, answer->body_len);
	if (took(answer, &said))
		receipt_set(r, RECEIPT_DELIVERED, answer->status,
		    "does not ring any more");
	else
		refused(answer, &said, r);
}
