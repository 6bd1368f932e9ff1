/* SPDX-License-Identifier: BSD-3-Clause */
#include "capture.h"
#include "capture_plain.h"
#include "random.h"

#include "base/log.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

/*
 * Our reader of plain captures beside libpcap, on files that are whole, cut off and spoilt: the same records, the same
 * end, the same words. And bursts beside single records, over several files.
 */

#define FILES	   3000
#define FILE_BYTES (1u << 20)
#define HEAD	   CAPTURE_PLAIN_HEAD

struct bytes {
	uint8_t *at;
	size_t n;
	bool swapped;
};

static void put(struct bytes *b, uint32_t number)
{
	uint32_t v = b->swapped ? __builtin_bswap32(number) : number;

	memcpy(b->at + b->n, &v, sizeof(v));
	b->n += sizeof(v);
}

static uint32_t below(uint32_t n)
{
	return (uint32_t)(next_random() % n);
}

/* Usually the length of a small frame, sometimes that of a large one, none, or one that cannot be. */
static uint32_t draw_length(void)
{
	switch (below(60)) {
	case 0:
		return 0;
	case 1:
		return 262144 - below(3);
	case 2:
		return below(70000);
	case 3:
		return below(3) ? 262145 + below(5) : (uint32_t)next_random();
	default:
		return below(200);
	}
}

static void put_record(struct bytes *b)
{
	uint32_t captured = draw_length(), held = captured <= 262144 ? captured : below(100);

	if (b->n + 16 + held > FILE_BYTES)
		return;
	put(b, below(4) ? 1700000000 + below(100) : (uint32_t)next_random());
	put(b, below(9) ? below(1000000) : (uint32_t)next_random());
	put(b, captured);
	put(b, below(4) ? captured : below(3000));
	for (uint32_t i = 0; i < held; i++)
		b->at[b->n++] = (uint8_t)(i + captured);
}

/* A capture of up to `records`; some are cut off, in some a byte behind the header is another one. */
static void make_file(struct bytes *b, uint32_t records)
{
	static const uint32_t links[] = {1, 101, 0, 113, 276};

	b->n = 0;
	b->swapped = below(2);
	put(b, below(2) ? 0xa1b2c3d4 : 0xa1b23c4d);
	put(b, b->swapped ? 2 << 16 | 4 : 4 << 16 | 2);
	put(b, 0);
	put(b, 0);
	put(b, 0); /* no limit: libpcap cuts what is longer, we do not */
	put(b, links[below(5)]);
	for (uint32_t i = below(records + 1); i > 0; i--)
		put_record(b);
	if (below(3) == 0)
		b->n = HEAD + below((uint32_t)(b->n - HEAD + 1));
	if (below(3) == 0 && b->n > HEAD)
		b->at[HEAD + below((uint32_t)(b->n - HEAD))] ^= (uint8_t)(1u << below(8));
}

static int memory_file(const struct bytes *b)
{
	int fd = memfd_create("capture", 0);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, b->at, b->n), b->n);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

static void same_record(const struct capture_burst *b, uint32_t i, const struct pcap_pkthdr *header,
			const uint8_t *data, bool nano)
{
	uint64_t part = (uint64_t)(uint32_t)header->ts.tv_usec * (nano ? 1 : 1000);

	assert_int_equal(b->frame[i].cap_len, header->caplen);
	assert_int_equal(b->frame[i].wire_len, header->len > header->caplen ? header->len : header->caplen);
	assert_int_equal(b->time[i].s, (uint32_t)header->ts.tv_sec + part / NT_SECOND_NS);
	assert_int_equal(b->time[i].ns, part % NT_SECOND_NS);
	assert_int_equal(b->frame[i].time_ns, nt_time_ns(b->time[i]));
	assert_true(b->time[i].s >= b->earliest_s && b->time[i].s <= b->latest_s);
	assert_memory_equal(b->frame[i].data, data, header->caplen);
}

