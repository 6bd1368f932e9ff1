/* SPDX-License-Identifier: BSD-3-Clause */
#include "detect/detector.h"
#include "detect/known.h"
#include "detect/ports.h"
#include "detect_days.h"
#include "random.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/targets.h"
#include "needletail/schema.h"

/* Scanners against a list of every packet's port, over days of random intervals. */

#define SOURCES	 400
#define KEYS	 131072
#define LENGTH_S 600
#define DAYS	 2

/* What a source of the model has done today. */
struct model {
	uint8_t *seen; /* [KEYS] */
	uint32_t ports;
	uint64_t packets;
	int64_t first_s;
	int64_t last_s;
	uint32_t signatures;
};

static struct nt_scanner *make(uint32_t ports, uint32_t silence_s, uint32_t sources, const char *known)
{
	const struct nt_detect_options options = {
	    .interval_s = LENGTH_S,
	    .scanner = {.enabled = true, .ports = ports, .silence_s = silence_s, .sources = sources, .known = known},
	};
	char why[NT_DETECT_WHY];
	struct nt_scanner *d = nt_scanner_new(&options, why);

	assert_non_null(d);
	return d;
}

static struct nt_address address_of(uint32_t id)
{
	struct nt_address a = {.byte = {10, 0, (uint8_t)(id >> 8), (uint8_t)id}, .length = 4};

	if (id % 5 == 0) {
		a.byte[15] = 1;
		a.length = 16;
	}
	return a;
}

/* A snapshot under construction: sources are appended in any order, each with its ports at once. */
struct building {
	struct nt_snapshot s;
	size_t capacity;
};

static void begin(struct building *b, int64_t start_s)
{
	begin_snapshot(&b->s, start_s, LENGTH_S);
	b->s.source = calloc(SOURCES, sizeof(*b->s.source));
	b->s.detail = calloc(SOURCES, sizeof(*b->s.detail));
	b->capacity = 0;
}

static void add_source(struct building *b, uint32_t id, uint64_t packets, uint32_t signatures)
{
	struct nt_source *source = &b->s.source[b->s.n_sources];
	struct nt_source_detail *detail = &b->s.detail[b->s.n_sources++];

	source->address = address_of(id);
	source->packets = packets;
	source->signatures = signatures;
	source->asn = id;
	detail->first_s = b->s.start_s + id % 7;
	detail->last_s = b->s.end_s - 1 - id % 11;
	nt_targets_add(&detail->targets, 1, next_random());
}

static void add_pair(struct building *b, uint32_t port)
{
	if (b->s.n_pairs == b->capacity) {
		b->capacity = b->capacity ? 2 * b->capacity : 256;
		b->s.pair = realloc(b->s.pair, b->capacity * sizeof(*b->s.pair));
	}
	b->s.pair[b->s.n_pairs++] = (struct nt_pair){.source = (uint32_t)b->s.n_sources - 1, .port = port};
}

static void name_signatures(struct building *b)
{
	b->s.signature = calloc(2, sizeof(*b->s.signature));
	b->s.n_signatures = 2;
	strcpy(b->s.signature[0].name, "smb-8192");
	strcpy(b->s.signature[1].name, "masscan");
}

/* ---- random days ---- */

/* Ports that a source tries in an interval, in order: of its own few, or of all. */
static uint32_t choose_ports(uint32_t id, uint32_t port[static 600])
{
	static const uint32_t range[] = {1, 2, 10, 12, 40, 5000, KEYS};
	uint32_t kind = id % 7,
		 n = kind < 5 ? 1 + (uint32_t)(next_random() % 6) : 300 + (uint32_t)(next_random() % 300);
	uint32_t kept = 0;

	for (uint32_t i = 0; i < n; i++)
		port[kept++] = (id * 31 + (uint32_t)(next_random() % range[kind])) % KEYS;
	for (uint32_t i = 1; i < kept; i++)
		for (uint32_t j = i; j && port[j - 1] > port[j]; j--) {
			uint32_t swap = port[j];

			port[j] = port[j - 1];
			port[j - 1] = swap;
		}
	n = 0;
	for (uint32_t i = 0; i < kept; i++)
		if (!n || port[n - 1] != port[i])
			port[n++] = port[i];
	return n;
}

