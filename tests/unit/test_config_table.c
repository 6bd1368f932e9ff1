/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/config.h"
#include "config/keys.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* The table of keys, and what is made of it: ranges, defaults, the print, the shipped file. */

/* Path of the shipped file; the build says which. */
#ifndef NT_CONFIG_FILE
#define NT_CONFIG_FILE "config/needletail.yaml"
#endif

static int load(const char *yaml, struct nt_config *c, char why[static NT_CONFIG_WHY])
{
	why[0] = '\0';
	return nt_config_load_bytes("f", (const uint8_t *)yaml, strlen(yaml), c, why, NT_CONFIG_WHY);
}

static void expect_right(const char *yaml)
{
	char why[NT_CONFIG_WHY];
	struct nt_config c;
	int rc = load(yaml, &c, why);

	if (rc)
		print_error("%s\n%s\n", yaml, why);
	assert_int_equal(rc, 0);
	nt_config_fini(&c);
}

/* Texts that need quoting, a secret, devices: what the print has to get right. */
static const char unlike_default[] = "devices:\n"
				     "  - {name: \"net_af_packet0,iface=eth1,qpairs=2\", queues: 2, mtu: 9000}\n"
				     "  - name: 0000:01:00.0\n    descriptors: 4096\n    promiscuous: No\n"
				     "geo:\n  country: 'a \"b\" \\c.mmdb'\n"
				     "memory: {hugepages: no}\n"
				     "redis:\n  url: redis://:secret@h:1/2\n";

static char *printed(const struct nt_config *c)
{
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);

	assert_non_null(f);
	assert_int_equal(nt_config_print(c, f), 0);
	fclose(f);
	return text;
}

static void print_and_load(void **state)
{
	char why[NT_CONFIG_WHY], *once, *twice;
	struct nt_config c;

	(void)state;
	assert_int_equal(load(unlike_default, &c, why), 0);
	once = printed(&c);
	nt_config_fini(&c);
	assert_null(strstr(once, "secret"));
	assert_non_null(strstr(once, "url: \"redis://h:1/2\"\n"));
	assert_non_null(strstr(once, "\n  - name: \"0000:01:00.0\"\n    queues: 1\n    descriptors: 4096\n"));
	assert_int_equal(load(once, &c, why), 0);
	assert_string_equal(c.geo.country, "a \"b\" \\c.mmdb");
	twice = printed(&c);
	assert_string_equal(once, twice);
	free(once);
	free(twice);
	nt_config_fini(&c);
}

/* What is printed says the same when it is loaded again: no signature, one, the shipped ones. */
static void print_signatures(void **state)
{
	static const char *const yaml[] = {"signatures: []\n", "signatures:\n- {name: a, match: 'not src ::/1'}\n",
					   "workers: 1\n"};
	static const uint32_t n[] = {0, 1, 7};

	(void)state;
	for (uint32_t i = 0; i < 3; i++) {
		char why[NT_CONFIG_WHY], *once, *twice;
		struct nt_config c;

		assert_int_equal(load(yaml[i], &c, why), 0);
		once = printed(&c);
		nt_config_fini(&c);
		assert_int_equal(load(once, &c, why), 0);
		assert_int_equal(c.n_signatures, n[i]);
		twice = printed(&c);
		assert_string_equal(once, twice);
		free(once);
		free(twice);
		nt_config_fini(&c);
	}
}

static void write_file(const char *path, const char *text, size_t size)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, size, f), size);
	assert_int_equal(fclose(f), 0);
}

/* Writes the YAML that sets one key, and what else its item needs; returns the line of the key. */
static uint32_t yaml_for(int row, const char *value, char *yaml, size_t size)
{
	int section = nt_key_parent(row);
	const char *leaf = nt_key_leaf(row);

	if (section == NT_KEY_ROOT) {
		snprintf(yaml, size, "%s: %s\n", leaf, value);
		return 1;
	}
	if (nt_key[section].type == NT_KEY_LIST && !strcmp(nt_key_leaf(section), "signatures")) {
		snprintf(yaml, size, "signatures:\n  - name: x\n    match: tcp\n    %s: %s\n", leaf, value);
		return 4;
	}
	if (nt_key[section].type == NT_KEY_LIST) {
		snprintf(yaml, size, "%s:\n  - name: net_null0\n    %s: %s\n", nt_key_leaf(section), leaf, value);
		return 3;
	}
	if (nt_key_parent(section) == NT_KEY_ROOT) {
		snprintf(yaml, size, "%s:\n  %s: %s\n", nt_key_leaf(section), leaf, value);
		return 2;
	}
	snprintf(yaml, size, "%s:\n  %s:\n    %s: %s\n", nt_key_leaf(nt_key_parent(section)), nt_key_leaf(section),
		 leaf, value);
	return 3;
}

/* Sets a number through a file. Returns what loading did, and the line that it said. */
static int set_number(int row, int64_t value, char why[static NT_CONFIG_WHY])
{
	char yaml[256], text[32], expected[64];
	struct nt_config c;
	int rc;

	snprintf(text, sizeof(text), "%" PRId64, value);
	yaml_for(row, text, yaml, sizeof(yaml));
	rc = load(yaml, &c, why);
	if (!rc) {
		char *out = printed(&c);

		snprintf(expected, sizeof(expected), " %s: %s\n", nt_key_leaf(row), text);
		if (nt_key_parent(row) == NT_KEY_ROOT)
			expected[0] = '\n';
		assert_non_null(strstr(out, expected));
		free(out);
		nt_config_fini(&c);
	}
	return rc;
}