static void compare_readers(const struct bytes *file)
{
	char error[PCAP_ERRBUF_SIZE], why[CAPTURE_PLAIN_WHY];
	int fd = memory_file(file), result = 1, theirs;
	bool nano = file->at[file->swapped ? 2 : 1] == 0x3c;
	FILE *stream = fmemopen(file->at, file->n, "rb");
	pcap_t *pcap = pcap_fopen_offline_with_tstamp_precision(
	    stream, nano ? PCAP_TSTAMP_PRECISION_NANO : PCAP_TSTAMP_PRECISION_MICRO, error);
	struct capture_burst burst = {.n = 0};
	struct capture_plain *plain;
	struct pcap_pkthdr *header;
	const uint8_t *data;
	uint32_t linktype;

	assert_non_null(pcap);
	assert_true(capture_plain_suits(file->at, &linktype));
	plain = capture_plain_new(fd, file->at);
	assert_non_null(plain);
	lseek(fd, HEAD, SEEK_SET);
	while ((result = capture_plain_read(plain, &burst, why)) == 1) {
		assert_in_range(burst.n, 1, CAPTURE_BURST);
		for (uint32_t i = 0; i < burst.n; i++) {
			assert_int_equal(pcap_next_ex(pcap, &header, &data), 1);
			same_record(&burst, i, header, data, nano);
		}
	}
	theirs = pcap_next_ex(pcap, &header, &data);
	assert_int_equal(result, theirs == PCAP_ERROR_BREAK ? 0 : -EBADMSG);
	if (result)
		assert_string_equal(why, pcap_geterr(pcap));
	pcap_close(pcap);
	capture_plain_free(plain);
	close(fd);
}

static void reads_as_libpcap_does(void **state)
{
	struct bytes file = {.at = malloc(FILE_BYTES)};

	(void)state;
	assert_non_null(file.at);
	for (uint32_t i = 0; i < FILES; i++) {
		make_file(&file, i % 50 ? 10 : 3000);
		compare_readers(&file);
	}
	free(file.at);
}

static void other_headers_are_not_for_it(void **state)
{
	uint8_t head[HEAD] = {0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, [20] = 1}, spoilt[HEAD];
	uint32_t linktype;

	(void)state;
	assert_true(capture_plain_suits(head, &linktype));
	assert_int_equal(linktype, 1);
	for (uint32_t at = 0; at < 8; at++)
		for (uint32_t bit = 0; bit < 8; bit++) {
			memcpy(spoilt, head, sizeof(spoilt));
			spoilt[at] ^= (uint8_t)(1u << bit);
			assert_false(capture_plain_suits(spoilt, &linktype));
		}
	head[23] = 0x14; /* frame check sequences of four bytes */
	assert_false(capture_plain_suits(head, &linktype));
}

/* ---- sets ---- */

#define SETS	  300
#define SET_FILES 3

struct set_files {
	int fd[SET_FILES];
	char path[SET_FILES][32];
	char *paths[SET_FILES];
};

static void make_set(struct set_files *f, struct bytes *scratch, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		make_file(scratch, 200);
		f->fd[i] = memory_file(scratch);
		snprintf(f->path[i], sizeof(f->path[i]), "/proc/self/fd/%d", f->fd[i]);
		f->paths[i] = f->path[i];
	}
}

static void compare_bursts(struct set_files *f, size_t n)
{
	char why[256];
	struct capture_set *singly = capture_set_open(f->paths, n, why, sizeof(why));
	struct capture_set *together = capture_set_open(f->paths, n, why, sizeof(why));
	const struct capture_record *one;
	const struct capture_burst *b;

	assert_true(singly && together);
	if (below(2))
		capture_set_first(together);
	while ((b = capture_set_burst(together)))
		for (uint32_t i = 0; i < b->n; i++) {
			one = capture_set_next(singly);
			assert_non_null(one);
			assert_int_equal(one->link, b->link);
			assert_int_equal(nt_time_compare(one->time, b->time[i]), 0);
			assert_int_equal(one->frame.wire_len, b->frame[i].wire_len);
			assert_int_equal(one->frame.cap_len, b->frame[i].cap_len);
			assert_memory_equal(one->frame.data, b->frame[i].data, one->frame.cap_len);
		}
	assert_null(capture_set_next(singly));
	assert_null(capture_set_burst(together));
	assert_int_equal(capture_set_defective(singly), capture_set_defective(together));
	capture_set_close(singly);
	capture_set_close(together);
}

