/* SPDX-License-Identifier: BSD-3-Clause */
#include "geo_fixture.h"
#include "random.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

/* What is no database, or a broken one: an error and one line, and soon. Needs no EAL. */

/* One line that names the file and says something, no control characters in it. */
static void assert_why(int rc, int expected)
{
	assert_int_equal(rc, expected);
	assert_int_equal(strncmp(why, file, strlen(file)), 0);
	assert_true(strlen(why) > strlen(file) + 5);
	assert_null(strchr(why, '\n'));
}

static void files_that_are_no_database(void **state)
{
	const struct nt_geo_options long_path = {.path = "/"};
	struct mmdb_bytes text = {0};
	char keep[sizeof(file)], many[5000];

	(void)state;
	memcpy(keep, file, sizeof(file));
	snprintf(file, sizeof(file), "%s/none", directory);
	assert_why(check(NULL), -ENOENT);
	snprintf(file, sizeof(file), "%s", directory);
	assert_why(check(NULL), -EISDIR);
	snprintf(file, sizeof(file), "/dev/null");
	assert_why(check(NULL), -EBADMSG);
	snprintf(file, sizeof(file), "%s/pipe", directory);
	assert_int_equal(mkfifo(file, 0600), 0);
	assert_why(check(NULL), -EBADMSG);
	unlink(file);
	memcpy(file, keep, sizeof(file));
	mmdb_save(&text, file);
	assert_why(check(NULL), -EBADMSG);
	mmdb_string(&text, "no database");
	mmdb_save(&text, file);
	assert_why(check(NULL), -EBADMSG);
	free(text.data);
	memset(many, 'x', sizeof(many) - 1);
	many[sizeof(many) - 1] = '\0';
	assert_int_equal(nt_geo_check(&(struct nt_geo_options){.path = many}, NULL, why), -ENAMETOOLONG);
	assert_non_null(strstr(why, ": "));
	assert_int_equal(nt_geo_check(&long_path, NULL, why), -EISDIR);
}

/* What nt_geo_load() leaves behind when it fails. */
static void failure_leaves_nothing(void **state)
{
	struct nt_geo geo;

	(void)state;
	memset(&geo, 0xff, sizeof(geo));
	unlink(file);
	assert_why(nt_geo_load(&(struct nt_geo_options){.path = file}, &geo, why), -ENOENT);
	assert_null(geo.locate);
	assert_int_equal(geo.info.ip_version, 0);
	nt_geo_unload(&geo);
}

static void assert_broken(const struct mmdb_writer *w)
{
	save(w);
	assert_why(check(NULL), -EBADMSG);
}

static void trees_that_are_broken(void **state)
{
	static const uint32_t versions[] = {4, 6};

	(void)state;
	for (uint32_t v = 0; v < 2; v++) {
		struct mmdb_writer w;
		uint64_t good, bad[8];
		uint32_t n = 0;

		mmdb_writer_init(&w, versions[v], 24);
		good = country(&w, "JP");
		mmdb_insert(&w, (uint8_t[16]){1}, 8, good);
		mmdb_insert(&w, (uint8_t[16]){0}, v ? 120 : 24, good);
		bad[n++] = 0;		   /* back to the root */
		bad[n++] = w.nodes - 1;	   /* to itself, or to its like */
		bad[n++] = MMDB_BEYOND(1); /* into the separator */
		bad[n++] = MMDB_BEYOND(15);
		bad[n++] = MMDB_BEYOND(100000); /* behind the end */
		bad[n++] = MMDB_DATA(1000);
		save(&w);
		assert_int_equal(check(NULL), 0);
		for (uint32_t i = 0; i < n; i++) {
			w.record[w.nodes - 1][1] = bad[i];
			assert_broken(&w);
		}
		mmdb_writer_fini(&w);
	}
}

/* 2^32 ways through 32 nodes, and 2^128 through 128. */
static void trees_that_explode(void **state)
{
	static const uint32_t depths[] = {32, 128};

	(void)state;
	for (uint32_t v = 0; v < 2; v++) {
		struct mmdb_writer w;

		mmdb_writer_init(&w, depths[v] == 32 ? 4 : 6, 32);
		for (uint32_t i = 1; i < depths[v]; i++) {
			uint32_t node = mmdb_add_node(&w);

			w.record[node - 1][0] = w.record[node - 1][1] = node;
		}
		w.record[w.nodes - 1][0] = country(&w, "JP");
		assert_broken(&w);
		mmdb_writer_fini(&w);
	}
}