static void add_to_model(struct model *m, const struct building *b, const uint32_t *port, uint32_t n)
{
	const struct nt_source *source = &b->s.source[b->s.n_sources - 1];
	const struct nt_source_detail *detail = &b->s.detail[b->s.n_sources - 1];

	if (!m->packets)
		m->first_s = detail->first_s;
	m->last_s = detail->last_s;
	m->packets += source->packets;
	m->signatures |= source->signatures;
	for (uint32_t i = 0; i < n; i++) {
		m->ports += !m->seen[port[i]];
		m->seen[port[i]] = 1;
	}
}

/* An interval; `turn` is where in the list of sources the snapshot begins, which must not matter. */
static void random_interval(struct building *b, int64_t start_s, struct model *model, uint32_t turn)
{
	uint64_t seed = next_random();

	begin(b, start_s);
	name_signatures(b);
	for (uint32_t i = 0; i < SOURCES; i++) {
		uint32_t id = (i + turn) % SOURCES, port[600], n;

		random_state = seed + id * UINT64_C(1000003);
		if (next_random() % 3 == 0)
			continue;
		n = choose_ports(id, port);
		add_source(b, id, n + next_random() % 4, next_random() % 8 ? 0 : 1u << id % 2);
		b->s.source[b->s.n_sources - 1].backscatter = next_random() % 9 == 0;
		for (uint32_t j = 0; j < n; j++)
			add_pair(b, port[j]);
		if (model && !b->s.source[b->s.n_sources - 1].backscatter)
			add_to_model(&model[id], b, port, n);
	}
	random_state = seed;
}

static void compare(const struct nt_snapshot *s, struct model *model)
{
	size_t n = 0;

	for (uint32_t id = 0; id < SOURCES; id++) {
		const struct nt_address address = address_of(id);
		char text[NT_ADDRESS_TEXT];
		uint32_t found = 0;

		nt_address_text(&address, text);
		for (size_t i = 0; i < s->n_events; i++) {
			const struct nt_event *e = &s->event[i];

			if (strcmp(e->source, text))
				continue;
			found++;
			assert_int_equal((uint32_t)body_number(e, "ports"), model[id].ports);
			assert_int_equal((uint64_t)body_number(e, "packets"), model[id].packets);
			assert_int_equal(e->start_s, model[id].first_s);
			assert_int_equal(e->end_s, model[id].last_s + 1);
			assert_int_equal((int)body_number(e, "asn"), (int)id);
			assert_int_equal((int)body_number(e, "exact"), 1);
			assert_int_equal(!!strstr(e->body, "\"scanner_signatures\":[\"masscan\"]"),
					 model[id].signatures >> 1);
		}
		assert_int_equal(found, model[id].ports > 10);
		n += found;
		memset(model[id].seen, 0, KEYS);
		model[id] = (struct model){.seen = model[id].seen};
	}
	assert_int_equal(s->n_events, n);
	assert_true(n > 100 && n < SOURCES - 100);
}

