/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/config.h"
#include "config/cpus.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* A file's content and the line that must come of it. */
struct wrong {
	const char *yaml;
	const char *why;
};

static int load(const char *yaml, struct nt_config *c, char why[static NT_CONFIG_WHY])
{
	why[0] = '\0';
	return nt_config_load_bytes("f", (const uint8_t *)yaml, strlen(yaml), c, why, NT_CONFIG_WHY);
}

static void expect_wrong(const struct wrong *wrong, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char why[NT_CONFIG_WHY];
		struct nt_config c;

		assert_int_equal(load(wrong[i].yaml, &c, why), -EINVAL);
		assert_string_equal(why, wrong[i].why);
		nt_config_fini(&c); /* nothing in it, and harmless */
	}
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

static void wrong_form(void **state)
{
	static const struct wrong wrong[] = {
	    {"", "f: empty, or nothing but comments: there is no key in it"},
	    {"# nothing\n\n", "f: empty, or nothing but comments: there is no key in it"},
	    {"---\n...\n", "f: empty, or nothing but comments: there is no key in it"},
	    {"hello", "f:1: not a configuration: expected \"key: value\" lines"},
	    {"\n- a\n", "f:2: not a configuration: expected \"key: value\" lines, not a list"},
	    {"workers: 1\n---\nworkers: 2\n", "f:2: a second YAML document begins here; expected one"},
	    {"---\n---\nworkers: 2\n", "f:2: a second YAML document begins here; expected one"},
	    {"workers: &a 1\n", "f:1: anchors (&), aliases (*) and tags (!) of YAML are not used here"},
	    {"group: x\nsensor: *a\n", "f:2: anchors (&), aliases (*) and tags (!) of YAML are not used here"},
	    {"&a workers: 1\n", "f:1: anchors (&), aliases (*) and tags (!) of YAML are not used here"},
	    {"geo: &a\n  asn: x\n", "f:1: anchors (&), aliases (*) and tags (!) of YAML are not used here"},
	    {"workers: !!int 1\n", "f:1: anchors (&), aliases (*) and tags (!) of YAML are not used here"},
	    {"group: \"x\n", "f:2: YAML syntax: found unexpected end of stream "
			     "(while scanning a quoted scalar that begins in line 1)"},
	    {"geo:\n\tasn: x\n", "f:2: YAML syntax: a tab cannot indent, use spaces"},
	    {"workers: 1\n group: x\n", "f:2: YAML syntax: mapping values are not allowed in this context"},
	    {"workers: 1\ngroup: [\n", "f:2: group: expected a single value, not a list or section"},
	    {"? [a]\n: 1\n", "f:1: expected \"key: value\" with a plain word for a key"},
	    {"workers: 1\ngroup: \xff\n", "f:2: not UTF-8 text: invalid leading UTF-8 octet"},
	    {"workers: 1\ngroup: \x01\n", "f:2: not UTF-8 text: control characters are not allowed"},
	};

	(void)state;
	expect_wrong(wrong, COUNT(wrong));
}

