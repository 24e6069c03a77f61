#include "agent/duty.h"

#include "base/clock.h"
#include "base/str.h"

/* Who stands behind the name: a person, or whoever has the rotation. */
static const struct config_person *
person_of(
    const struct config *c, const char *name, int64_t now_ms, int64_t *until_ms)
{
	const struct config_rotation *r = config_find_rotation(c, name);

	*until_ms = INT64_MAX;
	if (r == NULL)
		return config_find_person(c, name);
	return config_find_person(
	    c, rotation_on_call(r->rotation, now_ms, until_ms));
}

int
duty_resolve(const struct config *c, const char *name, int64_t now_ms,
    const char *const *channels, bool *chosen)
{
	int64_t until_ms;
	int place = str_index(channels, name);
	const struct config_person *p;

	if (place >= 0) {
		chosen[place] = true;
		return 0;
	}
	p = person_of(c, name, now_ms, &until_ms);
	if (p == NULL)
		return -1;
	for (size_t i = 0; i < p->notify.count; i++) {
		place = str_index(channels, p->notify.items[i]);
		if (place >= 0)
			chosen[place] = true;
	}
	return 0;
}

const char *
duty_text(char *dst, size_t size, const struct config *c, const char *name,
    int64_t now_ms)
{
	int64_t until_ms;
	const struct config_person *p = person_of(c, name, now_ms, &until_ms);
	char until[48] = "", at[32];

	if (p == NULL || str_eq(p->name, name)) {
		str_copy(dst, size, name);
		return dst;
	}
	if (until_ms != INT64_MAX) {
		clock_rfc3339(at, until_ms);
		str_printf(until, sizeof(until), " until %.10s %.5s UTC", at,
		    at + sizeof("2026-11-22"));
	}
	str_printf(dst, size, "%s (%s%s)", name, p->name, until);
	return dst;
}
