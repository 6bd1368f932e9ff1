/* SPDX-License-Identifier: BSD-3-Clause */
#include "redis/get_read.h"

#include "base/hll.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Commands on their way at a time: enough that waiting does not matter, few enough that answers do not pile up. */
#define BUNCH 256

/* Words of them, so that a bunch of long commands stays small, too. */
#define BUNCH_WORDS 16384

#define ROOM_FIRST 64

/* Unix seconds beyond this (34,000 years) are nobody's time, and would overflow sums of them. */
#define SECONDS_MAX (INT64_C(1) << 40)

int get_refuse(struct nt_get *g, int err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(g->why, sizeof(g->why), format, args);
	va_end(args);
	return err;
}

/* ---- many commands at once ---- */

static void *grow(void *at, size_t n, size_t *room, size_t size)
{
	size_t more = *room ? *room * 2 : ROOM_FIRST;
	void *grown;

	if (n < *room)
		return at;
	grown = reallocarray(at, more, size);
	if (grown)
		*room = more;
	return grown;
}

static void add_word(struct reads *r, const char *text, size_t length)
{
	struct nt_texts *t = &r->word;
	struct nt_text_at *at = grow(t->at, t->n, &t->n_room, sizeof(*t->at));
	size_t needed = t->used + length + 1;

	if (at)
		t->at = at;
	if (needed > t->room) {
		size_t room = needed * 2;
		char *bytes = realloc(t->bytes, room);

		if (bytes) {
			t->bytes = bytes;
			t->room = room;
		}
	}
	if (!at || needed > t->room) {
		r->error = -ENOMEM;
		return;
	}
	memcpy(t->bytes + t->used, text, length);
	t->bytes[t->used + length] = '\0';
	t->at[t->n++] = (struct nt_text_at){.offset = t->used, .length = length};
	t->used = needed;
	r->at[r->n - 1].n++;
}

void reads_command(struct reads *r, size_t tag, const char *name, const char *key)
{
	struct read_command *at = grow(r->at, r->n, &r->room, sizeof(*r->at));

	if (!at) {
		r->error = -ENOMEM;
		return;
	}
	r->at = at;
	r->at[r->n++] = (struct read_command){.first = r->word.n, .key = r->word.n + 1, .tag = tag};
	reads_word(r, name);
	if (key)
		reads_word(r, key);
}

void reads_word(struct reads *r, const char *text)
{
	if (!r->error)
		add_word(r, text, strlen(text));
}

void reads_key(struct reads *r, const char *key)
{
	if (!r->error)
		r->at[r->n - 1].key = r->word.n;
	reads_word(r, key);
}

void reads_number(struct reads *r, int64_t number)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRId64, number);
	reads_word(r, text);
}

void reads_fini(struct reads *r)
{
	free(r->word.bytes);
	free(r->word.at);
	free(r->at);
	*r = (struct reads){0};
}

/* Commands from `first` on that go together: at least one. */
static size_t bunch(const struct reads *r, size_t first)
{
	size_t n = 0, words = 0, most = r->bunch && r->bunch < BUNCH ? r->bunch : BUNCH;

	while (first + n < r->n && n < most && words < BUNCH_WORDS)
		words += r->at[first + n++].n;
	return n;
}

struct sending {
	const char **word; /* [all words] */
	size_t *length;
	struct nt_command command[BUNCH];
	redisReply *reply[BUNCH];
};

static void fill(struct sending *s, const struct reads *r, size_t first, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct read_command *c = &r->at[first + i];

		s->command[i] = (struct nt_command){
		    .word = &s->word[c->first],
		    .length = &s->length[c->first],
		    .n = c->n,
		    .key = c->key < c->first + c->n ? s->word[c->key] : NULL,
		};
	}
}

/* Hands over and frees all answers, also those that nobody wants after a failure. */
static int hand_over(struct sending *s, const struct reads *r, size_t first, size_t n, read_answer *answer,
		     void *cookie)
{
	int err = 0;

	for (size_t i = 0; i < n; i++) {
		if (!err)
			err = answer(cookie, r->at[first + i].tag, s->reply[i]);
		freeReplyObject(s->reply[i]);
	}
	return err;
}

