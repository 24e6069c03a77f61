/*
 * What the state costs: CPU per observation, bytes on disk, how long a slice
 * of housekeeping holds the core up.
 *
 *   bench_store [FOLDER [PROBES [DAYS]]]
 *
 * The second part simulates PROBES probes every 30 s for DAYS days through the
 * real calls on a virtual clock (100 and 90 unless told otherwise).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/str.h"
#include "state/store.h"

#define MINUTE INT64_C(60000)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)
#define START  (INT64_C(20780) * DAY)

static const struct store_retention keep = {
    .raw_ms = DAY, .hourly_ms = 14 * DAY, .daily_ms = 400 * DAY};

static char path[256];
static struct err err;

static void
must(int result)
{
	if (result == 0)
		return;
	fprintf(stderr, "bench_store: %s\n", err.text);
	exit(1);
}

static double
seconds(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
clean(void)
{
	static const char *const ends[] = {"", "-wal", ".lock"};
	char name[300];

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		str_printf(name, sizeof(name), "%s%s", path, ends[i]);
		unlink(name);
	}
}

static struct store *
fresh(void)
{
	char url[300];
	struct store *s;

	clean();
	str_printf(url, sizeof(url), "sqlite:%s", path);
	must(store_open(&s, url, &err));
	return s;
}

static uint64_t seed = 88172645463325252u;

static uint64_t
next_random(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

/* A site's own usual latency, with a spread and now and then a slow one. */
static int64_t
latency_us(int probe)
{
	int64_t usual = 5000 + probe * 7919 % 80000;
	uint64_t luck = next_random() % 1000;

	return usual + (int64_t)(next_random() % (uint64_t)(usual / 2)) +
	       (luck < 5 ? usual * 10 : 0);
}

static void
observe(struct store *s, int probe, int64_t at_ms)
{
	char name[32];
	struct observation_row row = {
	    name, "here", at_ms, OUTCOME_OK, latency_us(probe), NULL};

	str_printf(name, sizeof(name), "probe-%d", probe);
	if (next_random() % 2000 == 0) {
		row.outcome = OUTCOME_FAILED;
		row.detail = "{\"outcome\":\"failed\",\"reason\":\"connect to "
			     "192.0.2.7:443 refused after 0.8 ms\"}";
	}
	must(store_put_observation(s, &row, &err));
}

static void
remember(struct store *s, int probe, int64_t at_ms)
{
	static char verdict[250], last[450];
	char name[32];
	struct probe_row row = {name, "uptime", "https://portal.example.org/",
	    verdict, NULL, last, at_ms};

	memset(verdict, 'v', sizeof(verdict) - 1);
	memset(last, 'l', sizeof(last) - 1);
	str_printf(name, sizeof(name), "probe-%d", probe);
	must(store_put_probe(s, &row, &err));
}

/* ---- CPU of writing ---- */

static void
measure_puts(int probes, int batch, int total, int with_probe)
{
	struct store *s = fresh();
	double cpu = 0, wall = 0;

	/* Half of it to warm up: every name is known, the log has its size. */
	for (int i = -total; i < total; i++) {
		if (i == 0) {
			cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
			wall = seconds(CLOCK_MONOTONIC);
		}
		if ((i + total) % batch == 0)
			must(store_begin(s, &err));
		observe(s, (i + total) % probes, START + i);
		if (with_probe)
			remember(
			    s, (int)(next_random() % (unsigned)probes), START);
		if ((i + total) % batch == batch - 1 || i == total - 1)
			must(store_commit(s, &err));
	}
	cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	wall = seconds(CLOCK_MONOTONIC) - wall;
	printf("  %5d probes  batch %3d  %-22s %6.1f us CPU  %7.1f us wall\n",
	    probes, batch, with_probe ? "observation + probe" : "observation",
	    cpu * 1e6 / total, wall * 1e6 / total);
	store_close(s);
}

/* ---- slices of housekeeping ---- */

struct slices {
	unsigned count;
	double cpu, worst_cpu, worst_wall;
	double over_20ms;
};

static void
tidy(struct store *s, int64_t now_ms, struct slices *t)
{
	bool more = true;

	while (more) {
		double cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
		double wall = seconds(CLOCK_MONOTONIC);

		must(store_tidy(s, &keep, now_ms, &more, &err));
		cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
		wall = seconds(CLOCK_MONOTONIC) - wall;
		t->count++;
		t->cpu += cpu;
		if (cpu > t->worst_cpu)
			t->worst_cpu = cpu;
		if (wall > t->worst_wall)
			t->worst_wall = wall;
		t->over_20ms += wall > 0.02;
	}
}

static void
show_slices(const struct slices *t, double observations)
{
	printf("  tidy: %u slices, %.2f us CPU per observation, worst %.1f ms "
	       "CPU, %.1f ms wall, %.2f %% over 20 ms\n",
	    t->count, t->cpu * 1e6 / observations, t->worst_cpu * 1e3,
	    t->worst_wall * 1e3, t->over_20ms * 100 / t->count);
}

