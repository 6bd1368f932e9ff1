/* SPDX-License-Identifier: BSD-3-Clause */
#include "capture.h"

#include "capture_stream.h"

#include "base/log.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

/* How a file writes time. A pcap header has 32 unsigned bits of seconds, which libpcap hands out sign-extended. */
enum stamp { STAMP_PCAP_US, STAMP_PCAP_NS, STAMP_NS };

struct capture {
	const char *path;
	pcap_t *pcap;
	enum nt_link link;
	enum stamp stamp;
	uint64_t records; /* read so far */
	struct capture_record record;
};

struct capture_set {
	struct capture *capture; /* [n] */
	size_t n;
	size_t *heap; /* [in_heap] indices of files that have a record, the earliest first */
	size_t in_heap;
	size_t defective;
	bool begun; /* the first record of every file is read */
	bool given; /* the record on top of the heap is */
};

struct link_row {
	int dlt;
	enum nt_link link;
};

/* libpcap's numbers; 12 and 14 are both raw IP, each on other systems. */
static const struct link_row links[] = {
    {DLT_EN10MB, NT_LINK_ETHERNET},
    {12, NT_LINK_RAW},
    {14, NT_LINK_RAW},
    {101, NT_LINK_RAW},
    {DLT_IPV4, NT_LINK_RAW},
    {DLT_IPV6, NT_LINK_RAW},
    {DLT_NULL, NT_LINK_NULL},
    {DLT_LOOP, NT_LINK_NULL},
    {DLT_LINUX_SLL, NT_LINK_SLL},
    {DLT_LINUX_SLL2, NT_LINK_SLL2},
};

static int find_link(int dlt, enum nt_link *link)
{
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		if (links[i].dlt == dlt) {
			*link = links[i].link;
			return 0;
		}
	return -ENOTSUP;
}

static enum stamp find_stamp(const uint8_t bytes[static CAPTURE_MAGIC_BYTES])
{
	uint32_t magic;

	memcpy(&magic, bytes, sizeof(magic));
	switch (magic) {
	case 0xa1b2c3d4:
	case 0xd4c3b2a1:
	case 0xa1b2cd34: /* with longer record headers, by a patched libpcap of old */
	case 0x34cdb2a1:
		return STAMP_PCAP_US;
	case 0xa1b23c4d:
	case 0x4d3cb2a1:
		return STAMP_PCAP_NS;
	default:
		return STAMP_NS;
	}
}

static int capture_open(struct capture *c, const char *path, char *why, size_t why_size)
{
	char reason[PCAP_ERRBUF_SIZE];
	uint8_t magic[CAPTURE_MAGIC_BYTES];
	FILE *file = capture_stream_open(path, magic);
	int err = -errno;

	if (!file) {
		snprintf(why, why_size, "%s: %s", path, strerror(-err));
		return err;
	}
	c->path = path;
	c->stamp = find_stamp(magic);
	c->pcap = pcap_fopen_offline_with_tstamp_precision(
	    file, c->stamp == STAMP_PCAP_US ? PCAP_TSTAMP_PRECISION_MICRO : PCAP_TSTAMP_PRECISION_NANO, reason);
	if (!c->pcap) {
		fclose(file);
		snprintf(why, why_size, "%s: %s", path, reason);
		return -EBADMSG;
	}
	err = find_link(pcap_datalink(c->pcap), &c->link);
	if (err)
		snprintf(why, why_size, "%s: link type %d is not one that can be counted", path,
			 pcap_datalink(c->pcap));
	return err;
}

static struct nt_time record_time(const struct capture *c, const struct pcap_pkthdr *header)
{
	uint64_t part = (uint32_t)header->ts.tv_usec;
	int64_t s = c->stamp == STAMP_NS ? header->ts.tv_sec : (uint32_t)header->ts.tv_sec;

	if (c->stamp == STAMP_PCAP_US)
		part *= 1000;
	return (struct nt_time){.s = s + (int64_t)(part / NT_SECOND_NS), .ns = (uint32_t)(part % NT_SECOND_NS)};
}

