/*
 * What one HTTP request through base/http.c costs in CPU, on a new connection
 * each time as probes make them: paced, and as fast as it goes.
 *
 *   http_floor URL [REQUESTS [PER_SECOND [AT_ONCE]]]
 *
 * PER_SECOND 0 keeps AT_ONCE requests under way all the time.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "base/http.h"
#include "base/str.h"

struct bench {
	struct loop *loop;
	struct http *http;
	struct http_request request;
	struct loop_timer *pace;
	int64_t wanted, per_second, at_once;
	int64_t started, finished, failed;
	int64_t began_us, latency_us;
};

static int64_t
cpu_us(void)
{
	struct rusage use;

	getrusage(RUSAGE_SELF, &use);
	return (use.ru_utime.tv_sec + use.ru_stime.tv_sec) * INT64_C(1000000) +
	       use.ru_utime.tv_usec + use.ru_stime.tv_usec;
}

static void start(struct bench *b);

static void
on_response(
    void *ctx, const struct http_response *response, const struct err *err)
{
	struct bench *b = ctx;

	if (err->code != ERR_NONE && b->failed++ == 0)
		fprintf(stderr, "first failure: %s\n", err->text);
	b->latency_us += response->timings.total_us;
	if (++b->finished == b->wanted)
		loop_stop(b->loop);
	else if (b->per_second == 0)
		start(b);
}

static void
start(struct bench *b)
{
	if (b->started == b->wanted)
		return;
	b->started++;
	http_start(b->http, &b->request, on_response, b);
}

/* Due times advance by k / rate, however late the loop is. */
static void
on_pace(void *ctx)
{
	struct bench *b = ctx;
	int64_t now_us = clock_boot_us() - b->began_us;

	while (b->started < b->wanted &&
	       b->started * 1000000 / b->per_second <= now_us)
		start(b);
	if (b->started < b->wanted)
		loop_timer_arm_us(
		    b->pace, b->started * 1000000 / b->per_second - now_us);
}

static void
run(struct bench *b, const char *name)
{
	struct rusage use;
	int64_t before_us = cpu_us(), took_us, spent_us;

	b->started = b->finished = b->failed = b->latency_us = 0;
	b->began_us = clock_boot_us();
	if (b->per_second > 0)
		on_pace(b);
	for (int64_t i = 0; b->per_second == 0 && i < b->at_once; i++)
		start(b);
	loop_run(b->loop);
	took_us = clock_boot_us() - b->began_us;
	spent_us = cpu_us() - before_us;
	getrusage(RUSAGE_SELF, &use);
	printf("%-8s %6lld requests, %lld failed, %7.0f/s, %6.1f us CPU each, "
	       "%6.0f us latency, max RSS %ld KiB\n",
	    name, (long long)b->wanted, (long long)b->failed,
	    (double)b->wanted * 1e6 / (double)took_us,
	    (double)spent_us / (double)b->wanted,
	    (double)b->latency_us / (double)b->wanted, use.ru_maxrss);
}

static int64_t
number(int argc, char **argv, int at, int64_t fallback)
{
	int64_t n = fallback;

	if (argc > at && str_parse_i64(argv[at], 0, 100000000, &n) < 0) {
		fprintf(stderr, "\"%s\" is not a number\n", argv[at]);
		exit(2);
	}
	return n;
}

int
main(int argc, char **argv)
{
	struct bench b = {.loop = loop_new()};
	struct resolver *resolver = NULL;
	struct err err = ERR_INIT;

	if (argc < 2) {
		fprintf(stderr, "usage: http_floor URL [REQUESTS [PER_SECOND "
				"[AT_ONCE]]]\n");
		return 2;
	}
	b.wanted = number(argc, argv, 2, 20000);
	b.per_second = number(argc, argv, 3, 1000);
	b.at_once = number(argc, argv, 4, 100);
	b.request = (struct http_request){
	    .url = argv[1],
	    .timeout_ms = 10000,
	    .max_body = 1024 * 1024,
	    .fresh = true,
	    .tls_unverified = true,
	};
	if (resolver_new(&resolver, b.loop, NULL, &err) < 0 ||
	    http_new(&b.http, b.loop, resolver, &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	b.pace = loop_timer_new(b.loop, on_pace, &b);
	run(&b, b.per_second > 0 ? "paced" : "full");
	loop_timer_free(b.pace);
	http_free(b.http);
	resolver_free(resolver);
	loop_free(b.loop);
	return b.failed > 0;
}
