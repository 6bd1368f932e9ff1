/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "detect/detector.h"
#include "detect_fixture.h"

#include <errno.h>

/*
 * The frame alone: the detectors here are stand-ins, all alike, which say what they were asked.
 */

enum { DOS, FIXED_TOOL, SURGE, SCANNER, SENSOR, DETECTORS };

static struct {
	uint32_t made, released, intervals, finishes;
	int fails; /* what new() sets errno to, or interval() and finish() return */
	bool fails_new;
	int64_t tells[4]; /* start of events of each turn; 0: none */
} stand_in[DETECTORS];

static int64_t geo_s[2];

static void *make(int who)
{
	if (stand_in[who].fails_new) {
		errno = stand_in[who].fails;
		return NULL;
	}
	stand_in[who].made++;
	return &stand_in[who];
}

static int turn(int who, struct nt_snapshot *s)
{
	for (uint32_t i = 0; i < 4; i++) {
		struct nt_about about = {.type = (enum nt_event_type)who,
					 .start_s = stand_in[who].tells[i],
					 .end_s = stand_in[who].tells[i] + 1,
					 .region = i % 2 ? nt_region_index("JP", 2) : NT_DETECT_NO_REGION,
					 .source = i == 2 ? "192.0.2.1" : ""};

		if (about.start_s != 0)
			assert_int_equal(nt_detect_tell(s, &about, json_pack("{s:i}", "i", (int)i)), 0);
	}
	return stand_in[who].fails;
}

#define STAND_IN(type, who)                                                                                            \
	void nt_##type##_free(struct nt_##type *d)                                                                     \
	{                                                                                                              \
		assert_ptr_equal(d, &stand_in[who]);                                                                   \
		stand_in[who].released++;                                                                              \
	}                                                                                                              \
	int nt_##type##_interval(struct nt_##type *d, struct nt_snapshot *s)                                           \
	{                                                                                                              \
		assert_ptr_equal(d, &stand_in[who]);                                                                   \
		stand_in[who].intervals++;                                                                             \
		return turn(who, s);                                                                                   \
	}                                                                                                              \
	int nt_##type##_finish(struct nt_##type *d, struct nt_snapshot *s)                                             \
	{                                                                                                              \
		assert_ptr_equal(d, &stand_in[who]);                                                                   \
		stand_in[who].finishes++;                                                                              \
		return turn(who, s);                                                                                   \
	}                                                                                                              \
	uint64_t nt_##type##_dropped(const struct nt_##type *d)                                                        \
	{                                                                                                              \
		assert_ptr_equal(d, &stand_in[who]);                                                                   \
		return 100 + who;                                                                                      \
	}

#define STAND_IN_NEW(type, who)                                                                                        \
	struct nt_##type *nt_##type##_new(const struct nt_detect_options *options)                                     \
	{                                                                                                              \
		(void)options;                                                                                         \
		return make(who);                                                                                      \
	}

STAND_IN(dos, DOS)
STAND_IN(fixed_tool, FIXED_TOOL)
STAND_IN(surge, SURGE)
STAND_IN(scanner, SCANNER)
STAND_IN(sensor_health, SENSOR)
STAND_IN_NEW(dos, DOS)
STAND_IN_NEW(fixed_tool, FIXED_TOOL)
STAND_IN_NEW(surge, SURGE)
STAND_IN_NEW(sensor_health, SENSOR)

struct nt_scanner *nt_scanner_new(const struct nt_detect_options *options, char why[static NT_DETECT_WHY])
{
	struct nt_scanner *d = make(SCANNER);

	(void)options;
	if (d == NULL)
		strcpy(why, "known.txt:3: not a prefix");
	return d;
}

void nt_sensor_health_set_geo(struct nt_sensor_health *d, int64_t country_build_s, int64_t asn_build_s)
{
	assert_ptr_equal(d, &stand_in[SENSOR]);
	geo_s[0] = country_build_s;
	geo_s[1] = asn_build_s;
}

static const struct nt_detect_options all = {.dos = {.enabled = true},
					     .fixed_tool = {.enabled = true},
					     .surge = {.enabled = true},
					     .scanner = {.enabled = true},
					     .sensor = {.enabled = true}};

static int set_up(void **state)
{
	(void)state;
	memset(stand_in, 0, sizeof(stand_in));
	memset(geo_s, 0, sizeof(geo_s));
	return 0;
}

