#include "base/zone.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/check.h"
#include "base/civil.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"

#define ZONES   "/usr/share/zoneinfo"
#define FIRST_S 1577836800LL /* 2020-01-01T00:00:00Z */
#define LAST_S  2871763200LL /* 2061-01-01T00:00:00Z */
/* Offsets that last less than this could be overlooked. The shortest there is,
 * Morocco's Ramadan, lasts four weeks. */
#define STEP_S      (7 * 86400LL)
#define CHANGES_MAX 400 /* Morocco has 164 */
#define NAMES_MAX   2000
#define DEPTH_MAX   3 /* America/Argentina/Salta */

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define NAMED   LETTERS "0123456789_+-/"

struct change {
	int64_t at_s; /* from here on */
	int32_t offset_s;
};

struct zone {
	char name[ZONE_NAME_MAX + 1];
	size_t count;
	struct change changes[]; /* the first holds since ever */
};

/* Configurations name the same zone often, and asking takes milliseconds: the
 * last tables are kept as long as their files stay the same. */
#define KEPT 4
static struct kept {
	struct stat file;
	struct zone *zone;
} kept[KEPT];
static unsigned kept_next;

struct names { /* NULL-ended */
	char **items;
	size_t count;
};

static int32_t
offset_at(int64_t at_s)
{
	time_t t = (time_t)at_s;
	struct tm tm;

	CHECK(localtime_r(&t, &tm) != NULL);
	return (int32_t)tm.tm_gmtoff;
}

/* Of two moments with different offsets: the first with the later one's. */
static int64_t
bisect(int64_t low, int64_t high)
{
	int32_t before = offset_at(low);

	while (high - low > 1) {
		int64_t middle = low + (high - low) / 2;

		if (offset_at(middle) == before)
			low = middle;
		else
			high = middle;
	}
	return high;
}

static size_t
find_changes(struct change changes[CHANGES_MAX])
{
	size_t count = 1;

	changes[0] = (struct change){INT64_MIN, offset_at(FIRST_S)};
	for (int64_t at_s = FIRST_S; at_s < LAST_S; at_s += STEP_S) {
		int32_t next = offset_at(at_s + STEP_S);

		if (next == changes[count - 1].offset_s)
			continue;
		CHECK(count < CHANGES_MAX);
		changes[count++] =
		    (struct change){bisect(at_s, at_s + STEP_S), next};
	}
	return count;
}

static struct zone *
make(const char *name, const struct change *changes, size_t count)
{
	struct zone *z = mem_alloc(sizeof(*z) + count * sizeof(*changes));

	str_copy(z->name, sizeof(z->name), name);
	z->count = count;
	memcpy(z->changes, changes, count * sizeof(*changes));
	return z;
}

/* `tz` as the environment has it; NULL = as it is. */
static struct zone *
ask_libc(const char *name, const char *tz)
{
	struct change changes[CHANGES_MAX];
	const char *set = getenv("TZ");
	char *old = set != NULL ? mem_strdup(set) : NULL;
	struct zone *z;

	if (tz != NULL)
		setenv("TZ", tz, 1);
	tzset();
	z = make(name, changes, find_changes(changes));
	if (old != NULL)
		setenv("TZ", old, 1);
	else
		unsetenv("TZ");
	tzset();
	free(old);
	return z;
}

static bool
is_zone_file(const char *path, struct stat *st)
{
	char head[4];
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t n;

	if (fd < 0)
		return false;
	n = read(fd, head, sizeof(head));
	if (fstat(fd, st) != 0)
		n = -1;
	close(fd);
	return n == (ssize_t)sizeof(head) &&
	       memcmp(head, "TZif", sizeof(head)) == 0;
}

static bool
same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino &&
	       a->st_size == b->st_size && a->st_mtime == b->st_mtime;
}

static struct zone *
from_file(const char *name, const char *tz, const struct stat *st)
{
	struct kept *k;

	for (k = kept; k < kept + KEPT; k++)
		if (k->zone != NULL && same_file(&k->file, st))
			return make(name, k->zone->changes, k->zone->count);
	k = &kept[kept_next++ % KEPT];
	zone_free(k->zone);
	*k = (struct kept){*st, ask_libc(name, tz)};
	return make(name, k->zone->changes, k->zone->count);
}

/* Without TZ it is a file like others. */
static struct zone *
local_zone(const char *name)
{
	static const char path[] = "/etc/localtime";
	struct stat st;

	if (getenv("TZ") == NULL && is_zone_file(path, &st))
		return from_file(name, ":/etc/localtime", &st);
	return ask_libc(name, NULL);
}

static void
collect(struct names *names, const char *folder, const char *prefix, int depth)
{
	DIR *dir = opendir(folder);
	const struct dirent *e;

	if (dir == NULL)
		return;
	while ((e = readdir(dir)) != NULL && names->count < NAMES_MAX) {
		char *path, *name;

		/* posix/ and right/ repeat all names */
		if (e->d_name[strspn(e->d_name, NAMED)] != '\0' ||
		    str_eq(e->d_name, "posix") || str_eq(e->d_name, "right"))
			continue;
		path = mem_printf("%s/%s", folder, e->d_name);
		name = mem_printf("%s%s", prefix, e->d_name);
		if (e->d_type != DT_DIR) {
			names->items[names->count++] = mem_strdup(name);
		} else if (depth < DEPTH_MAX) {
			char *inner = mem_printf("%s/", name);

			collect(names, path, inner, depth + 1);
			free(inner);
		}
		free(path);
		free(name);
	}
	closedir(dir);
}

