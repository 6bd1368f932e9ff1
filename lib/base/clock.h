/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_BASE_CLOCK_H
#define NT_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

#define NT_SECOND_NS 1000000000u

/** A moment in UTC. Wide enough for whatever a capture file claims. */
struct nt_time {
	int64_t s;   /**< Unix seconds */
	uint32_t ns; /**< 0..999,999,999 */
};

/** Start of the interval of `length_s` seconds that holds `s`; aligned to multiples of its length in UTC. */
static inline int64_t nt_interval_start(int64_t s, int64_t length_s)
{
	int64_t into = s % length_s;

	return s - (into < 0 ? into + length_s : into);
}

/** Negative, zero or positive as a is before, at or after b. */
static inline int nt_time_compare(struct nt_time a, struct nt_time b)
{
	if (a.s != b.s)
		return a.s < b.s ? -1 : 1;
	return (a.ns > b.ns) - (a.ns < b.ns);
}

/** Seconds of Unix nanoseconds, rounded down, before 1970 too. */
static inline int64_t nt_seconds_of_ns(int64_t ns)
{
	const int64_t second = NT_SECOND_NS;

	return ns / second - (ns % second < 0);
}

/** Unix nanoseconds of a moment; the nearest there are for one that 64 bits do not hold (1677 to 2262). */
static inline int64_t nt_time_ns(struct nt_time t)
{
	const int64_t second = NT_SECOND_NS;

	if (t.s >= INT64_MAX / second)
		return INT64_MAX;
	if (t.s <= INT64_MIN / second)
		return INT64_MIN;
	return t.s * second + t.ns;
}

static inline struct nt_time nt_clock_read(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (struct nt_time){.s = t.tv_sec, .ns = (uint32_t)t.tv_nsec};
}

/** Wall clock. */
static inline struct nt_time nt_clock_now(void)
{
	return nt_clock_read(CLOCK_REALTIME);
}

/** Nanoseconds of a clock that never jumps. */
static inline uint64_t nt_clock_monotonic_ns(void)
{
	struct nt_time t = nt_clock_read(CLOCK_MONOTONIC);

	return (uint64_t)t.s * NT_SECOND_NS + t.ns;
}

/** Gives the core away for at least `ns` nanoseconds; an early wake-up is fine to every caller. */
static inline void nt_clock_nap(uint32_t ns)
{
	struct timespec t = {.tv_nsec = (long)ns};

	nanosleep(&t, NULL);
}

#endif