/* One transaction each 50 ms or 500 rows, tidied once a minute. */
static double
live(struct store *s, int probes, int64_t every_ms, int64_t from_ms,
    int64_t to_ms, struct slices *t)
{
	double rows = 0, cpu = 0;

	for (int64_t at = from_ms; at < to_ms; at += MINUTE) {
		double before = seconds(CLOCK_PROCESS_CPUTIME_ID);
		int in_batch = 0;

		for (int64_t beat = at; beat < at + MINUTE; beat += every_ms) {
			for (int p = 0; p < probes; p++, rows++) {
				if (in_batch++ == 0)
					must(store_begin(s, &err));
				observe(s, p,
				    beat + p * every_ms / probes +
					(int64_t)(next_random() % 3));
				if (in_batch == 500) {
					must(store_commit(s, &err));
					in_batch = 0;
				}
			}
		}
		if (in_batch > 0)
			must(store_commit(s, &err));
		cpu += seconds(CLOCK_PROCESS_CPUTIME_ID) - before;
		tidy(s, at + MINUTE, t);
	}
	return cpu * 1e6 / rows;
}

static void
measure_slices(int probes, int64_t every_ms, int64_t span_ms)
{
	struct store *s = fresh();
	struct slices t = {0};
	struct rusage usage;
	double put;

	printf("%d probes every %lld s for %lld min\n", probes,
	    (long long)every_ms / 1000, (long long)(span_ms / MINUTE));
	put = live(s, probes, every_ms, START, START + span_ms, &t);
	tidy(s, START + span_ms + 30 * MINUTE, &t);
	printf("  put:  %.2f us CPU per observation\n", put);
	show_slices(&t, (double)probes * (double)span_ms / (double)every_ms);
	getrusage(RUSAGE_SELF, &usage);
	printf("  peak resident set: %ld KiB\n", usage.ru_maxrss);
	store_close(s);
}

/* ---- reading ---- */

static int
count_row(void *ctx, const struct history_row *row)
{
	(void)row;
	++*(int *)ctx;
	return 0;
}

static void
measure_reads(struct store *s, int64_t now_ms)
{
	static const struct {
		const char *name;
		enum history_step step;
		int64_t back_ms;
	} reads[] = {
	    {"single runs of an hour", HISTORY_RAW, HOUR},
	    {"single runs of a day", HISTORY_RAW, DAY},
	    {"hours of a day", HISTORY_HOUR, DAY},
	    {"hours of 14 days", HISTORY_HOUR, 14 * DAY},
	    {"days of 90 days", HISTORY_DAY, 90 * DAY},
	};

	for (size_t i = 0; i < sizeof(reads) / sizeof(reads[0]); i++) {
		double wall = seconds(CLOCK_MONOTONIC);
		int rows = 0;

		must(store_each_history(s, "probe-17", "here", reads[i].step,
		    now_ms - reads[i].back_ms, now_ms, count_row, &rows, &err));
		wall = seconds(CLOCK_MONOTONIC) - wall;
		printf("  %-24s %5d rows %8.2f ms\n", reads[i].name, rows,
		    wall * 1e3);
	}
}

static struct store *
measure_open(struct store *s)
{
	char url[300];
	double wall;

	store_close(s);
	str_printf(url, sizeof(url), "sqlite:%s", path);
	wall = seconds(CLOCK_MONOTONIC);
	must(store_open(&s, url, &err));
	printf("  opened and checked in %.0f ms, %.1f MB\n",
	    (seconds(CLOCK_MONOTONIC) - wall) * 1e3,
	    (double)store_size(s) / 1e6);
	return s;
}

/* ---- bytes on disk ---- */

static void
measure_size(int probes, int days)
{
	struct store *s = fresh();
	struct slices t = {0};
	double rows = (double)probes * 2880 * days;

	printf("%d probes every 30 s for %d days, kept 1 d raw, 14 d hourly, "
	       "400 d daily\n",
	    probes, days);
	for (int day = 1; day <= days; day++) {
		int64_t at = START + (day - 1) * DAY;

		live(s, probes, 30000, at, at + DAY, &t);
		if (day == 1 || day == 2 || day == 15 || day % 30 == 0)
			printf("  day %3d: %8.2f MB (%.1f KB a probe)\n", day,
			    (double)store_size(s) / 1e6,
			    (double)store_size(s) / 1e3 / probes);
		fflush(stdout);
	}
	show_slices(&t, rows);
	measure_reads(s, START + days * DAY);
	store_close(measure_open(s));
}

int
main(int argc, char **argv)
{
	int64_t probes = 100, days = 90;

	if ((argc > 2 && str_parse_i64(argv[2], 1, 100000, &probes) != 0) ||
	    (argc > 3 && str_parse_i64(argv[3], 1, 1000, &days) != 0)) {
		fprintf(
		    stderr, "usage: bench_store [FOLDER [PROBES [DAYS]]]\n");
		return 2;
	}
	str_printf(path, sizeof(path), "%s/tocsin-bench-%ld.db",
	    argc > 1 ? argv[1] : "/tmp", (long)getpid());
	printf("per observation\n");
	for (int with_probe = 0; with_probe < 2; with_probe++) {
		measure_puts(1000, 1, 2000, with_probe);
		measure_puts(1000, 20, 20000, with_probe);
		measure_puts(1000, 500, 100000, with_probe);
		measure_puts(10000, 500, 100000, with_probe);
	}
	measure_slices(1000, 30000, 130 * MINUTE);
	measure_slices(10000, 5000, 10 * MINUTE);
	measure_size((int)probes, (int)days);
	clean();
	return 0;
}