static int send_all(struct nt_get *g, const struct reads *r, struct sending *s, read_answer *answer, void *cookie)
{
	for (size_t i = 0; i < r->word.n; i++) {
		s->word[i] = nt_texts_get(&r->word, i);
		s->length[i] = r->word.at[i].length;
	}
	for (size_t first = 0, n; first < r->n; first += n) {
		int err;

		n = bunch(r, first);
		fill(s, r, first, n);
		err = nt_connection_pipeline(g->connection, s->command, n, s->reply);
		if (err)
			return get_refuse(g, err, "%s", nt_connection_why(g->connection));
		err = hand_over(s, r, first, n, answer, cookie);
		if (err)
			return err == -ENOMEM ? get_refuse(g, err, "out of memory") : err;
	}
	return 0;
}

static int open_connection(struct nt_get *g)
{
	int err = nt_connection_is_open(g->connection) ? 0 : nt_connection_open(g->connection);

	return err ? get_refuse(g, err, "%s", nt_connection_why(g->connection)) : 0;
}

int reads_run(struct nt_get *g, struct reads *r, read_answer *answer, void *cookie)
{
	struct sending *s = calloc(1, sizeof(*s));
	int err = r->error;

	if (s) {
		s->word = calloc(r->word.n + 1, sizeof(*s->word));
		s->length = calloc(r->word.n + 1, sizeof(*s->length));
	}
	if (!s || !s->word || !s->length)
		err = -ENOMEM;
	if (err)
		get_refuse(g, err, "out of memory");
	else if (r->n)
		err = open_connection(g);
	if (!err)
		err = send_all(g, r, s, answer, cookie);
	if (s) {
		free(s->word);
		free(s->length);
	}
	free(s);
	reads_fini(r);
	return err;
}

/* ---- values ---- */

bool is_text(const redisReply *reply)
{
	return reply && (reply->type == REDIS_REPLY_STRING || reply->type == REDIS_REPLY_STATUS);
}

bool read_u64(const redisReply *reply, uint64_t *value)
{
	uint64_t v = 0;
	bool full = false;

	*value = 0;
	if (reply && reply->type == REDIS_REPLY_INTEGER && reply->integer >= 0) {
		*value = (uint64_t)reply->integer;
		return true;
	}
	if (!is_text(reply) || !reply->len)
		return false;
	for (size_t i = 0; i < (size_t)reply->len; i++) {
		if (reply->str[i] < '0' || reply->str[i] > '9')
			return false;
		full |=
		    __builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, (uint64_t)(reply->str[i] - '0'), &v);
	}
	*value = full ? UINT64_MAX : v;
	return true;
}

bool read_score(const redisReply *reply, uint64_t *value)
{
	char *end;
	double v;

	if (read_u64(reply, value))
		return true;
	if (!is_text(reply) || !reply->len)
		return false;
	v = strtod(reply->str, &end);
	if (end != reply->str + reply->len || !(v >= 0)) /* not a number, too */
		return false;
	*value = v >= 0x1p64 ? UINT64_MAX : (uint64_t)v;
	return true;
}

bool read_seconds(const redisReply *reply, int64_t *value)
{
	bool negative = is_text(reply) && reply->len > 1 && reply->str[0] == '-';
	redisReply digits;
	uint64_t v;

	*value = 0;
	if (negative) {
		digits = *reply;
		digits.str++;
		digits.len--;
		reply = &digits;
	}
	if (!read_u64(reply, &v) || v > SECONDS_MAX)
		return false;
	*value = negative ? -(int64_t)v : (int64_t)v;
	return true;
}

uint64_t read_optional(const redisReply *reply, uint64_t *defects)
{
	uint64_t value = 0;

	if (reply && reply->type != REDIS_REPLY_NIL && !read_score(reply, &value))
		*defects += 1;
	return value;
}

bool is_list(const redisReply *reply, uint64_t *defects)
{
	if (reply->type == REDIS_REPLY_ARRAY)
		return true;
	if (reply->type != REDIS_REPLY_NIL)
		*defects += 1;
	return false;
}