static void test_everyone_has_a_turn(void **state)
{
	char why[NT_DETECT_WHY];
	struct nt_detect *d = nt_detect_new(&all, why);
	struct nt_detect_dropped dropped;
	struct nt_snapshot s;

	(void)state;
	assert_non_null(d);
	nt_snapshot_init(&s);
	stand_in[DOS].fails = -ENOMEM; /* the others must not miss the interval for that */
	assert_int_equal(nt_detect_interval(d, &s), -ENOMEM);
	assert_int_equal(nt_detect_finish(d, &s), -ENOMEM);
	stand_in[DOS].fails = 0;
	assert_int_equal(nt_detect_interval(d, &s), 0);
	nt_detect_set_geo(d, 5, 6);
	assert_int_equal(geo_s[0], 5);
	assert_int_equal(geo_s[1], 6);
	nt_detect_read_dropped(d, &dropped);
	assert_int_equal(dropped.victims, 100 + DOS);
	assert_int_equal(dropped.groups, 100 + FIXED_TOOL);
	assert_int_equal(dropped.series, 100 + SURGE);
	assert_int_equal(dropped.sources, 100 + SCANNER);
	nt_detect_free(d);
	for (uint32_t i = 0; i < DETECTORS; i++) {
		assert_int_equal(stand_in[i].made, 1);
		assert_int_equal(stand_in[i].intervals, 2);
		assert_int_equal(stand_in[i].finishes, 1);
		assert_int_equal(stand_in[i].released, 1);
	}
	nt_snapshot_fini(&s);
	nt_detect_free(NULL);
}

static void test_switched_off(void **state)
{
	struct nt_detect_options none = {.addresses = 1};
	char why[NT_DETECT_WHY];
	struct nt_detect *d = nt_detect_new(&none, why);
	struct nt_detect_dropped dropped;
	struct nt_snapshot s;

	(void)state;
	assert_non_null(d);
	nt_snapshot_init(&s);
	assert_int_equal(nt_detect_interval(d, &s), 0);
	assert_int_equal(nt_detect_finish(d, &s), 0);
	nt_detect_set_geo(d, 5, 6);
	nt_detect_read_dropped(d, &dropped);
	assert_int_equal(dropped.victims + dropped.groups + dropped.series + dropped.sources, 0);
	nt_detect_free(d);
	for (uint32_t i = 0; i < DETECTORS; i++)
		assert_int_equal(stand_in[i].made + stand_in[i].intervals + stand_in[i].released, 0);
	nt_snapshot_fini(&s);
}

static void test_reasons(void **state)
{
	char why[NT_DETECT_WHY];

	(void)state;
	stand_in[SCANNER].fails_new = true;
	stand_in[SCANNER].fails = EINVAL;
	errno = 0;
	assert_null(nt_detect_new(&all, why));
	assert_int_equal(errno, EINVAL);
	assert_string_equal(why, "known.txt:3: not a prefix");
	assert_int_equal(stand_in[DOS].released, 1);
	assert_int_equal(stand_in[SENSOR].made, 0);
	stand_in[SURGE].fails_new = true;
	stand_in[SURGE].fails = ENOMEM;
	assert_null(nt_detect_new(&all, why));
	assert_int_equal(errno, ENOMEM);
	assert_non_null(strstr(why, "detect.surge"));
}

/* By start, then type, then subject; events that were there before stay in front. */
static void test_order(void **state)
{
	static const struct {
		int64_t start_s;
		int type;
		const char *source, *region;
	} expected[] = {{50, SURGE, "", ""},	    {10, DOS, "", "JP"},      {10, DOS, "192.0.2.1", ""},
			{10, SENSOR, "", ""},	    {20, FIXED_TOOL, "", ""}, {20, FIXED_TOOL, "", "JP"},
			{20, FIXED_TOOL, "", "JP"}, {30, DOS, "", ""}};
	struct nt_about before = {.type = NT_EVENT_SURGE, .start_s = 50, .region = NT_DETECT_NO_REGION, .source = ""};
	char why[NT_DETECT_WHY];
	struct nt_detect *d = nt_detect_new(&all, why);
	struct nt_snapshot s;

	(void)state;
	assert_non_null(d);
	nt_snapshot_init(&s);
	assert_int_equal(nt_detect_tell(&s, &before, json_object()), 0);
	memcpy(stand_in[DOS].tells, (int64_t[4]){30, 10, 10, 0}, sizeof(stand_in[0].tells));
	memcpy(stand_in[FIXED_TOOL].tells, (int64_t[4]){20, 20, 0, 20}, sizeof(stand_in[0].tells));
	stand_in[SENSOR].tells[0] = 10;
	assert_int_equal(nt_detect_interval(d, &s), 0);
	assert_int_equal(s.n_events, 8);
	for (uint32_t i = 0; i < 8; i++) {
		assert_int_equal(s.event[i].start_s, expected[i].start_s);
		assert_int_equal(s.event[i].type, expected[i].type);
		assert_string_equal(s.event[i].source, expected[i].source);
		assert_string_equal(s.event[i].region, expected[i].region);
	}
	assert_int_equal(body_number(&s.event[5], "i"), 1);
	assert_int_equal(body_number(&s.event[6], "i"), 3);
	assert_int_equal(nt_detect_tell(&s, &before, NULL), -ENOMEM);
	nt_snapshot_fini(&s);
	nt_detect_free(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(test_everyone_has_a_turn, set_up),
	    cmocka_unit_test_setup(test_switched_off, set_up),
	    cmocka_unit_test_setup(test_reasons, set_up),
	    cmocka_unit_test_setup(test_order, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
