/* SPDX-License-Identifier: BSD-3-Clause */
#include "mmdb_writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Format: https://maxmind.github.io/MaxMind-DB/ */
enum { TYPE_POINTER = 1, TYPE_STRING = 2, TYPE_MAP = 7, TYPE_ARRAY = 11 };

static void die(const char *what)
{
	perror(what);
	abort();
}

void mmdb_raw(struct mmdb_bytes *b, const void *bytes, size_t size)
{
	if (size == 0)
		return;
	if (b->size + size > b->capacity) {
		b->capacity = 2 * (b->size + size);
		b->data = realloc(b->data, b->capacity);
		if (!b->data)
			die("mmdb_raw");
	}
	memcpy(b->data + b->size, bytes, size);
	b->size += size;
}

static void big_endian(struct mmdb_bytes *b, uint64_t value, uint32_t bytes)
{
	for (uint32_t i = bytes; i-- > 0;)
		mmdb_raw(b, &(uint8_t){(uint8_t)(value >> (8 * i))}, 1);
}

static void header(struct mmdb_bytes *b, uint32_t type, uint32_t size)
{
	uint8_t low = (uint8_t)(size < 29 ? size : size < 285 ? 29 : size < 65821 ? 30 : 31);

	big_endian(b, (type <= 7 ? type << 5 : 0) | low, 1);
	if (type > 7)
		big_endian(b, type - 7, 1);
	if (low == 29)
		big_endian(b, size - 29, 1);
	else if (low == 30)
		big_endian(b, size - 285, 2);
	else if (low == 31)
		big_endian(b, size - 65821, 3);
}

void mmdb_map(struct mmdb_bytes *b, uint32_t entries)
{
	header(b, TYPE_MAP, entries);
}

void mmdb_array(struct mmdb_bytes *b, uint32_t entries)
{
	header(b, TYPE_ARRAY, entries);
}

void mmdb_string(struct mmdb_bytes *b, const char *text)
{
	header(b, TYPE_STRING, (uint32_t)strlen(text));
	mmdb_raw(b, text, strlen(text));
}

void mmdb_unsigned(struct mmdb_bytes *b, uint32_t type, uint64_t value)
{
	uint32_t bytes = 0;

	while (bytes < 8 && value >> (8 * bytes))
		bytes++;
	header(b, type, bytes);
	big_endian(b, value, bytes);
}

/* The shortest of the four forms. */
void mmdb_pointer(struct mmdb_bytes *b, uint32_t offset)
{
	static const uint32_t base[] = {0, 2048, 526336, 0};
	uint32_t form = offset < 2048 ? 0 : offset < 526336 ? 1 : offset < 134744064 ? 2 : 3;
	uint32_t value = offset - base[form];
	uint32_t high = form < 3 ? value >> (8 * (form + 1)) : 0;

	big_endian(b, TYPE_POINTER << 5 | form << 3 | high, 1);
	big_endian(b, value, form + 1);
}

void mmdb_writer_init(struct mmdb_writer *w, uint32_t ip_version, uint32_t record_bits)
{
	*w = (struct mmdb_writer){.ip_version = ip_version, .record_bits = record_bits};
	mmdb_add_node(w);
}

void mmdb_writer_fini(struct mmdb_writer *w)
{
	free(w->record);
	free(w->data.data);
	free(w->extra.data);
}

uint32_t mmdb_add_node(struct mmdb_writer *w)
{
	if ((w->nodes & (w->nodes - 1)) == 0) {
		w->record = reallocarray(w->record, w->nodes ? 2 * (size_t)w->nodes : 1, sizeof(*w->record));
		if (!w->record)
			die("mmdb_add_node");
	}
	w->record[w->nodes][0] = w->record[w->nodes][1] = MMDB_EMPTY;
	return w->nodes++;
}

static uint32_t bit(const uint8_t *network, uint32_t i)
{
	return network[i / 8] >> (7 - i % 8) & 1u;
}