const redisReply *list_at(const redisReply *reply, size_t i)
{
	return reply->type == REDIS_REPLY_ARRAY && i < reply->elements ? reply->element[i] : NULL;
}

bool read_name(const redisReply *reply, char name[static NT_GET_NAME])
{
	if (!is_text(reply) || !reply->len || (size_t)reply->len >= NT_GET_NAME ||
	    memchr(reply->str, '\0', (size_t)reply->len))
		return false;
	memcpy(name, reply->str, (size_t)reply->len + 1);
	return true;
}

bool read_port_name(const char *text, uint16_t *port, const char **transport)
{
	const char *slash = strchr(text, '/');
	uint64_t value;
	char digits[8];

	if (!slash || (size_t)(slash - text) >= sizeof(digits))
		return false;
	snprintf(digits, sizeof(digits), "%.*s", (int)(slash - text), text);
	*transport = slash + 1;
	*port = 0;
	if (nt_parse_u64(digits, 0, UINT16_MAX, &value) ||
	    (strcmp(*transport, "tcp") != 0 && strcmp(*transport, "udp") != 0))
		return false;
	*port = (uint16_t)value;
	return true;
}

/* ---- a table from name to number ---- */

static size_t place(const struct members *m, const char *name)
{
	size_t at = nt_hll_hash(name, strlen(name)) & (m->slots - 1);

	while (m->slot[at] && strcmp(m->at[m->slot[at] - 1].name, name) != 0)
		at = (at + 1) & (m->slots - 1);
	return at;
}

/* At most half full, so that a free place is near. */
static bool widen(struct members *m)
{
	size_t slots = m->slots ? m->slots * 2 : (size_t)2 * ROOM_FIRST;
	uint32_t *slot = calloc(slots, sizeof(*slot));

	if (!slot)
		return false;
	free(m->slot);
	m->slot = slot;
	m->slots = slots;
	for (size_t i = 0; i < m->n; i++)
		m->slot[place(m, m->at[i].name)] = (uint32_t)i + 1;
	return true;
}

struct nt_get_member *members_add(struct members *m, const char *name, uint64_t packets)
{
	struct nt_get_member *at;
	size_t slot;

	if (m->n * 2 >= m->slots && !widen(m))
		return NULL;
	slot = place(m, name);
	if (!m->slot[slot]) {
		at = grow(m->at, m->n, &m->room, sizeof(*at));
		if (!at)
			return NULL;
		m->at = at;
		at = &m->at[m->n++];
		*at = (struct nt_get_member){0};
		memcpy(at->name, name, strnlen(name, sizeof(at->name) - 1));
		m->slot[slot] = (uint32_t)m->n;
	}
	at = &m->at[m->slot[slot] - 1];
	add_to(&at->packets, packets);
	return at;
}

void members_fini(struct members *m)
{
	free(m->at);
	free(m->slot);
	*m = (struct members){0};
}

static int heavier(const void *a, const void *b)
{
	const struct nt_get_member *x = a, *y = b;

	if (x->packets != y->packets)
		return x->packets < y->packets ? 1 : -1;
	return strcmp(x->name, y->name);
}

void members_take(struct members *m, size_t most, struct nt_get_top *out)
{
	if (m->n)
		qsort(m->at, m->n, sizeof(*m->at), heavier);
	out->at = m->at;
	out->n = most && most < m->n ? most : m->n;
	for (size_t i = out->n; i < m->n; i++)
		add_to(&out->others, m->at[i].packets);
	m->at = NULL;
	members_fini(m);
}

int members_add_list(struct members *m, const redisReply *reply, const char *prefix, uint64_t *defects)
{
	char name[NT_GET_NAME];
	uint64_t packets;

	if (!is_list(reply, defects))
		return 0;
	for (size_t i = 0; i + 1 < reply->elements; i += 2) {
		if (!read_name(reply->element[i], name) || !read_score(reply->element[i + 1], &packets))
			*defects += 1;
		else if (prefix && strncmp(name, prefix, strlen(prefix)) != 0)
			continue;
		else if (!members_add(m, name, packets))
			return -ENOMEM;
	}
	return 0;
}