static void wrong_keys(void **state)
{
	static const struct wrong wrong[] = {
	    {"sensor: a\n\nintervall: 60\n", "f:3: intervall: unknown key, did you mean interval?"},
	    {"Interval: 60\n", "f:1: Interval: unknown key, did you mean interval?"},
	    {"xyzzy: 60\n", "f:1: xyzzy: unknown key"},
	    {"geo:\n  contry: x\n", "f:2: geo.contry: unknown key, did you mean geo.country?"},
	    {"redis:\n  keep:\n    d_day: 3\n", "f:3: redis.keep.d_day: unknown key, did you mean redis.keep.d_days?"},
	    {"devices:\n  - name: net_null0\n  - nam: net_null1\n",
	     "f:3: devices[1].nam: unknown key, did you mean devices[1].name?"},
	    {"geo:\n  json: x\n", "f:2: geo.json: unknown key, did you mean json?"},
	    {"devices:\n  - link_wait_s: 1\n", "f:2: devices[0].link_wait_s: unknown key, did you mean link_wait_s?"},
	    {"queues: 2\n", "f:1: queues: unknown key, did you mean devices[].queues?"},
	    {"country: x\n", "f:1: country: unknown key, did you mean geo.country?"},
	    {"redis.url: x\n", "f:1: redis.url: unknown key, write url: indented below its section"},
	    {"<<: {workers: 1}\n", "f:1: <<: unknown key"},
	    {"\"workers\\0\": 1\n", "f:1: workers: a NUL byte follows in this key"},
	    {"\"\\e[2J\\n\\x9b\": 1\n", "f:1: ?[2J???: unknown key"},
	    {"workers: 1\ngroup: a\nworkers: 2\n", "f:3: workers: given twice, first in line 1"},
	    {"geo:\n  asn: a\ngeo:\n  asn: b\n", "f:3: geo: given twice, first in line 1"},
	    {"geo:\n  asn: a\n  asn: b\n", "f:3: geo.asn: given twice, first in line 2"},
	    {"devices:\n  - name: net_null0\n    mtu: 0\n    mtu: 0\n",
	     "f:4: devices[0].mtu: given twice, first in line 3"},
	    {"devices:\n  - name: net_null0\n  - queues: 2\n", "f:3: devices[1].name: required key is missing"},
	    {"devices:\n  -\n", "f:2: devices[0].name: required key is missing"},
	};

	(void)state;
	expect_wrong(wrong, COUNT(wrong));
}

static void wrong_kinds(void **state)
{
	static const struct wrong wrong[] = {
	    {"workers: [1]\n", "f:1: workers: expected a single value, not a list or section"},
	    {"workers:\n  x: 1\n", "f:2: workers: expected a single value, not a list or section"},
	    {"geo: x\n", "f:1: geo: expected a section, indented \"key: value\" lines"},
	    {"geo: ''\n", "f:1: geo: expected a section, indented \"key: value\" lines"},
	    {"redis:\n  keep: [1]\n", "f:2: redis.keep: expected a section, indented \"key: value\" lines"},
	    {"devices: net_null0\n", "f:1: devices: expected a list, lines that begin with \"- name: \""},
	    {"devices:\n  name: net_null0\n", "f:2: devices: expected a list, lines that begin with \"- name: \""},
	    {"devices:\n  - net_null0\n", "f:2: devices[0]: expected keys, beginning with \"name: \""},
	    {"devices:\n  - - name: x\n", "f:2: devices[0]: expected keys, beginning with \"name: \""},
	    {"interval:\n", "f:1: interval: has no value; leave the key out for its default"},
	    {"json: ~\n", "f:1: json: has no value; leave the key out for its default"},
	    {"json: null\n", "f:1: json: has no value; leave the key out for its default"},
	    {"json: \"a\\0b\"\n", "f:1: json: holds a NUL byte"},
	};

	(void)state;
	expect_wrong(wrong, COUNT(wrong));
}