static void days_exactly(void **state)
{
	struct nt_scanner *d = make(10, DAY_S, SOURCES, ""), *turned = make(10, DAY_S, SOURCES, "");
	struct model *model = calloc(SOURCES, sizeof(*model));

	(void)state;
	random_state = 20220906;
	for (uint32_t i = 0; i < SOURCES; i++)
		model[i].seen = calloc(KEYS, 1);
	for (int64_t start_s = DAYS_BEGIN; start_s < DAYS_BEGIN + DAYS * DAY_S; start_s += LENGTH_S) {
		struct building a, b;
		uint64_t seed = random_state;

		random_interval(&a, start_s, model, 0);
		assert_int_equal(nt_scanner_interval(d, &a.s), 0);
		nt_detect_sort_events(&a.s, 0);
		random_state = seed;
		random_interval(&b, start_s, NULL, (uint32_t)(seed % SOURCES));
		assert_int_equal(nt_scanner_interval(turned, &b.s), 0);
		nt_detect_sort_events(&b.s, 0);
		assert_int_equal(a.s.n_events, b.s.n_events);
		if ((start_s + LENGTH_S) % DAY_S == 0)
			compare(&a.s, model);
		else
			assert_int_equal(a.s.n_events, 0);
		nt_snapshot_fini(&a.s);
		nt_snapshot_fini(&b.s);
	}
	assert_int_equal(nt_scanner_dropped(d), 0);
	for (uint32_t i = 0; i < SOURCES; i++)
		free(model[i].seen);
	free(model);
	nt_scanner_free(d);
	nt_scanner_free(turned);
}

/* ---- when it is told ---- */

static size_t pass(struct nt_scanner *d, int64_t start_s, uint32_t id, uint32_t from, uint32_t ports)
{
	struct building b;
	size_t n;

	begin(&b, start_s);
	if (ports)
		add_source(&b, id, ports, 0);
	for (uint32_t i = 0; i < ports; i++)
		add_pair(&b, from + i);
	assert_int_equal(nt_scanner_interval(d, &b.s), 0);
	n = b.s.n_events;
	nt_snapshot_fini(&b.s);
	return n;
}

static void told_once_a_day(void **state)
{
	struct nt_scanner *d = make(10, 3600, SOURCES, "");
	int64_t t = DAYS_BEGIN;

	(void)state;
	assert_int_equal(pass(d, t, 1, 0, 10), 0);	      /* just under */
	assert_int_equal(pass(d, t += 7200, 1, 0, 10), 0);    /* and the same again */
	assert_int_equal(pass(d, t += 7200, 1, 65536, 1), 0); /* one more, of UDP */
	for (uint32_t i = 0; i < 5; i++)
		assert_int_equal(pass(d, t += LENGTH_S, 2, 0, 1), 0);
	assert_int_equal(pass(d, t += 2 * LENGTH_S, 2, 0, 1), 1);	/* silent since an hour */
	assert_int_equal(pass(d, t += LENGTH_S, 1, 100, 50), 0);	/* once a day */
	assert_int_equal(pass(d, t = DAYS_BEGIN + DAY_S, 1, 0, 10), 0); /* a new day begins at nought */
	assert_int_equal(pass(d, t += LENGTH_S, 1, 10, 10), 0);
	assert_int_equal(pass(d, t = DAYS_BEGIN + 3 * DAY_S, 3, 0, 1), 1);	       /* a day without its end */
	assert_int_equal(pass(d, t = DAYS_BEGIN + 4 * DAY_S - LENGTH_S, 1, 0, 11), 1); /* at its end */
	nt_scanner_free(d);
}

static void told_at_the_end(void **state)
{
	struct nt_scanner *d = make(10, 3600, SOURCES, "");
	struct building b;

	(void)state;
	assert_int_equal(pass(d, DAYS_BEGIN, 1, 0, 11), 0);
	begin(&b, DAYS_BEGIN + LENGTH_S);
	assert_int_equal(nt_scanner_interval(d, &b.s), 0);
	assert_int_equal(nt_scanner_finish(d, &b.s), 0);
	assert_int_equal(b.s.n_events, 1);
	assert_true(strstr(b.s.event[0].body, "\"first_ports\":[\"0/tcp\",\"1/tcp\"") != NULL);
	nt_snapshot_fini(&b.s);
	nt_scanner_free(d);
}

/* ---- bounds ---- */