/* Good where it stands first, but the second place leaves it too few bits. */
static void a_shared_subtree_that_is_too_deep(void **state)
{
	struct mmdb_writer w;
	uint64_t subtree;

	(void)state;
	mmdb_writer_init(&w, 4, 24);
	mmdb_insert(&w, (uint8_t[]){1, 1, 0x80, 0x10}, 28, country(&w, "JP"));
	subtree = mmdb_find(&w, (uint8_t[]){1, 1}, 16);
	mmdb_insert(&w, (uint8_t[]){9, 9, 9}, 20, subtree);
	save(&w);
	assert_int_equal(check(NULL), 0);
	mmdb_insert(&w, (uint8_t[]){9, 9, 9}, 24, subtree);
	assert_broken(&w);
	mmdb_writer_fini(&w);
}

/* Each node behind the one that leads to it: as many as an address has bits are good, one more is not. */
static void a_tree_that_is_too_deep(void **state)
{
	static const uint32_t bits[] = {32, 128};

	(void)state;
	for (uint32_t v = 0; v < 2; v++) {
		struct mmdb_writer w;
		uint64_t jp;
		uint32_t deepest;

		mmdb_writer_init(&w, v ? 6 : 4, 24);
		jp = country(&w, "JP");
		mmdb_insert(&w, (uint8_t[16]){0xff, 0xff, 0xff, 0xff}, bits[v], jp);
		save(&w);
		assert_int_equal(check(NULL), 0);
		deepest = w.nodes - 1;
		for (uint32_t c = 0; c < 2; c++) {
			uint64_t before = w.record[deepest][c];
			uint32_t node = mmdb_add_node(&w);

			w.record[deepest][c] = node;
			assert_broken(&w);
			w.record[deepest][c] = before;
		}
		mmdb_writer_fini(&w);
	}
}

/* The IPv4 space may stand wherever its bits fit: a whole one at 96 bits, a shallow one further down. */
static void an_ipv4_space_that_stands_too_deep(void **state)
{
	static const uint32_t ipv4_bits[] = {8, 31, 32}, alias_bits[] = {96, 97, 120, 121};

	(void)state;
	for (uint32_t i = 0; i < 12; i++) {
		uint32_t deep = 96 + ipv4_bits[i % 3], alias = alias_bits[i / 3];
		struct mmdb_writer w;

		mmdb_writer_init(&w, 6, 24);
		mmdb_insert(&w, (uint8_t[16]){0}, deep, country(&w, "JP"));
		mmdb_insert(&w, (uint8_t[16]){0x20, 0x01}, alias, mmdb_find(&w, (uint8_t[16]){0}, 96));
		save(&w);
		assert_int_equal(check(NULL), alias + ipv4_bits[i % 3] <= 128 ? 0 : -EBADMSG);
		mmdb_writer_fini(&w);
	}
}

static void put_deep(struct mmdb_bytes *b, uint32_t depth)
{
	for (uint32_t i = 0; i < depth; i++)
		mmdb_array(b, 1);
	mmdb_unsigned(b, MMDB_UINT16, 0);
}

/*
 * A string, and arrays of two pointers to the one before: 2^levels values in a few bytes a level. `base` is where `b`
 * will begin. Returns the offset of the last.
 */
static uint32_t put_fan(struct mmdb_bytes *b, uint32_t base, uint32_t levels)
{
	uint32_t offset = base + (uint32_t)b->size;

	mmdb_string(b, "end");
	for (uint32_t i = 0; i < levels; i++) {
		uint32_t before = offset;

		offset = base + (uint32_t)b->size;
		mmdb_array(b, 2);
		mmdb_pointer(b, before);
		mmdb_pointer(b, before);
	}
	return offset;
}

