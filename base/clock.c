#include "base/clock.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/civil.h"

static const char day_names[] = "MonTueWedThuFriSatSun";
static const char month_names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

static struct {
	bool on;
	int64_t wall_ms, boot_ms;
} fake;

static int64_t
read_us(clockid_t id)
{
	struct timespec ts;

	/* cannot fail: both clocks exist on every kernel we run on */
	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

int64_t
clock_wall_ms(void)
{
	return fake.on ? fake.wall_ms : read_us(CLOCK_REALTIME) / 1000;
}

int64_t
clock_boot_ms(void)
{
	return fake.on ? fake.boot_ms : read_us(CLOCK_BOOTTIME) / 1000;
}

int64_t
clock_boot_us(void)
{
	return fake.on ? fake.boot_ms * 1000 : read_us(CLOCK_BOOTTIME);
}

void
clock_fake(int64_t wall_ms, int64_t boot_ms)
{
	fake.on = true;
	fake.wall_ms = wall_ms;
	fake.boot_ms = boot_ms;
}

void
clock_real(void)
{
	fake.on = false;
}

const char *
clock_rfc3339(char dst[32], int64_t wall_ms)
{
	struct civil c = civil_of(wall_ms);

	snprintf(dst, 32, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", c.year % 10000,
	    c.month, c.day, c.hour, c.minute, c.second, c.ms);
	return dst;
}

const char *
clock_rfc5322(char dst[40], int64_t wall_ms)
{
	struct civil c = civil_of(wall_ms);

	snprintf(dst, 40, "%.3s, %02d %.3s %04d %02d:%02d:%02d +0000",
	    day_names + 3 * c.weekday, c.day, month_names + 3 * (c.month - 1),
	    c.year % 10000, c.hour, c.minute, c.second);
	return dst;
}

/* Exactly `count` digits at *s, moving it past them. */
static int
read_number(const char **s, int count, int *out)
{
	int value = 0;

	for (int i = 0; i < count; i++, ++*s) {
		if (**s < '0' || **s > '9')
			return -1;
		value = value * 10 + (**s - '0');
	}
	*out = value;
	return 0;
}

static int
read_char(const char **s, const char *allowed)
{
	if (**s == '\0' || strchr(allowed, **s) == NULL)
		return -1;
	++*s;
	return 0;
}

/* "HH:MM:SS" */
static int
read_time(const char **s, struct civil *c)
{
	return read_number(s, 2, &c->hour) < 0 || read_char(s, ":") < 0 ||
	               read_number(s, 2, &c->minute) < 0 ||
	               read_char(s, ":") < 0 ||
	               read_number(s, 2, &c->second) < 0
	           ? -1
	           : 0;
}

/* ".5", ".123456": at least one digit, cut to milliseconds; may be absent. */
static int
read_fraction(const char **s, int *ms)
{
	int scale = 100;

	*ms = 0;
	if (**s != '.')
		return 0;
	++*s;
	if (**s < '0' || **s > '9')
		return -1;
	for (; **s >= '0' && **s <= '9'; ++*s, scale /= 10)
		*ms += (**s - '0') * scale;
	return 0;
}

/* "Z", "+02:00", "-00:30". */
static int
read_offset(const char **s, int64_t *offset_ms)
{
	int hours, minutes, sign = **s == '-' ? -1 : 1;

	*offset_ms = 0;
	if (read_char(s, "Zz") == 0)
		return 0;
	if (read_char(s, "+-") < 0 || read_number(s, 2, &hours) < 0 ||
	    read_char(s, ":") < 0 || read_number(s, 2, &minutes) < 0)
		return -1;
	if (hours > 23 || minutes > 59)
		return -1;
	*offset_ms = sign * (hours * 3600000LL + minutes * 60000LL);
	return 0;
}

int
clock_parse_rfc3339(const char *s, int64_t *wall_ms)
{
	struct civil c = {0};
	int64_t local_ms, offset_ms;

	if (read_number(&s, 4, &c.year) < 0 || read_char(&s, "-") < 0 ||
	    read_number(&s, 2, &c.month) < 0 || read_char(&s, "-") < 0 ||
	    read_number(&s, 2, &c.day) < 0 || read_char(&s, "Tt") < 0 ||
	    read_time(&s, &c) < 0 || read_fraction(&s, &c.ms) < 0 ||
	    read_offset(&s, &offset_ms) < 0 || *s != '\0')
		return -1;
	if (civil_to_ms(&c, &local_ms) < 0)
		return -1;
	*wall_ms = local_ms - offset_ms;
	return 0;
}

/* One of the three-letter names at *s: its number from 0, or -1. */
static int
read_name(const char **s, const char *names)
{
	for (int i = 0; names[3 * i] != '\0'; i++) {
		if (strncmp(*s, names + 3 * i, 3) == 0) {
			*s += 3;
			return i;
		}
	}
	return -1;
}

static int
read_word(const char **s, const char *word)
{
	size_t len = strlen(word);

	if (strncmp(*s, word, len) != 0)
		return -1;
	*s += len;
	return 0;
}

int
clock_parse_http(const char *s, int64_t *wall_ms)
{
	struct civil c = {0};

	if (read_name(&s, day_names) < 0 || read_word(&s, ", ") < 0 ||
	    read_number(&s, 2, &c.day) < 0 || read_char(&s, " ") < 0)
		return -1;
	c.month = read_name(&s, month_names) + 1;
	if (read_char(&s, " ") < 0 || read_number(&s, 4, &c.year) < 0 ||
	    read_char(&s, " ") < 0 || read_time(&s, &c) < 0 ||
	    read_word(&s, " GMT") < 0 || *s != '\0')
		return -1;
	return civil_to_ms(&c, wall_ms);
}