/* Reads the next record: 1; 0 at the end; -EBADMSG where the file breaks off. */
static int capture_read(struct capture *c)
{
	struct pcap_pkthdr *header;
	const uint8_t *data;
	int result = pcap_next_ex(c->pcap, &header, &data);

	if (result == PCAP_ERROR_BREAK)
		return 0;
	if (result != 1) {
		nt_warning("%s: unreadable after %llu records: %s", c->path, (unsigned long long)c->records,
			   pcap_geterr(c->pcap));
		return -EBADMSG;
	}
	c->records++;
	c->record.frame.data = data;
	c->record.frame.cap_len = header->caplen;
	c->record.frame.wire_len = header->len > header->caplen ? header->len : header->caplen;
	c->record.time = record_time(c, header);
	c->record.frame.time_ns = nt_time_ns(c->record.time);
	c->record.link = c->link;
	return 1;
}

/* Which of two heap entries comes first; of two records of one moment the one of the earlier file. */
static bool comes_before(const struct capture_set *set, size_t a, size_t b)
{
	int order = nt_time_compare(set->capture[set->heap[a]].record.time, set->capture[set->heap[b]].record.time);

	return order ? order < 0 : set->heap[a] < set->heap[b];
}

static void swap(size_t *a, size_t *b)
{
	size_t t = *a;

	*a = *b;
	*b = t;
}

static void sift_down(struct capture_set *set, size_t at)
{
	for (;;) {
		size_t least = at, left = 2 * at + 1, right = left + 1;

		if (left < set->in_heap && comes_before(set, left, least))
			least = left;
		if (right < set->in_heap && comes_before(set, right, least))
			least = right;
		if (least == at)
			return;
		swap(&set->heap[at], &set->heap[least]);
		at = least;
	}
}

/* Reads the first record of every file. */
static void begin(struct capture_set *set)
{
	for (size_t i = 0; i < set->n; i++) {
		int result = capture_read(&set->capture[i]);

		if (result == 1)
			set->heap[set->in_heap++] = i;
		set->defective += result < 0;
	}
	for (size_t i = set->in_heap / 2; i-- > 0;)
		sift_down(set, i);
	set->begun = true;
}

/* Moves the file on top of the heap to its next record. */
static void advance(struct capture_set *set)
{
	int result = capture_read(&set->capture[set->heap[0]]);

	if (result != 1)
		set->heap[0] = set->heap[--set->in_heap];
	set->defective += result < 0;
	sift_down(set, 0);
}

const struct capture_record *capture_set_first(struct capture_set *set)
{
	if (!set->begun)
		begin(set);
	return set->in_heap ? &set->capture[set->heap[0]].record : NULL;
}

const struct capture_record *capture_set_next(struct capture_set *set)
{
	if (set->given && set->in_heap)
		advance(set);
	set->given = true;
	return capture_set_first(set);
}

size_t capture_set_defective(const struct capture_set *set)
{
	return set->defective;
}

/* Every file stays open until the end: asks for as many descriptors as this process may have. */
static void raise_file_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

struct capture_set *capture_set_open(char *const *paths, size_t n, char *why, size_t why_size)
{
	struct capture_set *set = calloc(1, sizeof(*set));
	int err = -ENOMEM;

	if (!set)
		goto err;
	set->capture = calloc(n, sizeof(*set->capture));
	set->heap = calloc(n, sizeof(*set->heap));
	if (!set->capture || !set->heap)
		goto err;
	raise_file_limit();
	for (; set->n < n; set->n++) {
		err = capture_open(&set->capture[set->n], paths[set->n], why, why_size);
		if (err) {
			set->n++; /* what it opened is to be closed */
			goto err;
		}
	}
	return set;
err:
	if (err == -ENOMEM)
		snprintf(why, why_size, "captures: %s", strerror(ENOMEM));
	capture_set_close(set);
	errno = -err;
	return NULL;
}

void capture_set_close(struct capture_set *set)
{
	if (!set)
		return;
	for (size_t i = 0; set->capture && i < set->n; i++)
		if (set->capture[i].pcap)
			pcap_close(set->capture[i].pcap);
	free(set->capture);
	free(set->heap);
	free(set);
}