static void bursts_hold_what_single_records_do(void **state)
{
	struct bytes scratch = {.at = malloc(FILE_BYTES)};
	struct set_files files;

	(void)state;
	assert_non_null(scratch.at);
	nt_log_set_sink(NULL); /* of the defects */
	for (uint32_t i = 0; i < SETS; i++) {
		size_t n = 1 + below(SET_FILES);

		make_set(&files, &scratch, n);
		compare_bursts(&files, n);
		for (size_t k = 0; k < n; k++)
			close(files.fd[k]);
	}
	free(scratch.at);
}

/* ---- files that are not what they were, or should be ---- */

#define RECORD	32u /* bytes of each, with its head */
#define RECORDS 100000u

/* A file of records that has another length once it is open: how many defects there are. */
static size_t resized_to(uint8_t minor, off_t n)
{
	const uint8_t head[HEAD] = {0xd4, 0xc3, 0xb2, 0xa1, 2, 0, minor, 0, [20] = 1};
	const uint8_t record[RECORD] = {[8] = 16, [12] = 16};
	struct bytes file = {.at = malloc(HEAD + RECORDS * RECORD), .n = HEAD};
	char path[32], why[256], *paths[] = {path};
	struct capture_set *set;
	size_t defective;
	int fd;

	assert_non_null(file.at);
	memcpy(file.at, head, HEAD);
	for (; file.n < HEAD + RECORDS * RECORD; file.n += RECORD)
		memcpy(file.at + file.n, record, RECORD);
	fd = memory_file(&file);
	free(file.at);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	set = capture_set_open(paths, 1, why, sizeof(why));
	assert_non_null(set);
	assert_int_equal(ftruncate(fd, n), 0);
	while (capture_set_next(set))
		;
	defective = capture_set_defective(set);
	capture_set_close(set);
	close(fd);
	return defective;
}

/* Version 2.4 is read here, 2.3 by libpcap. Between records nothing else tells that the file was longer. */
static void a_file_that_shrinks_is_defective(void **state)
{
	const off_t all = HEAD + RECORDS * RECORD, some = HEAD + RECORDS / 2 * RECORD;

	(void)state;
	nt_log_set_sink(NULL);
	for (uint8_t minor = 3; minor <= 4; minor++) {
		assert_int_equal(resized_to(minor, all), 0);
		assert_int_equal(resized_to(minor, some), 1);
		assert_int_equal(resized_to(minor, some + 20), 1);
		assert_int_equal(resized_to(minor, all + 2 * 16), 0); /* grown by two records without bytes */
	}
}

static void a_compressed_file_says_what_reads_it(void **state)
{
	static const struct {
		const char *bytes;
		const char *program;
	} rows[] = {{"\x1f\x8b\x08", "gzip -dc "},
		    {"\x28\xb5\x2f\xfd", "zstd -dc "},
		    {"\xfd\x37zXZ", "xz -dc "},
		    {"\x04\x22\x4d\x18", "lz4 -dc "},
		    {"BZh9", "bzip2 -dc "}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t bytes[64] = {0};
		struct bytes file = {.at = bytes, .n = sizeof(bytes)};
		char path[32], why[256], *paths[] = {path};
		int fd;

		memcpy(bytes, rows[i].bytes, strlen(rows[i].bytes));
		fd = memory_file(&file);
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		assert_null(capture_set_open(paths, 1, why, sizeof(why)));
		assert_non_null(strstr(why, rows[i].program));
		close(fd);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_as_libpcap_does),
	    cmocka_unit_test(other_headers_are_not_for_it),
	    cmocka_unit_test(bursts_hold_what_single_records_do),
	    cmocka_unit_test(a_file_that_shrinks_is_defective),
	    cmocka_unit_test(a_compressed_file_says_what_reads_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