static void wrong_values(void **state)
{
	static const struct wrong wrong[] = {
	    {"group: a\ninterval: 0\n", "f:2: interval: 0 is outside 1..86400 (seconds)"},
	    {"interval: -60\n", "f:1: interval: -60 is outside 1..86400 (seconds)"},
	    {"interval: 99999999999999999999999\n",
	     "f:1: interval: 99999999999999999999999 is outside 1..86400 (seconds)"},
	    {"interval: 60s\n", "f:1: interval: \"60s\" is not a whole number (seconds, 1..86400)"},
	    {"interval: 1.5\n", "f:1: interval: \"1.5\" is not a whole number (seconds, 1..86400)"},
	    {"interval: 0x3c\n", "f:1: interval: \"0x3c\" is not a whole number (seconds, 1..86400)"},
	    {"interval: \"\"\n", "f:1: interval: \"\" is not a whole number (seconds, 1..86400)"},
	    {"interval: --\n", "f:1: interval: \"--\" is not a whole number (seconds, 1..86400)"},
	    {"interval: 7\n", "f:1: interval: 7 does not divide a day (86400 seconds)"},
	    {"redis:\n  url: redis://h\ninterval: 7200\n",
	     "f:3: interval: 7200 does not divide an hour (3600 seconds), which redis.url asks for"},
	    {"day_offset_h: 15\n", "f:1: day_offset_h: 15 is outside -12..14 (hours)"},
	    {"addresses: 9223372036854775808\n",
	     "f:1: addresses: 9223372036854775808 is outside 0..9223372036854775807 (addresses)"},
	    {"memory:\n  hugepages: maybe\n", "f:2: memory.hugepages: \"maybe\" is none of auto, yes, no"},
	    {"sensor: tokyo 1\n", "f:1: sensor: \"tokyo 1\": not a name, which is 1 to 64 of A-Z a-z 0-9 . _ -"},
	    {"group: \"\"\n", "f:1: group: is empty; expected: 1 to 64 of A-Z a-z 0-9 . _ -"},
	    {"json: \"a\\nb\"\n", "f:1: json: \"a?b\": holds a control character"},
	    {"json: \"\\L\"\n", "f:1: json: \"???\": holds a control character"},
	    {"geo:\n  country_path: country..iso_code\n",
	     "f:2: geo.country_path: \"country..iso_code\": an element between the dots is empty"},
	    {"geo:\n  country_path: .\n", "f:2: geo.country_path: \".\": an element between the dots is empty"},
	    {"lcores: 3-1\n", "f:1: lcores: \"3-1\": a range of CPUs runs upwards"},
	    {"redis:\n  url: http://u:secret@h\n", "f:2: redis.url: it must begin with redis:// or unix:///"},
	};

	(void)state;
	expect_wrong(wrong, COUNT(wrong));
}

static void wrong_devices(void **state)
{
#define NOT_A_DEVICE                                                                                                   \
	"not a device; write a PCI address such as 0000:01:00.0, or net_af_packet0,iface=NAME for a kernel interface"
	static const struct wrong wrong[] = {
	    {"devices:\n- name: eth1\n", "f:2: devices[0].name: \"eth1\": " NOT_A_DEVICE},
	    {"devices:\n- name: 0000:01:00\n", "f:2: devices[0].name: \"0000:01:00\": " NOT_A_DEVICE},
	    {"devices:\n- name: bad:00.0\n", "f:2: devices[0].name: \"bad:00.0\": " NOT_A_DEVICE},
	    {"devices:\n- name: --no-huge\n", "f:2: devices[0].name: \"--no-huge\": " NOT_A_DEVICE},
	    {"devices:\n- name: net_null0 x\n",
	     "f:2: devices[0].name: \"net_null0 x\": holds a space or a slash before the first comma"},
	    {"devices:\n- name: \"\"\n", "f:2: devices[0].name: is empty; expected: device as DPDK names it"},
	    {"devices:\n- name: net_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n",
	     "f:2: devices[0].name: \"net_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\": "
	     "the name before the first comma is longer than 63 bytes"},
	    {"devices:\n- name: net_null0\n  queues: 65\n", "f:3: devices[0].queues: 65 is outside 1..64 (queues)"},
	    {"devices:\n- name: net_null0\n  mtu: 67\n", "f:3: devices[0].mtu: 67 is outside 0 or 68..16000 (bytes)"},
	    {"devices:\n- name: net_null0\n  promiscuous: banana\n",
	     "f:3: devices[0].promiscuous: \"banana\" is neither true nor false"},
	    {"devices:\n- name: net_null0,a=1\n- name: net_null0,b=1\n",
	     "f:3: devices[1].name: \"net_null0,b=1\" is there already, in line 2"},
	};

	(void)state;
	expect_wrong(wrong, COUNT(wrong));
	expect_right("devices:\n- name: 0000:01:00.0\n- name: 02:00.1,mac=x\n- name: vmbus:1-2\n- name: net_tap0\n");
	expect_right("devices:\n- name: net_pcap0,rx_pcap=/a b/c.pcap,rx_pcap=d\n- name: virtio_user0,path=/x\n");
}

