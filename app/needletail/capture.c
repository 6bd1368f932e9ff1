/* SPDX-License-Identifier: BSD-3-Clause */
#include "capture.h"

#include "capture_plain.h"
#include "capture_stream.h"

#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* A file's first four bytes tell its format and byte order. */
#define MAGIC_BYTES 4

_Static_assert(CAPTURE_PLAIN_HEAD <= CAPTURE_STREAM_HEAD, "what was read may go to either reader");

/* How a file writes time. A pcap header has 32 unsigned bits of seconds, which libpcap hands out sign-extended. */
enum stamp { STAMP_PCAP_US, STAMP_PCAP_NS, STAMP_NS };

struct capture {
	const char *path;
	int fd;
	off_t bytes;		     /* of the file when it was opened; 0: it is none */
	struct capture_plain *plain; /* one of these two reads it */
	pcap_t *pcap;
	enum nt_link link;
	enum stamp stamp;
	uint64_t records;	    /* handed on so far */
	struct capture_burst burst; /* read, and of it handed on up to `at` */
	uint32_t at;
	struct capture_record record;
};

struct capture_set {
	struct capture *capture; /* [n] */
	size_t n;
	size_t *heap; /* [in_heap] indices of files that have a record, the earliest first */
	size_t in_heap;
	size_t defective;
	bool begun;		    /* the first record of every file is read */
	bool given;		    /* the record on top of the heap is */
	struct capture_burst burst; /* the last one given */
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

static enum stamp find_stamp(const uint8_t bytes[static MAGIC_BYTES])
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

/* Reads the first bytes of a file, which may be fewer: how many, or -errno. */
static ssize_t read_head(int fd, uint8_t head[static CAPTURE_PLAIN_HEAD])
{
	size_t n = 0;
	ssize_t got = 1;

	memset(head, 0, CAPTURE_PLAIN_HEAD);
	for (; n < CAPTURE_PLAIN_HEAD && got > 0; n += (size_t)got) {
		got = read(fd, head + n, CAPTURE_PLAIN_HEAD - n);
		if (got < 0)
			return -errno;
	}
	return (ssize_t)n;
}

struct compressor_row {
	const char *name; /* a program that takes -dc */
	uint8_t n;
	uint8_t magic[MAGIC_BYTES];
};

static const struct compressor_row compressors[] = {
    {"gzip", 2, {0x1f, 0x8b}},	      {"zstd", 4, {0x28, 0xb5, 0x2f, 0xfd}}, {"lz4", 4, {0x04, 0x22, 0x4d, 0x18}},
    {"xz", 4, {0xfd, '7', 'z', 'X'}}, {"bzip2", 3, {'B', 'Z', 'h'}},
};

/* What has made such a file, or NULL. */
static const char *find_compressor(const uint8_t bytes[static MAGIC_BYTES])
{
	for (size_t i = 0; i < sizeof(compressors) / sizeof(compressors[0]); i++)
		if (!memcmp(bytes, compressors[i].magic, compressors[i].n))
			return compressors[i].name;
	return NULL;
}

static void say_unreadable(const struct capture *c, const uint8_t *head, const char *reason, char *why, size_t why_size)
{
	const char *compressor = find_compressor(head);

	if (compressor)
		snprintf(why, why_size, "%s: compressed by %s; read it through a pipe, as in: <(%s -dc FILE)", c->path,
			 compressor, compressor);
	else
		snprintf(why, why_size, "%s: %s", c->path, reason);
}

static int open_pcap(struct capture *c, const uint8_t *head, size_t n, char *why, size_t why_size)
{
	char reason[PCAP_ERRBUF_SIZE];
	FILE *file = capture_stream_open(c->fd, head, n);

	if (!file) {
		snprintf(why, why_size, "%s: %s", c->path, strerror(errno));
		return -errno;
	}
	c->stamp = find_stamp(head);
	c->pcap = pcap_fopen_offline_with_tstamp_precision(
	    file, c->stamp == STAMP_PCAP_US ? PCAP_TSTAMP_PRECISION_MICRO : PCAP_TSTAMP_PRECISION_NANO, reason);
	if (!c->pcap) {
		fclose(file);
		say_unreadable(c, head, reason, why, why_size);
		return -EBADMSG;
	}
	if (!find_link(pcap_datalink(c->pcap), &c->link))
		return 0;
	snprintf(why, why_size, "%s: link type %d is not one that can be counted", c->path, pcap_datalink(c->pcap));
	return -ENOTSUP;
}

/* A link type that we do not know is libpcap's to name. */
static int choose_reader(struct capture *c, const uint8_t *head, size_t n, char *why, size_t why_size)
{
	uint32_t linktype;

	if (n < CAPTURE_PLAIN_HEAD || !capture_plain_suits(head, &linktype) || find_link((int)linktype, &c->link))
		return open_pcap(c, head, n, why, why_size);
	c->plain = capture_plain_new(c->fd, head);
	if (c->plain)
		return 0;
	snprintf(why, why_size, "%s: %s", c->path, strerror(ENOMEM));
	return -ENOMEM;
}

/* Of a file; 0 of anything else. */
static off_t size_of(int fd)
{
	struct stat file;

	return fstat(fd, &file) == 0 && S_ISREG(file.st_mode) ? file.st_size : 0;
}

static int capture_open(struct capture *c, const char *path, char *why, size_t why_size)
{
	uint8_t head[CAPTURE_PLAIN_HEAD];
	ssize_t n;

	c->path = path;
	c->fd = strcmp(path, "-") ? open(path, O_RDONLY | O_CLOEXEC) : STDIN_FILENO;
	n = c->fd < 0 ? -errno : read_head(c->fd, head);
	if (n < 0) {
		snprintf(why, why_size, "%s: %s", path, strerror((int)-n));
		return (int)n;
	}
	c->bytes = size_of(c->fd);
	return choose_reader(c, head, (size_t)n, why, why_size);
}

static struct nt_time record_time(const struct capture *c, const struct pcap_pkthdr *header)
{
	uint64_t part = (uint32_t)header->ts.tv_usec;
	int64_t s = c->stamp == STAMP_NS ? header->ts.tv_sec : (uint32_t)header->ts.tv_sec;