void mmdb_insert(struct mmdb_writer *w, const uint8_t *network, uint32_t length, uint64_t leads_to)
{
	uint32_t node = 0;

	for (uint32_t i = 0; i + 1 < length; i++) {
		uint64_t next = w->record[node][bit(network, i)];

		if (next >= MMDB_NODE_MAX) {
			uint32_t split = mmdb_add_node(w);

			w->record[split][0] = w->record[split][1] = next;
			w->record[node][bit(network, i)] = next = split;
		}
		node = (uint32_t)next;
	}
	w->record[node][bit(network, length - 1)] = leads_to;
}

uint64_t mmdb_find(const struct mmdb_writer *w, const uint8_t *network, uint32_t length)
{
	uint64_t next = 0;

	for (uint32_t i = 0; i < length && next < MMDB_NODE_MAX; i++)
		next = w->record[next][bit(network, i)];
	return next;
}

static uint64_t record_value(const struct mmdb_writer *w, uint64_t leads_to)
{
	uint64_t count = w->claimed_nodes ? w->claimed_nodes : w->nodes;

	if (leads_to == MMDB_EMPTY)
		return count;
	if (leads_to & MMDB_DATA(0))
		return count + 16 + (leads_to ^ MMDB_DATA(0));
	if (leads_to & MMDB_BEYOND(0))
		return count + (leads_to ^ MMDB_BEYOND(0));
	return leads_to;
}

static void put_node(struct mmdb_bytes *b, const struct mmdb_writer *w, uint32_t node)
{
	uint64_t left = record_value(w, w->record[node][0]), right = record_value(w, w->record[node][1]);

	if (w->record_bits != 28) {
		big_endian(b, left, w->record_bits / 8);
		big_endian(b, right, w->record_bits / 8);
		return;
	}
	big_endian(b, left & 0xffffff, 3); /* the byte between holds the high four bits of both */
	big_endian(b, (left >> 24 & 0xf) << 4 | (right >> 24 & 0xf), 1);
	big_endian(b, right & 0xffffff, 3);
}

static void put_number(struct mmdb_bytes *b, const char *key, uint32_t type, uint64_t value)
{
	mmdb_string(b, key);
	mmdb_unsigned(b, type, value);
}

static void put_metadata(struct mmdb_bytes *b, const struct mmdb_writer *w)
{
	mmdb_raw(b, "\xab\xcd\xefMaxMind.com", 14);
	mmdb_map(b, 9 + (w->extra.size > 0));
	mmdb_raw(b, w->extra.data, w->extra.size);
	put_number(b, "node_count", MMDB_UINT32, w->claimed_nodes ? w->claimed_nodes : w->nodes);
	put_number(b, "record_size", MMDB_UINT16, w->claimed_bits ? w->claimed_bits : w->record_bits);
	put_number(b, "ip_version", MMDB_UINT16, w->ip_version);
	mmdb_string(b, "database_type");
	mmdb_string(b, "Test-Country");
	mmdb_string(b, "languages");
	mmdb_array(b, 1);
	mmdb_string(b, "en");
	put_number(b, "binary_format_major_version", MMDB_UINT16, 2);
	put_number(b, "binary_format_minor_version", MMDB_UINT16, 0);
	put_number(b, "build_epoch", MMDB_UINT64, 1700000000);
	mmdb_string(b, "description");
	mmdb_map(b, 1);
	mmdb_string(b, "en");
	mmdb_string(b, "made by a test");
}

struct mmdb_bytes mmdb_encode(const struct mmdb_writer *w)
{
	struct mmdb_bytes b = {0};

	for (uint32_t i = 0; i < w->nodes; i++)
		put_node(&b, w, i);
	mmdb_raw(&b, (uint8_t[16]){0}, 16);
	mmdb_raw(&b, w->data.data, w->data.size);
	put_metadata(&b, w);
	return b;
}

void mmdb_save(const struct mmdb_bytes *b, const char *path)
{
	FILE *f = fopen(path, "wb");

	if (!f || (b->size && fwrite(b->data, b->size, 1, f) != 1) || fclose(f))
		die(path);
}