static void too_many_devices(void **state)
{
	char yaml[64 * (NT_CONFIG_DEVICES_MAX + 2)] = "devices:\n", why[NT_CONFIG_WHY];
	struct nt_config c;
	size_t n = strlen(yaml);

	(void)state;
	for (int i = 0; i < NT_CONFIG_DEVICES_MAX; i++)
		n += (size_t)snprintf(yaml + n, sizeof(yaml) - n, "  - name: net_null%d\n", i);
	assert_int_equal(load(yaml, &c, why), 0);
	assert_int_equal(c.n_devices, NT_CONFIG_DEVICES_MAX);
	assert_string_equal(c.device[31].name, "net_null31");
	nt_config_fini(&c);
	snprintf(yaml + n, sizeof(yaml) - n, "  - name: net_null%d\n", NT_CONFIG_DEVICES_MAX);
	assert_int_equal(load(yaml, &c, why), -EINVAL);
	assert_string_equal(why, "f:34: devices: more than 32");
}

static void wrong_signatures(void **state)
{
	static const struct wrong wrong[] = {
	    {"signatures:\n", "f:1: signatures: has no value; write [] for none, or leave the key out"},
	    {"signatures: x\n", "f:1: signatures: expected a list, lines that begin with \"- name: \""},
	    {"signatures:\n- tcp\n", "f:2: signatures[0]: expected keys, beginning with \"name: \""},
	    {"signatures:\n- name: a\n", "f:2: signatures[0].match: required key is missing"},
	    {"signatures:\n- match: tcp\n", "f:2: signatures[0].name: required key is missing"},
	    {"signatures:\n- {name: a, match: tcp}\n- {name: a b, match: tcp}\n",
	     "f:3: signatures[1].name: \"a b\": not a name, which is 1 to 64 of A-Z a-z 0-9 . _ -"},
	    {"signatures:\n- name: a\n  match: \"\"\n",
	     "f:3: signatures[0].match: is empty; expected: conditions, all of which hold"},
	    {"signatures:\n- name: a\n  match: ' '\n",
	     "f:3: signatures[0].match: no condition; expected some such as: tcp dport 445 flags S/SAFR"},
	    {"signatures:\n- name: a\n  match: tcp\n- name: b\n  sources: any\n  match: tcp dprt 445\n",
	     "f:6: signatures[1].match: \"dprt\" is no condition, did you mean dport?"},
	    {"signatures:\n- name: a\n  match: udp window 5\n",
	     "f:3: signatures[0].match: no packet can match: its conditions belong to different protocols"},
	    {"signatures:\n- name: a\n  match: tcp\n  sources: all\n",
	     "f:4: signatures[0].sources: \"all\" is none of any, all_syns"},
	    {"signatures:\n- name: a\n  match: tcp\n  explains: 0\n",
	     "f:4: signatures[0].explains: \"0\" is neither true nor false"},
	    {"signatures:\n- name: a\n  match: tcp\n- match: udp\n  name: a\n",
	     "f:5: signatures[1].name: \"a\" is there already, in line 2"},
	    {"signatures:\n- name: a\n  mach: tcp\n",
	     "f:3: signatures[0].mach: unknown key, did you mean signatures[0].match?"},
	    {"signatures:\n- name: a\n  match: tcp\n  match: tcp\n",
	     "f:4: signatures[0].match: given twice, first in line 3"},
	    {"signatures:\n- name: a\n  queues: 1\n",
	     "f:3: signatures[0].queues: unknown key, did you mean devices[].queues?"},
	    {"match: tcp\n", "f:1: match: unknown key, did you mean signatures[].match?"},
	};

	(void)state;
	expect_wrong(wrong, COUNT(wrong));
}