/* The ends of every range are in it, what lies beyond is not and is told with the range and the line. */
static void ranges(void **state)
{
	(void)state;
	for (int i = 0; i < nt_keys; i++) {
		char why[NT_CONFIG_WHY], yaml[256], expected[32];
		const struct nt_key *key = &nt_key[i];

		if (key->type != NT_KEY_NUMBER)
			continue;
		assert_true(key->min <= key->max);
		assert_int_equal(set_number(i, key->min, why), 0);
		if (strcmp(key->path, "addresses"))
			assert_int_equal(set_number(i, key->max + 1, why), -EINVAL);
		assert_int_equal(set_number(i, key->max, why), 0);
		assert_int_equal(set_number(i, key->min - 1, why), -EINVAL);
		snprintf(expected, sizeof(expected), "f:%u: ", yaml_for(i, "0", yaml, sizeof(yaml)));
		assert_memory_equal(why, expected, strlen(expected));
		snprintf(expected, sizeof(expected), "%" PRId64 "..%" PRId64, key->min, key->max);
		assert_non_null(strstr(why, expected));
	}
}

/* Each row of the table is fit for what walks it. */
static void table(void **state)
{
	(void)state;
	for (int i = 0; i < nt_keys; i++) {
		const struct nt_key *key = &nt_key[i];
		bool holder = key->type == NT_KEY_SECTION || key->type == NT_KEY_LIST;
		char path[NT_KEY_PATH];

		assert_true(strlen(key->path) < sizeof(path) - 8); /* room for "[31]" */
		assert_int_not_equal(nt_key_parent(i), NT_KEY_NONE);
		assert_int_equal(nt_key_find(nt_key_parent(i), nt_key_leaf(i)), i);
		assert_non_null(key->help);
		assert_int_equal(holder, !key->value);
		assert_int_equal(key->type == NT_KEY_NUMBER, key->unit != NULL);
		assert_int_equal(key->type == NT_KEY_TEXT, key->form != NULL);
		assert_int_equal(key->type == NT_KEY_CHOICE, key->word != NULL);
		if (key->type == NT_KEY_NUMBER)
			assert_true(key->size == 4 || key->size == 8);
	}
}

/* Every default passes the checks of its own key. */
static void table_defaults(void **state)
{
	(void)state;
	for (int i = 0; i < nt_keys; i++) {
		char yaml[256], value[128];

		if (!nt_key[i].value || nt_key[i].required)
			continue;
		snprintf(value, sizeof(value), "\"%s\"", nt_key[i].value);
		yaml_for(i, value, yaml, sizeof(yaml));
		expect_right(yaml);
	}
}

static char *read_file(const char *path)
{
	char *text = calloc(1, 1 << 16);
	FILE *f = fopen(path, "r");

	assert_non_null(text);
	assert_non_null(f);
	assert_true(fread(text, 1, (1 << 16) - 1, f) > 0);
	fclose(f);
	return text;
}

/*
 * The shipped file is what printing the defaults gives, so it has every row of the table with its unit, range and
 * default. NT_UPDATE_CONFIG=1 in the environment writes it anew after the table has changed.
 */
static void shipped_file(void **state)
{
	char why[NT_CONFIG_WHY], *expected, *shipped;
	struct nt_config c;

	(void)state;
	assert_int_equal(nt_config_defaults(&c), 0);
	expected = printed(&c);
	nt_config_fini(&c);
	if (getenv("NT_UPDATE_CONFIG"))
		write_file(NT_CONFIG_FILE, expected, strlen(expected));
	shipped = read_file(NT_CONFIG_FILE);
	assert_string_equal(shipped, expected);
	assert_int_equal(nt_config_load(NT_CONFIG_FILE, &c, why, sizeof(why)), 0);
	nt_config_fini(&c);
	free(shipped);
	free(expected);
}

/* Taking away the '#' of the example in the shipped file gives a device. */
static void shipped_example(void **state)
{
	char why[NT_CONFIG_WHY], *shipped = read_file(NT_CONFIG_FILE);
	struct nt_config c;

	(void)state;
	for (char *at = strstr(shipped, "\n#  "); at; at = strstr(at + 1, "\n#  "))
		memmove(at + 1, at + 2, strlen(at + 2) + 1);
	assert_int_equal(load(shipped, &c, why), 0);
	assert_int_equal(nt_config_check_run(&c, "f", why, sizeof(why)), 0);
	assert_int_equal(c.n_devices, 1);
	assert_string_equal(c.device[0].name, "0000:01:00.0");
	nt_config_fini(&c);
	free(shipped);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(table),	       cmocka_unit_test(table_defaults),   cmocka_unit_test(ranges),
	    cmocka_unit_test(print_and_load),  cmocka_unit_test(print_signatures), cmocka_unit_test(shipped_file),
	    cmocka_unit_test(shipped_example),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