static void full_table(void **state)
{
	struct nt_scanner *d = make(10, 3600, 64, "");
	struct building b;

	(void)state;
	begin(&b, DAYS_BEGIN);
	for (uint32_t id = 1; id <= 300; id++) {
		add_source(&b, id, 1, 0);
		for (uint32_t i = 0; i < (id % 100 == 0 ? 20u : 1u); i++)
			add_pair(&b, i);
	}
	assert_int_equal(nt_scanner_interval(d, &b.s), 0);
	nt_snapshot_fini(&b.s);
	assert_int_equal(nt_scanner_dropped(d), 300 - 64);
	/* After an hour those of one port make room. */
	assert_int_equal(pass(d, DAYS_BEGIN + 7200, 350, 0, 20), 3);
	assert_int_equal(nt_scanner_dropped(d), 300 - 64 + 61);
	begin(&b, DAYS_BEGIN + 8000);
	assert_int_equal(nt_scanner_finish(d, &b.s), 0);
	assert_int_equal(b.s.n_events, 1);
	nt_snapshot_fini(&b.s);
	nt_scanner_free(d);
}

/* Sources of one port, `n` from `id` on, and one of 20 ports. */
static void crowd(struct nt_scanner *d, int64_t start_s, uint32_t id, uint32_t n, uint32_t scanner)
{
	struct building b;

	begin(&b, start_s);
	for (uint32_t i = 0; i < n; i++) {
		add_source(&b, id + i, 1, 0);
		add_pair(&b, 23);
	}
	add_source(&b, scanner, 20, 0);
	for (uint32_t i = 0; i < 20; i++)
		add_pair(&b, i);
	assert_int_equal(nt_scanner_interval(d, &b.s), 0);
	assert_int_equal(b.s.n_events, 0);
	nt_snapshot_fini(&b.s);
}

/* Room is made below a scanner that is not told yet. */
static void a_scanner_moves_in_the_table(void **state)
{
	struct nt_scanner *d = make(10, 3600, 64, "");
	char address[NT_ADDRESS_TEXT];
	const struct nt_address scanner = address_of(99);
	struct building b;

	(void)state;
	crowd(d, DAYS_BEGIN, 1, 63, 99);
	crowd(d, DAYS_BEGIN + 3600, 0, 0, 99);
	crowd(d, DAYS_BEGIN + 7200, 101, 63, 99);
	assert_int_equal(nt_scanner_dropped(d), 63);
	begin(&b, DAYS_BEGIN + 7800);
	assert_int_equal(nt_scanner_finish(d, &b.s), 0);
	assert_int_equal(b.s.n_events, 1);
	nt_address_text(&scanner, address);
	assert_string_equal(b.s.event[0].source, address);
	nt_snapshot_fini(&b.s);
	nt_scanner_free(d);
}

static void sets_of_ports(void **state)
{
	uint8_t *model = calloc(KEYS, 1);
	struct nt_ports ports = {0};
	size_t budget = 64 * 1024, small = 100;
	uint32_t n = 0, first;

	(void)state;
	for (uint32_t i = 0; i < 400000; i++) {
		uint32_t key = (uint32_t)(next_random() % (i < 1000 ? 2000 : KEYS));

		assert_int_equal(nt_ports_add(&ports, key, &budget), !model[key]);
		n += !model[key];
		model[key] = 1;
		assert_int_equal(ports.n, n);
	}
	assert_true(n > 120000);
	assert_int_equal(nt_ports_add(&ports, KEYS, &budget), 0); /* no port */
	nt_ports_first(&ports, &first);
	assert_int_equal(first, NT_PORTS_FIRST);
	nt_ports_clear(&ports, &budget);
	assert_int_equal(budget, 64 * 1024);
	for (uint32_t i = 0; i < NT_PORTS_FEW; i++)
		assert_int_equal(nt_ports_add(&ports, i, &small), 1);
	assert_int_equal(nt_ports_add(&ports, 77, &small), -ENOSPC);
	assert_int_equal(nt_ports_add(&ports, 1, &small), 0);
	nt_ports_clear(&ports, &small);
	free(model);
}