static void too_many_signatures(void **state)
{
	char yaml[64 * (NT_SIGNATURES_MAX + 2)] = "devices:\n- name: net_null0\nsignatures:\n", why[NT_CONFIG_WHY];
	struct nt_signature signature[NT_SIGNATURES_MAX];
	struct nt_config c;
	size_t n = strlen(yaml);

	(void)state;
	for (int i = 0; i < NT_SIGNATURES_MAX; i++)
		n += (size_t)snprintf(yaml + n, sizeof(yaml) - n, "- {name: s%d, match: dport %d}\n", i, i);
	assert_int_equal(load(yaml, &c, why), 0);
	assert_int_equal(c.n_devices, 1);
	assert_int_equal(nt_config_signatures(&c, signature), NT_SIGNATURES_MAX);
	assert_string_equal(signature[31].name, "s31");
	assert_string_equal(signature[31].match, "dport 31");
	nt_config_fini(&c);
	snprintf(yaml + n, sizeof(yaml) - n, "- {name: s, match: dport 1}\n");
	assert_int_equal(load(yaml, &c, why), -EINVAL);
	assert_string_equal(why, "f:36: signatures: more than 32");
}

/* Without the key the shipped ones are in use; a list replaces them all, an empty one too. */
static void which_signatures(void **state)
{
	struct nt_signature signature[NT_SIGNATURES_MAX];
	char why[NT_CONFIG_WHY];
	struct nt_config c;

	(void)state;
	assert_int_equal(load("workers: 1\n", &c, why), 0);
	assert_int_equal(nt_config_signatures(&c, signature), nt_signatures_shipped_n);
	for (uint32_t i = 0; i < nt_signatures_shipped_n; i++) {
		assert_string_equal(signature[i].name, nt_signatures_shipped[i].name);
		assert_string_equal(signature[i].match, nt_signatures_shipped[i].match);
		assert_int_equal(signature[i].all_syns, nt_signatures_shipped[i].all_syns);
		assert_int_equal(signature[i].explains, nt_signatures_shipped[i].explains);
		assert_int_equal(signature[i].explains, strcmp(signature[i].name, "smb-other") != 0);
	}
	nt_config_fini(&c);
	assert_int_equal(load("signatures: []\n", &c, why), 0);
	assert_int_equal(nt_config_signatures(&c, signature), 0);
	nt_config_fini(&c);
	assert_int_equal(
	    load("signatures:\n- {name: a, match: gre, sources: all_syns}\n- {name: b, match: tcp, explains: false}\n",
		 &c, why),
	    0);
	assert_int_equal(nt_config_signatures(&c, signature), 2);
	assert_true(signature[0].all_syns);
	assert_false(signature[1].all_syns);
	assert_true(signature[0].explains);
	assert_false(signature[1].explains);
	assert_string_equal(signature[0].match, "gre");
	nt_config_fini(&c);
}

/* Nesting that no key has is refused where it begins, however deep it goes. */
static void deep_nesting(void **state)
{
	enum { DEEP = 100000 };
	char *yaml = malloc(DEEP + 1), why[NT_CONFIG_WHY];
	struct nt_config c;

	(void)state;
	assert_non_null(yaml);
	memset(yaml, '[', DEEP);
	yaml[DEEP] = '\0';
	assert_int_equal(load(yaml, &c, why), -EINVAL);
	memset(yaml, '{', DEEP);
	assert_int_equal(load(yaml, &c, why), -EINVAL);
	memcpy(yaml, "sensor: ", 8);
	assert_int_equal(load(yaml, &c, why), -EINVAL);
	assert_string_equal(why, "f:1: sensor: expected a single value, not a list or section");
	free(yaml);
}

static void long_words(void **state)
{
	char yaml[8192] = "lcores: \"", why[NT_CONFIG_WHY];
	struct nt_config c;

	(void)state;
	memset(yaml + 9, 'x', 5000);
	strcpy(yaml + 9 + 5000, "\"\n");
	assert_int_equal(load(yaml, &c, why), -EINVAL);
	assert_true(strlen(why) < 200);
	memset(yaml, 'x', 5000);
	strcpy(yaml + 1000, ": 1\n"); /* libyaml takes keys of up to 1,024 bytes */
	assert_int_equal(load(yaml, &c, why), -EINVAL);
	assert_true(strlen(why) < 200);
	strcpy(yaml, "json: ");
	memset(yaml + 6, 'x', 5000);
	yaml[6 + 4096] = '\0';
	assert_int_equal(load(yaml, &c, why), -EINVAL);
	assert_string_equal(why, "f:1: json: is longer than 4095 bytes");
	yaml[6 + 4095] = '\0';
	expect_right(yaml);
}