/* "Berlin" and "europe/berlin" mean Europe/Berlin. */
static const char *
same_city(const struct names *names, const char *name)
{
	for (size_t i = 0; i < names->count; i++) {
		const char *slash = strrchr(names->items[i], '/');

		if (strcasecmp(names->items[i], name) == 0 ||
		    (slash != NULL && strcasecmp(slash + 1, name) == 0))
			return names->items[i];
	}
	return NULL;
}

static int
unknown(const char *name, struct err *err)
{
	struct names names = {mem_array(NAMES_MAX + 1, sizeof(char *)), 0};
	const char *near;
	char shown[ZONE_NAME_MAX + 1];

	str_printable(shown, sizeof(shown), name, strlen(name));
	collect(&names, ZONES, "", 1);
	near = same_city(&names, name);
	if (near == NULL)
		near = str_nearest((const char *const *)names.items, name);
	if (names.count == 0)
		err_set(err, ERR_CONFIG,
		    "the time zone %s cannot be looked up: there is nothing "
		    "in " ZONES "; install the package tzdata",
		    shown);
	else
		err_set(err, ERR_CONFIG, "there is no time zone %s%s%s%s",
		    shown, near != NULL ? "; did you mean " : "",
		    near != NULL ? near : " (Europe/Berlin is one)",
		    near != NULL ? "?" : "");
	for (size_t i = 0; i < names.count; i++)
		free(names.items[i]);
	free(names.items);
	return -1;
}

int
zone_new(struct zone **out, const char *name, struct err *err)
{
	static const struct change utc = {INT64_MIN, 0};
	char path[sizeof(ZONES) + 1 + ZONE_NAME_MAX + 1];
	struct stat st;

	*out = NULL;
	if (str_eq(name, "UTC"))
		*out = make(name, &utc, 1);
	else if (str_eq(name, "local"))
		*out = local_zone(name);
	if (*out != NULL)
		return 0;
	/* Without dots there is no way out of the folder. */
	if (name[strspn(name, NAMED)] != '\0' || *name == '/' ||
	    str_printf(path, sizeof(path), ":%s/%s", ZONES, name) < 0 ||
	    !is_zone_file(path + 1, &st))
		return unknown(name, err);
	*out = from_file(name, path, &st);
	return 0;
}

void
zone_free(struct zone *z)
{
	free(z);
}

const char *
zone_name(const struct zone *z)
{
	return z->name;
}

/* The last change at or before. */
static size_t
find(const struct zone *z, int64_t at_s)
{
	size_t low = 0, high = z->count;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (z->changes[middle].at_s <= at_s)
			low = middle;
		else
			high = middle;
	}
	return low;
}

static int64_t
floor_s(int64_t ms)
{
	return ms / 1000 - (ms % 1000 < 0);
}

int32_t
zone_offset_s(const struct zone *z, int64_t utc_ms)
{
	return z->changes[find(z, floor_s(utc_ms))].offset_s;
}

int64_t
zone_local_ms(const struct zone *z, int64_t utc_ms)
{
	return utc_ms + zone_offset_s(z, utc_ms) * 1000LL;
}

int64_t
zone_utc_ms(const struct zone *z, int64_t local_ms)
{
	/* No offset is more than a day, so it is not before this one. */
	size_t i = find(z, floor_s(local_ms) - 86400);

	for (; i + 1 < z->count; i++) {
		int64_t end_ms = z->changes[i + 1].at_s * 1000;
		int64_t utc_ms = local_ms - z->changes[i].offset_s * 1000LL;

		if (utc_ms < end_ms)
			return utc_ms;
		if (local_ms < end_ms + z->changes[i + 1].offset_s * 1000LL)
			return end_ms; /* in the gap */
	}
	return local_ms - z->changes[i].offset_s * 1000LL;
}

static int
parse_local(const struct zone *z, const char *text, int64_t *utc_ms)
{
	struct civil date, time = {.hour = 0};
	int64_t ms;

	if (civil_read_date(&text, &date) < 0 || (*text != ' ' && *text != 'T'))
		return -1;
	text++;
	if (civil_read_time(&text, &time) < 0 || *text != '\0' ||
	    civil_to_ms(&date, &ms) < 0)
		return -1;
	*utc_ms = zone_utc_ms(z, ms + (time.hour * 60 + time.minute) * 60000LL);
	return 0;
}

int
zone_parse(
    const struct zone *z, const char *text, int64_t *utc_ms, struct err *err)
{
	char shown[40];

	str_printable(shown, sizeof(shown), text, strlen(text));
	if (parse_local(z, text, utc_ms) < 0 &&
	    clock_parse_rfc3339(text, utc_ms) < 0)
		return err_set(err, ERR_INPUT,
		    "\"%s\" is no date and time; write 2026-12-24 18:00, or "
		    "2026-12-24T18:00:00+01:00",
		    shown);
	if (*utc_ms < FIRST_S * 1000 || *utc_ms >= LAST_S * 1000)
		return err_set(err, ERR_INPUT,
		    "\"%s\" is not between the years 2020 and 2060", shown);
	return 0;
}