/* ---- known scanners ---- */

static char path[] = "/tmp/needletail-known-XXXXXX";

static void write_known(const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void expect_wrong(const char *text, const char *where)
{
	char why[NT_DETECT_WHY], expected[128];

	write_known(text);
	assert_null(nt_known_load(path, why));
	snprintf(expected, sizeof(expected), "%s:%s", path, where);
	if (strncmp(why, expected, strlen(expected)))
		print_error("%s\n", why);
	assert_memory_equal(why, expected, strlen(expected));
}

static void known_file(void **state)
{
	const struct nt_address inside = {.byte = {192, 0, 2, 77}, .length = 4};
	const struct nt_address half = {.byte = {192, 0, 2, 200}, .length = 4};
	const struct nt_address outside = {.byte = {192, 0, 3, 0}, .length = 4};
	const struct nt_address six = {.byte = {0x20, 1, 0xd, 0xb8, 0, 0x42, 9}, .length = 16};
	char why[NT_DETECT_WHY];
	struct nt_known *k;

	(void)state;
	write_known("# a comment\n\n192.0.2.0/24  Example University # who\n 192.0.2.128/25\tnearer\n"
		    "2001:db8:42::/47 six\n0.0.0.1 one");
	k = nt_known_load(path, why);
	assert_non_null(k);
	assert_string_equal(nt_known_find(k, &inside), "Example University");
	assert_string_equal(nt_known_find(k, &half), "nearer");
	assert_null(nt_known_find(k, &outside));
	assert_string_equal(nt_known_find(k, &six), "six");
	assert_null(nt_known_find(NULL, &six));
	nt_known_free(k);
	expect_wrong("192.0.2.0/33 x\n", "1: ");
	expect_wrong("\n192.0.2.1/24 x\n", "2: ");
	expect_wrong("192.0.2.0/24\n", "1: ");
	expect_wrong("192.0.2.0/24 a\n::/0 b\n192.0.2.0/24 c\n", "3: ");
	expect_wrong("example.org x\n", "1: ");
	expect_wrong("192.0.2.0/24 caf\xc3\xa9\n", "1: ");
	unlink(path);
	assert_null(nt_known_load(path, why));
	assert_non_null(strstr(why, "No such file"));
	assert_int_equal(errno, ENOENT);
}

static void known_scanner(void **state)
{
	struct nt_scanner *d;
	struct building b;

	(void)state;
	write_known("10.0.0.0/24 Example\n");
	d = make(10, 3600, SOURCES, path);
	unlink(path);
	assert_int_equal(pass(d, DAYS_BEGIN, 1, 0, 11), 0);
	assert_int_equal(pass(d, DAYS_BEGIN, 257, 0, 11), 0);
	begin(&b, DAYS_BEGIN + LENGTH_S);
	assert_int_equal(nt_scanner_finish(d, &b.s), 0);
	nt_detect_sort_events(&b.s, 0);
	assert_int_equal(b.s.n_events, 2);
	assert_string_equal(b.s.event[0].source, "10.0.0.1");
	assert_int_equal((int)body_number(&b.s.event[0], "known"), 1);
	assert_string_equal(body_text(&b.s.event[0], "name"), "Example");
	assert_int_equal((int)body_number(&b.s.event[1], "known"), 0);
	nt_snapshot_fini(&b.s);
	nt_scanner_free(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(days_exactly),    cmocka_unit_test(told_once_a_day),
	    cmocka_unit_test(told_at_the_end), cmocka_unit_test(full_table),
	    cmocka_unit_test(sets_of_ports),   cmocka_unit_test(known_file),
	    cmocka_unit_test(known_scanner),   cmocka_unit_test(a_scanner_moves_in_the_table),
	};
	int fd = mkstemp(path);

	if (fd < 0)
		return 1;
	close(fd);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