/* A short buffer is filled and ended, none at all is left alone. */
static void short_why(void **state)
{
	static const uint8_t yaml[] = "workers: x\n";
	struct nt_config c;
	char why[8];

	(void)state;
	assert_int_equal(nt_config_load_bytes("file.yaml", yaml, sizeof(yaml) - 1, &c, why, sizeof(why)), -EINVAL);
	assert_string_equal(why, "file.ya");
	assert_int_equal(nt_config_load_bytes("file.yaml", yaml, sizeof(yaml) - 1, &c, NULL, 0), -EINVAL);
}

/* A byte order mark is no column: both readers of the file have to see the same indentation behind it. */
static void byte_order_mark(void **state)
{
	static const struct wrong wrong[] = {
	    {"\xef\xbb\xbfredis:\n day_offset_h: 1\n",
	     "f:2: redis.day_offset_h: unknown key, did you mean day_offset_h?"},
	    {"\xff\xfegroup: a\n", "f:1: not UTF-8 text: incomplete UTF-16 character"},
	};

	(void)state;
	expect_wrong(wrong, COUNT(wrong));
	expect_right("\xef\xbb\xbfredis:\n queue: 1\n");
}

static void nul_bytes(void **state)
{
	static const uint8_t yaml[] = "workers: 1\ngroup: a\0b\n";
	static const uint8_t utf16[] = {0xff, 0xfe, 'a', 0, ':', 0, '1', 0};
	char why[NT_CONFIG_WHY];
	struct nt_config c;

	(void)state;
	assert_int_equal(nt_config_load_bytes("f", yaml, sizeof(yaml) - 1, &c, why, sizeof(why)), -EINVAL);
	assert_string_equal(why, "f:2: holds a NUL byte, so it is not a text file");
	assert_int_equal(nt_config_load_bytes("f", utf16, sizeof(utf16), &c, why, sizeof(why)), -EINVAL);
	assert_string_equal(why, "f:1: holds a NUL byte, so it is not a text file");
}

static void write_file(const char *path, const char *text, size_t size)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, size, f), size);
	assert_int_equal(fclose(f), 0);
}

static void files(void **state)
{
	char directory[] = "/tmp/test_config.XXXXXX", path[64], why[NT_CONFIG_WHY], expected[128];
	static char big[(1 << 20) + 1];
	struct nt_config c;

	(void)state;
	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/a.yaml", directory);
	assert_int_equal(nt_config_load(path, &c, why, sizeof(why)), -ENOENT);
	snprintf(expected, sizeof(expected), "%s: No such file or directory", path);
	assert_string_equal(why, expected);

	assert_int_equal(nt_config_load(directory, &c, why, sizeof(why)), -EISDIR);
	snprintf(expected, sizeof(expected), "%s: Is a directory", directory);
	assert_string_equal(why, expected);

	write_file(path, "workers: 3\n", 11);
	assert_int_equal(nt_config_load(path, &c, why, sizeof(why)), 0);
	assert_int_equal(c.workers, 3);
	nt_config_fini(&c);

	assert_int_equal(chmod(path, 0), 0);
	if (geteuid()) { /* root reads everything */
		assert_int_equal(nt_config_load(path, &c, why, sizeof(why)), -EACCES);
		snprintf(expected, sizeof(expected), "%s: Permission denied", path);
		assert_string_equal(why, expected);
	}
	assert_int_equal(chmod(path, 0600), 0);

	memset(big, '#', sizeof(big));
	write_file(path, big, sizeof(big));
	assert_int_equal(nt_config_load(path, &c, why, sizeof(why)), -EINVAL);
	snprintf(expected, sizeof(expected), "%s: larger than 1 MiB, so it is not a configuration", path);
	assert_string_equal(why, expected);
	unlink(path);
	rmdir(directory);
}