/* A record that the library searches for its second key by going down as deep as the first says. */
static void put_abyss(struct mmdb_bytes *b)
{
	mmdb_map(b, 2);
	mmdb_string(b, "abyss");
	put_deep(b, 2000000);
	mmdb_string(b, "country_code");
	mmdb_string(b, "JP");
}

/* Six records, each wrong in another way. */
static uint64_t put_broken(struct mmdb_bytes *b, uint32_t i)
{
	static const uint8_t huge_map[] = {0xff, 0xff, 0xff, 0xff}, long_string[] = {0x5f, 1, 1, 1}, self[] = {0x20, 0};
	uint64_t offset;

	mmdb_raw(b, self, sizeof(self)); /* at offset 0: a pointer to itself */
	offset = b->size;
	if (i == 0)
		return MMDB_DATA(0);
	if (i == 1)
		return MMDB_DATA(put_fan(b, 0, 60));
	if (i == 2)
		mmdb_raw(b, huge_map, sizeof(huge_map));
	else if (i == 3)
		mmdb_raw(b, long_string, sizeof(long_string));
	else if (i == 4)
		mmdb_pointer(b, 1u << 30);
	else
		put_abyss(b);
	return MMDB_DATA(offset);
}

static void records_that_are_broken(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 6; i++) {
		struct mmdb_writer w;

		mmdb_writer_init(&w, 4, 24);
		mmdb_insert(&w, (uint8_t[]){1}, 8, put_broken(&w.data, i));
		assert_broken(&w);
		mmdb_writer_fini(&w);
	}
}

/* No record is too large, but all of them together take a while. */
static void records_that_add_up(void **state)
{
	struct mmdb_writer w;
	uint32_t fan;

	(void)state;
	mmdb_writer_init(&w, 4, 24);
	fan = put_fan(&w.data, 0, 13);
	for (uint32_t i = 0; i < 20000; i++) {
		const uint8_t network[] = {1, (uint8_t)(i >> 8), (uint8_t)i};

		mmdb_insert(&w, network, 24, MMDB_DATA(w.data.size));
		mmdb_pointer(&w.data, fan);
		if (i == 2)
			save(&w);
	}
	assert_int_equal(check(NULL), 0);
	assert_broken(&w);
	mmdb_writer_fini(&w);
}

static struct mmdb_writer small_database(void)
{
	struct mmdb_writer w;

	mmdb_writer_init(&w, 6, 32);
	mmdb_insert(&w, (uint8_t[16]){1}, 8, country(&w, "JP"));
	return w;
}

static void metadata_with_wrong_numbers(void **state)
{
	static const uint32_t nodes[] = {1000000, 0x20000000, 0x20000001, 0xffffffff};
	struct mmdb_writer w = small_database();

	(void)state;
	for (uint32_t i = 0; i < LENGTH(nodes); i++) {
		w.claimed_nodes = nodes[i];
		assert_broken(&w);
	}
	w.claimed_nodes = 0;
	w.claimed_bits = 20;
	assert_broken(&w);
	w.claimed_bits = 0;
	w.ip_version = 5;
	assert_broken(&w);
	mmdb_writer_fini(&w);
}

/* One value more in the metadata, too deep or larger than it looks; the library walks these before anybody can ask. */
static void metadata_that_explode(void **state)
{
	struct mmdb_writer w = small_database();
	const uint32_t map_header = 1; /* what stands before w.extra */

	(void)state;
	mmdb_string(&w.extra, "abyss");
	put_deep(&w.extra, 60000);
	assert_broken(&w);
	w.extra.size = 0;
	mmdb_string(&w.extra, "languages");
	mmdb_array(&w.extra, 51);
	put_fan(&w.extra, map_header, 50);
	assert_broken(&w);
	w.extra.size = 0;
	mmdb_string(&w.extra, "other");
	mmdb_array(&w.extra, 11);
	put_fan(&w.extra, map_header, 10);
	save(&w);
	assert_int_equal(check(NULL), 0);
	mmdb_writer_fini(&w);
}

