/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TESTS_UNIT_GET_WORLD_H
#define TESTS_UNIT_GET_WORLD_H

#include "redis/get.h"
#include "redis_fixture.h"

/* Three sensors over four days and the turn of a quarter, in a server of their own and as the snapshots that they were
 * made of. Days begin at 15:00 UTC. */

enum { WORLD_SENSORS = 3 };

/* 2022-09-28 15:00 UTC; the quarter ends two days later. */
#define WORLD_BEGIN  INT64_C(1664377200)
#define WORLD_DAY_S  INT64_C(86400)
#define WORLD_HOUR_S INT64_C(3600)
#define WORLD_TURN   (WORLD_BEGIN + 2 * WORLD_DAY_S)

extern const char *const world_sensor[WORLD_SENSORS];

/* Sensor b has nothing on this day, counted from 0. */
#define WORLD_GAP_DAY 1

struct world {
	struct fixture *fixture;
	struct world_interval {
		uint32_t sensor;
		struct nt_snapshot s;
	} * interval;
	size_t n;
	struct nt_get *get;
	struct nt_get_sensors sensors;
};

/* cmocka's, for a group of tests: the state is the world. With sets that are cut, and with sets that hardly are. */
int world_set_up(void **state);
int world_set_up_cut(void **state);
int world_tear_down(void **state);

/* Members and packets of a set from the intervals of some sensors (a bit each) in a span, sorted by name. */
struct numbers world_numbers(const struct world *w, unsigned int sensors, struct nt_span span, enum nt_redis_key key,
			     const char *part);

/* Intervals in a span. */
uint64_t world_intervals(const struct world *w, unsigned int sensors, struct nt_span span);

/* Of when the oldest and the newest of their region databases are. */
struct nt_span world_geo(const struct world *w, unsigned int sensors, struct nt_span span);

/* Union of the sketches of a name. */
uint64_t world_unique(const struct world *w, unsigned int sensors, struct nt_span span, const char *name);

/* Of those that are told one by one, how many different ones there are. */
uint64_t world_hosts(const struct world *w, unsigned int sensors, struct nt_span span, const char *name);

/* What is asked of the world: ranges of all kinds, and every set. */
struct question {
	struct nt_span range;
	enum nt_bucket finest;
	unsigned int sensors; /* a bit each */
};

enum { WORLD_QUESTIONS = 7, WORLD_SETS = 13 };

extern const struct question world_question[WORLD_QUESTIONS];
extern const struct nt_get_set world_set[WORLD_SETS];

/* All four days. */
extern const struct nt_span world_days;

#define ALL_THREE 7u

/* Fails the test with the reader's reason if there is a failure. */
void answered(const struct world *w, int err);

/* Those of the world's sensors that have a bit. */
struct nt_get_sensors world_some(const struct world *w, unsigned int sensors);

#endif