static void defaults(void **state)
{
	struct nt_config c;

	(void)state;
	assert_int_equal(nt_config_defaults(&c), 0);
	assert_string_equal(c.sensor, "");
	assert_string_equal(c.group, "default");
	assert_int_equal(c.addresses, 0);
	assert_int_equal(c.interval_s, 60);
	assert_int_equal(c.n_devices, 0);
	assert_int_equal(c.memory.hugepages, NT_HUGEPAGES_AUTO);
	assert_int_equal(c.memory.mib, 2048);
	assert_int_equal(c.memory.mbufs, 65535);
	assert_int_equal(c.tables.region_port, 1048576);
	assert_int_equal(c.link_wait_s, 10);
	assert_int_equal(c.idle_sleep_us, 500);
	assert_string_equal(c.json, "");
	assert_string_equal(c.redis.url, "");
	assert_int_equal(c.redis.keep.q_days, 1830);
	assert_int_equal(c.redis.members.open_region_port, 32768);
	nt_config_fini(&c);
	nt_config_fini(&c);
}

static void sparse_device(void **state)
{
	char why[NT_CONFIG_WHY];
	struct nt_config c;

	(void)state;
	assert_int_equal(load("redis:\ngeo: ~\ndevices:\n- name: net_null0\n", &c, why), 0);
	assert_int_equal(c.n_devices, 1);
	assert_int_equal(c.devices_line, 3);
	assert_int_equal(c.device[0].queues, 1);
	assert_int_equal(c.device[0].descriptors, 1024);
	assert_true(c.device[0].promiscuous);
	assert_true(c.device[0].wake);
	assert_int_equal(c.device[0].mtu, 0);
	assert_int_equal(c.redis.timeout_ms, 2000);
	assert_int_equal(nt_config_check_run(&c, "f", why, sizeof(why)), 0);
	nt_config_fini(&c);
}

static void run_needs_devices(void **state)
{
	char why[NT_CONFIG_WHY];
	struct nt_config c;

	(void)state;
	assert_int_equal(load("workers: 1\n", &c, why), 0);
	assert_int_equal(nt_config_check_run(&c, "f", why, sizeof(why)), -EINVAL);
	assert_string_equal(why, "f: devices: required key is missing or empty; `needletail ports` prints some");
	nt_config_fini(&c);
	assert_int_equal(load("workers: 1\ndevices: []\n", &c, why), 0);
	assert_int_equal(nt_config_check_run(&c, "f", why, sizeof(why)), -EINVAL);
	assert_string_equal(why, "f:2: devices: required key is missing or empty; `needletail ports` prints some");
	nt_config_fini(&c);
}

static const char full[] = "sensor: tokyo-1\ngroup: domestic\naddresses: 65536\ninterval: 300\nworkers: 2\n"
			   "lcores: 4,0-2\nday_offset_h: -9\nlink_wait_s: 0\nidle_sleep_us: 0\njson: '-'\n"
			   "devices:\n"
			   "  - {name: \"net_af_packet0,iface=eth1,qpairs=2\", queues: 2, mtu: 9000}\n"
			   "  - name: 0000:01:00.0\n    descriptors: 4096\n    promiscuous: No\n    wake: false\n"
			   "geo:\n  country: 'a \"b\" \\c.mmdb'\n  country_path: country.iso_code\n  asn: /x/\xc3\xa9\n"
			   "memory: {hugepages: no, mib: 2048, mbufs: 131071}\n"
			   "tables:\n  region_port: 4096\n"
			   "redis:\n  url: redis://:secret@h:1/2\n  password_file: p\n  timeout_ms: 100\n  queue: 7\n"
			   "  keep:\n    m_days: 1\n  members:\n    q: 9\n"
			   "spool:\n  path: /s\n";