	if (c->stamp == STAMP_PCAP_US)
		part *= 1000;
	return (struct nt_time){.s = s + (int64_t)(part / NT_SECOND_NS), .ns = (uint32_t)(part % NT_SECOND_NS)};
}

static int warn_defect(const struct capture *c, const char *reason)
{
	nt_warning("%s: unreadable after %llu records: %s", c->path, (unsigned long long)c->records, reason);
	return -EBADMSG;
}

/* One record: what libpcap hands out lives until its next. */
static int read_pcap(struct capture *c, struct capture_burst *b)
{
	struct pcap_pkthdr *header;
	const uint8_t *data;
	int result = pcap_next_ex(c->pcap, &header, &data);

	if (result == PCAP_ERROR_BREAK)
		return 0;
	if (result != 1)
		return warn_defect(c, pcap_geterr(c->pcap));
	b->n = 1;
	b->time[0] = record_time(c, header);
	b->earliest_s = b->latest_s = b->time[0].s;
	b->frame[0] = (struct nt_frame){.data = data,
					.cap_len = header->caplen,
					.wire_len = header->len > header->caplen ? header->len : header->caplen,
					.time_ns = nt_time_ns(b->time[0])};
	return 1;
}

static int read_plain(struct capture *c, struct capture_burst *b)
{
	char why[CAPTURE_PLAIN_WHY];
	int result = capture_plain_read(c->plain, b, why);

	return result < 0 ? warn_defect(c, why) : result;
}

/* Reads the next records: 1; 0 at the end; -EBADMSG where the file breaks off, or if it was cut while it was read. */
static int read_burst(struct capture *c, struct capture_burst *b)
{
	int result = c->plain ? read_plain(c, b) : read_pcap(c, b);

	b->link = c->link;
	if (result == 1)
		c->records += b->n;
	if (result == 0 && c->bytes && lseek(c->fd, 0, SEEK_CUR) < c->bytes)
		return warn_defect(c, "the file has become shorter meanwhile");
	return result;
}

/* Moves to the next record: as read_burst(). */
static int capture_read(struct capture *c)
{
	if (c->at == c->burst.n) {
		int result = read_burst(c, &c->burst);

		c->at = 0;
		if (result != 1) {
			c->burst.n = 0;
			return result;
		}
	}
	c->record =
	    (struct capture_record){.frame = c->burst.frame[c->at], .time = c->burst.time[c->at], .link = c->link};
	c->at++;
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

/* One record as a burst. */
static void put_record(struct capture_burst *b, const struct capture_record *record)
{
	b->n = 1;
	b->link = record->link;
	b->earliest_s = b->latest_s = record->time.s;
	b->frame[0] = record->frame;
	b->time[0] = record->time;
}

/*
 * The last file left has nobody to give way to: once what was read of it is handed on, the rest goes by bursts. The
 * file on top of the heap then stands between records, as if the last of the burst were given.
 */
const struct capture_burst *capture_set_burst(struct capture_set *set)
{
	struct capture *c = set->in_heap == 1 && set->given ? &set->capture[set->heap[0]] : NULL;
	const struct capture_record *record;
	int result;

	if (!c || c->at < c->burst.n) {
		record = capture_set_next(set);
		if (!record)
			return NULL;
		put_record(&set->burst, record);
		return &set->burst;
	}
	result = read_burst(c, &set->burst);
	if (result == 1)
		return &set->burst;
	set->in_heap = 0;
	set->defective += result < 0;
	return NULL;
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

static void capture_close(struct capture *c)
{
	if (c->pcap)
		pcap_close(c->pcap);
	capture_plain_free(c->plain);
	if (c->fd > STDIN_FILENO)
		close(c->fd);
}

void capture_set_close(struct capture_set *set)
{
	if (!set)
		return;
	for (size_t i = 0; set->capture && i < set->n; i++)
		capture_close(&set->capture[i]);
	free(set->capture);
	free(set->heap);
	free(set);
}
