#include "alerting/backoff.h"

#include <stddef.h>

#define RETRY_AFTER_MAX_MS ((int64_t)3600 * 1000)
#define ATTEMPTS_MIN       10u /* even if the agent itself was down for a day */
#define JITTER_PERCENT     20

/* Seconds to wait after the first, second, … failure; the last one stays. */
static const int steps_s[] = {
    1, 2, 5, 10, 30, 60, 60, 60, 60, 60, 120, 240, 480, 600};

/* A well-mixed number from a seed and a counter (the finaliser of
 * SplitMix64): neighbouring deliveries must not retry in step. */
static uint64_t
mix(uint64_t seed, uint64_t counter)
{
	uint64_t z = seed + (counter + 1) * UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

int64_t
backoff_delay_ms(unsigned attempt, int64_t retry_after_ms, uint64_t seed)
{
	const size_t count = sizeof(steps_s) / sizeof(steps_s[0]);
	size_t step = attempt == 0 ? 0 : attempt - 1;
	int64_t base, spread, own, asked;

	base = (int64_t)steps_s[step < count ? step : count - 1] * 1000;
	spread = base * JITTER_PERCENT / 100;
	own = base - spread +
	      (int64_t)(mix(seed, attempt) % (uint64_t)(2 * spread + 1));
	if (retry_after_ms < 0)
		return own;
	asked = retry_after_ms < RETRY_AFTER_MAX_MS ? retry_after_ms
	                                            : RETRY_AFTER_MAX_MS;
	/* Never sooner than asked, and never sooner than we would ourselves:
	 * a server that always says "1 s" must not be asked all day long. */
	return asked > own ? asked : own;
}

bool
backoff_exhausted(unsigned attempt, int64_t first_ms, int64_t now_ms)
{
	return attempt >= ATTEMPTS_MIN &&
	       now_ms - first_ms >= BACKOFF_GIVE_UP_MS;
}