static void every_kind_of_value(void **state)
{
	char why[NT_CONFIG_WHY];
	struct nt_config c;

	(void)state;
	assert_int_equal(load(full, &c, why), 0);
	assert_string_equal(c.sensor, "tokyo-1");
	assert_int_equal(c.addresses, 65536);
	assert_int_equal(c.interval_s, 300);
	assert_string_equal(c.lcores, "4,0-2");
	assert_int_equal(c.day_offset_h, -9);
	assert_int_equal(c.idle_sleep_us, 0);
	assert_string_equal(c.json, "-");
	assert_int_equal(c.n_devices, 2);
	assert_string_equal(c.device[0].name, "net_af_packet0,iface=eth1,qpairs=2");
	assert_int_equal(c.device[0].queues, 2);
	assert_int_equal(c.device[0].mtu, 9000);
	assert_true(c.device[0].promiscuous);
	assert_string_equal(c.device[1].name, "0000:01:00.0");
	assert_int_equal(c.device[1].descriptors, 4096);
	assert_false(c.device[1].promiscuous);
	assert_true(c.device[0].wake);
	assert_false(c.device[1].wake);
	assert_string_equal(c.geo.country, "a \"b\" \\c.mmdb");
	assert_string_equal(c.geo.asn, "/x/\xc3\xa9");
	assert_int_equal(c.memory.hugepages, NT_HUGEPAGES_NO);
	assert_int_equal(c.tables.region_port, 4096);
	assert_string_equal(c.redis.url, "redis://:secret@h:1/2");
	assert_int_equal(c.redis.queue, 7);
	assert_int_equal(c.redis.keep.m_days, 1);
	assert_int_equal(c.redis.keep.h_days, 130);
	assert_int_equal(c.redis.members.q, 9);
	assert_string_equal(c.spool.path, "/s");
	nt_config_fini(&c);
}

static void cpu_lists(void **state)
{
	static const char *const wrong[] = {"",	     "a",	    ",",   "1,",    "1-",    "-1",
					    "1-2-3", "3-1",	    "1,1", "0-3,2", "1024",  "0 -1",
					    "1,,2",  "99999999999", "1;2", "0x1",   "1-1024"};
	struct nt_cpus cpus;
	const char *why;

	(void)state;
	for (size_t i = 0; i < COUNT(wrong); i++) {
		why = NULL;
		assert_int_equal(nt_cpus_parse(wrong[i], &cpus, &why), -EINVAL);
		assert_non_null(why);
	}
	assert_int_equal(nt_cpus_parse("6,0-2,1023", &cpus, &why), 0);
	assert_int_equal(cpus.n, 5);
	assert_int_equal(cpus.cpu[0], 6);
	assert_int_equal(cpus.cpu[1], 0);
	assert_int_equal(cpus.cpu[3], 2);
	assert_int_equal(cpus.cpu[4], 1023);
	assert_int_equal(nt_cpus_of_lcore(&cpus, 0), 6);
	for (uint32_t lcore = 1; lcore < 12; lcore++) /* the others in turn */
		assert_int_equal(nt_cpus_of_lcore(&cpus, lcore), cpus.cpu[1 + (lcore - 1) % 4]);
	assert_int_equal(nt_cpus_parse("5", &cpus, &why), 0);
	assert_int_equal(nt_cpus_of_lcore(&cpus, 0), 5);
	assert_int_equal(nt_cpus_of_lcore(&cpus, 3), 5);
	assert_int_equal(nt_cpus_parse("0-1023", &cpus, &why), 0);
	assert_int_equal(cpus.n, NT_CPUS_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(wrong_form),
	    cmocka_unit_test(wrong_keys),
	    cmocka_unit_test(wrong_kinds),
	    cmocka_unit_test(wrong_values),
	    cmocka_unit_test(wrong_devices),
	    cmocka_unit_test(too_many_devices),
	    cmocka_unit_test(wrong_signatures),
	    cmocka_unit_test(too_many_signatures),
	    cmocka_unit_test(which_signatures),
	    cmocka_unit_test(deep_nesting),
	    cmocka_unit_test(long_words),
	    cmocka_unit_test(short_why),
	    cmocka_unit_test(byte_order_mark),
	    cmocka_unit_test(nul_bytes),
	    cmocka_unit_test(files),
	    cmocka_unit_test(defaults),
	    cmocka_unit_test(sparse_device),
	    cmocka_unit_test(run_needs_devices),
	    cmocka_unit_test(every_kind_of_value),
	    cmocka_unit_test(cpu_lists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