/* Cut off anywhere, any byte changed: an answer or an error, but always soon. The sanitizers watch. */
static void damaged_files(void **state)
{
	struct mmdb_bytes b;
	struct mmdb_writer w;

	(void)state;
	mmdb_writer_init(&w, 6, 28);
	mmdb_insert(&w, (uint8_t[16]){0x20, 1}, 12, country(&w, "JP"));
	mmdb_insert(&w, (uint8_t[16]){0x20, 2}, 11, MMDB_DATA(w.data.size));
	mmdb_map(&w.data, 2);
	mmdb_string(&w.data, "country_code");
	mmdb_string(&w.data, "SE");
	mmdb_string(&w.data, "countries");
	mmdb_array(&w.data, 2);
	mmdb_pointer(&w.data, 0);
	mmdb_unsigned(&w.data, MMDB_UINT64, 1);
	mmdb_insert(&w, (uint8_t[16]){[12] = 8}, 104, country(&w, "US"));
	mmdb_insert(&w, (uint8_t[16]){0xf0}, 5, mmdb_find(&w, (uint8_t[16]){0}, 96));
	b = mmdb_encode(&w);
	for (uint32_t size = 0; size < b.size; size += 1 + size % 3) {
		struct mmdb_bytes part = {.data = b.data, .size = size};

		mmdb_save(&part, file);
		assert_int_equal(check(NULL), -EBADMSG);
	}
	for (uint32_t i = 0; i < b.size; i++) {
		uint8_t was = b.data[i];

		int rc;

		b.data[i] = (uint8_t)next_random();
		mmdb_save(&b, file);
		rc = check(NULL);
		if (rc)
			assert_why(rc, -EBADMSG);
		b.data[i] = was;
	}
	free(b.data);
	mmdb_writer_fini(&w);
}

/* Somebody copies a database over ours again and again: good, bad or half, but no SIGBUS. */
static void rewritten_meanwhile(void **state)
{
	struct mmdb_writer w = small_database();
	int status;
	pid_t child;

	(void)state;
	for (uint32_t i = 0; i < 20000; i++)
		mmdb_insert(&w, (uint8_t[16]){0x20, 0, (uint8_t)(i >> 8), (uint8_t)i, 1}, 40, MMDB_DATA(0));
	save(&w);
	child = fork();
	assert_true(child >= 0);
	for (uint32_t i = 0; child == 0 && i < 200; i++)
		save(&w);
	if (child == 0)
		_exit(0);
	for (uint32_t i = 0; i < 200; i++) {
		int rc = nt_geo_check(&(struct nt_geo_options){.path = file}, NULL, why);

		assert_true(rc == 0 || rc == -EBADMSG);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(check(NULL), 0);
	mmdb_writer_fini(&w);
}

/* Runs last: the copies that were made of all those files, good and bad, are gone. */
static void no_copy_is_left(void **state)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	char line[512], target[64];

	(void)state;
	assert_non_null(maps);
	while (fgets(line, sizeof(line), maps))
		assert_null(strstr(line, "needletail-geo"));
	fclose(maps);
	for (int fd = 0; fd < 1024; fd++) {
		ssize_t n;

		snprintf(line, sizeof(line), "/proc/self/fd/%d", fd);
		n = readlink(line, target, sizeof(target) - 1);
		target[n > 0 ? n : 0] = '\0';
		assert_null(strstr(target, "memfd:needletail-geo"));
	}
}

static int start(void **state)
{
	(void)state;
	return geo_fixture_start();
}

static int stop(void **state)
{
	(void)state;
	return geo_fixture_stop();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(files_that_are_no_database),
	    cmocka_unit_test(failure_leaves_nothing),
	    cmocka_unit_test(trees_that_are_broken),
	    cmocka_unit_test(trees_that_explode),
	    cmocka_unit_test(a_shared_subtree_that_is_too_deep),
	    cmocka_unit_test(a_tree_that_is_too_deep),
	    cmocka_unit_test(an_ipv4_space_that_stands_too_deep),
	    cmocka_unit_test(records_that_are_broken),
	    cmocka_unit_test(records_that_add_up),
	    cmocka_unit_test(metadata_with_wrong_numbers),
	    cmocka_unit_test(metadata_that_explode),
	    cmocka_unit_test(damaged_files),
	    cmocka_unit_test(rewritten_meanwhile),
	    cmocka_unit_test(no_copy_is_left),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
