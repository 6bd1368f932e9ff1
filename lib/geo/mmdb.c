/* SPDX-License-Identifier: BSD-3-Clause */
#include "geo/mmdb.h"
#include "geo/image.h"
#include "geo/value.h"
#include "needletail/schema.h"

#include <errno.h>
#include <maxminddb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The metadata stand behind the last marker in the last 128 KiB of the file. */
static const char metadata_marker[] = "\xab\xcd\xefMaxMind.com";
#define METADATA_MARKER_BYTES (sizeof(metadata_marker) - 1)
#define METADATA_BYTES_MAX    (128u << 10)

/*
 * How many values may be looked at in all: some, and more for every byte of the file. Records share values by pointer,
 * so that city databases come to about 4 per byte.
 */
#define VALUES_MIN	(1u << 20)
#define VALUES_PER_BYTE 64u

#define PATH_KEYS_MAX 8

/* Where a region may stand in a record: keys, ended by NULL. */
struct path {
	const char *key[PATH_KEYS_MAX + 1];
};

struct nt_mmdb {
	MMDB_s db;
	struct nt_mmdb_tree tree;
	struct nt_values values;
	struct path configured; /* key[0] NULL: default_paths */
	char *configured_text;	/* what its keys point into */
};

static const struct path default_paths[] = {
    {.key = {"country", "iso_code"}},
    {.key = {"country_code"}},
    {.key = {"country"}},
};

static int broken(const char *why, const char **reason)
{
	*reason = why;
	return -EBADMSG;
}

static int mmdb_fail(int status, const char **reason)
{
	*reason = MMDB_strerror(status);
	return status == MMDB_OUT_OF_MEMORY_ERROR ? -ENOMEM : -EBADMSG;
}

static int parse_path(struct nt_mmdb *m, const char *dotted, const char **reason)
{
	char *rest, *key;
	uint32_t n = 0;

	rest = m->configured_text = strdup(dotted);
	if (!rest) {
		*reason = strerrordesc_np(ENOMEM);
		return -ENOMEM;
	}
	while ((key = strsep(&rest, "."))) {
		if (!*key || n == PATH_KEYS_MAX) {
			*reason = "the path to the country has an empty key, or more than 8";
			return -EINVAL;
		}
		m->configured.key[n++] = key;
	}
	return 0;
}

/* Finds the metadata as libmaxminddb does and looks them over, because MMDB_open() walks them at once. */
static int check_metadata(const struct nt_image *image, const char **reason)
{
	const uint8_t *end = image->bytes + image->size;
	const uint8_t *from = end - (image->size < METADATA_BYTES_MAX ? image->size : METADATA_BYTES_MAX);
	const uint8_t *metadata = NULL;
	struct nt_values values = {.steps_left = UINT64_MAX};

	while ((from = memmem(from, (size_t)(end - from), metadata_marker, METADATA_MARKER_BYTES))) {
		from += METADATA_MARKER_BYTES;
		metadata = from;
	}
	if (!metadata)
		return broken("not a MaxMind database", reason);
	values.data = metadata;
	values.size = (uint32_t)(end - metadata);
	if (nt_value_check(&values, 0))
		return broken("broken metadata", reason);
	return 0;
}

/* libmaxminddb 1.7.1 multiplies node count and node size in 32 bits; everything later leans on this check. */
static int check_tree_size(const MMDB_s *db, const char **reason)
{
	uint64_t tree = (uint64_t)db->metadata.node_count * db->full_record_byte_size;

	if (tree + NT_MMDB_SEPARATOR_BYTES >= (uint64_t)db->file_size)
		return broken("search tree larger than the file", reason);
	return 0;
}

static int open_image(struct nt_mmdb *m, const char *path, const char **reason)
{
	struct nt_image image;
	int rc, status;

	rc = nt_image_open(&image, path, reason);
	if (rc)
		return rc;
	rc = check_metadata(&image, reason);
	if (rc == 0) {
		status = MMDB_open(image.path, MMDB_MODE_MMAP, &m->db);
		if (status != MMDB_SUCCESS)
			rc = mmdb_fail(status, reason);
	}
	nt_image_close(&image); /* libmaxminddb has its own mapping of the copy by now */
	return rc;
}

int nt_mmdb_open(struct nt_mmdb **mmdb, const struct nt_geo_options *options, const char **reason)
{
	struct nt_mmdb *m = calloc(1, sizeof(*m));
	int rc = 0;

	if (!m) {
		*reason = strerrordesc_np(ENOMEM);
		return -ENOMEM;
	}
	if (options->country_path)
		rc = parse_path(m, options->country_path, reason);
	if (rc == 0)
		rc = open_image(m, options->path, reason);
	if (rc)
		goto err_paths;
	rc = check_tree_size(&m->db, reason);
	if (rc)
		goto err_db;
	m->tree = (struct nt_mmdb_tree){
	    .node = m->db.file_content,
	    .nodes = m->db.metadata.node_count,
	    .node_bytes = m->db.full_record_byte_size,
	    .data_bytes = m->db.data_section_size,
	};
	m->values = (struct nt_values){
	    .data = m->db.data_section,
	    .size = m->db.data_section_size,
	};
	nt_mmdb_anew(m);
	*mmdb = m;
	return 0;

err_db:
	MMDB_close(&m->db);
err_paths:
	free(m->configured_text);
	free(m);
	return rc;
}

void nt_mmdb_close(struct nt_mmdb *mmdb)
{
	MMDB_close(&mmdb->db);
	free(mmdb->configured_text);
	free(mmdb);
}

void nt_mmdb_info(const struct nt_mmdb *mmdb, struct nt_geo_info *info)
{
	const MMDB_metadata_s *metadata = &mmdb->db.metadata;

	info->build_epoch_s = (int64_t)metadata->build_epoch;
	info->ip_version = metadata->ip_version;
	snprintf(info->database_type, sizeof(info->database_type), "%s", metadata->database_type);
}

uint32_t nt_mmdb_nodes(const struct nt_mmdb *mmdb)
{
	return mmdb->db.metadata.node_count;
}

const struct nt_mmdb_tree *nt_mmdb_tree(const struct nt_mmdb *mmdb)
{
	return &mmdb->tree;
}

int nt_mmdb_ipv4_start(const struct nt_mmdb *mmdb, struct nt_mmdb_record *start, const char **reason)
{
	/* libmaxminddb fills this in for trees of IPv6 and leaves the root in those of IPv4 */
	int rc = nt_mmdb_classify(&mmdb->tree, mmdb->db.ipv4_start_node.node_value, start);

	return rc ? broken(NT_MMDB_OUTSIDE, reason) : 0;
}

int nt_mmdb_read(const struct nt_mmdb *mmdb, uint32_t node, struct nt_mmdb_record child[static 2], const char **reason)
{
	return nt_mmdb_tree_read(&mmdb->tree, node, child) ? broken(NT_MMDB_OUTSIDE, reason) : 0;
}

/* Returns 1 and the region if there is something at `path`, 0 if not, or -errno. */
static int region_at(struct nt_mmdb *m, uint32_t offset, const struct path *path, int *region, const char **reason)
{
	MMDB_entry_s entry = {.mmdb = &m->db, .offset = offset};
	MMDB_entry_data_s data;
	int status = MMDB_aget_value(&entry, &data, path->key);

	if (status == MMDB_LOOKUP_PATH_DOES_NOT_MATCH_DATA_ERROR || status == MMDB_INVALID_LOOKUP_PATH_ERROR)
		return 0;
	if (status != MMDB_SUCCESS)
		return mmdb_fail(status, reason);
	if (!data.has_data)
		return 0;
	*region = NT_REGION_UNKNOWN;
	if (data.type == MMDB_DATA_TYPE_UTF8_STRING)
		*region = (int)nt_region_index(data.utf8_string, data.data_size);
	return 1;
}

int nt_mmdb_region(struct nt_mmdb *mmdb, uint32_t offset, const char **reason)
{
	const struct path *path = mmdb->configured.key[0] ? &mmdb->configured : default_paths;
	uint32_t paths = mmdb->configured.key[0] ? 1 : sizeof(default_paths) / sizeof(default_paths[0]);
	int region = NT_REGION_UNKNOWN;

	if (nt_value_check(&mmdb->values, offset))
		return broken("broken record", reason);
	for (uint32_t i = 0; i < paths; i++) {
		int rc = region_at(mmdb, offset, &path[i], &region, reason);

		if (rc < 0)
			return rc;
		if (rc > 0)
			break;
	}
	return region;
}

bool nt_mmdb_find(struct nt_mmdb *mmdb, const struct nt_address *address, uint32_t *offset)
{
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} socket = {0};
	MMDB_lookup_result_s found;
	int status = MMDB_SUCCESS;

	if (address->length == 4) {
		socket.v4.sin_family = AF_INET;
		memcpy(&socket.v4.sin_addr, address->byte, 4);
	} else {
		socket.v6.sin6_family = AF_INET6;
		memcpy(&socket.v6.sin6_addr, address->byte, 16);
	}
	found = MMDB_lookup_sockaddr(&mmdb->db, &socket.any, &status);
	if (status != MMDB_SUCCESS || !found.found_entry)
		return false;
	*offset = found.entry.offset;
	return true;
}

/* "AS2907" or "2907". Anything else is no AS number. */
static uint32_t as_of_text(const char *text, uint32_t length)
{
	uint64_t number = 0;
	uint32_t i = length > 2 && !strncasecmp(text, "AS", 2) ? 2 : 0;

	if (i == length || length - i > 10)
		return 0;
	for (; i < length; i++) {
		if (text[i] < '0' || text[i] > '9')
			return 0;
		number = number * 10 + (uint64_t)(text[i] - '0');
	}
	return number <= UINT32_MAX ? (uint32_t)number : 0;
}

static uint32_t as_of_value(const MMDB_entry_data_s *data)
{
	uint64_t number = 0;

	switch (data->type) {
	case MMDB_DATA_TYPE_UTF8_STRING:
		return as_of_text(data->utf8_string, data->data_size);
	case MMDB_DATA_TYPE_UINT16:
		return data->uint16;
	case MMDB_DATA_TYPE_UINT32:
		return data->uint32;
	case MMDB_DATA_TYPE_UINT64:
		number = data->uint64;
		break;
	case MMDB_DATA_TYPE_INT32:
		number = data->int32 > 0 ? (uint64_t)data->int32 : 0;
		break;
	default:
		break;
	}
	return number <= UINT32_MAX ? (uint32_t)number : 0;
}

/* Returns 1 if there is something under the key, 0 if not, or -errno. */
static int value_at(struct nt_mmdb *m, uint32_t offset, const char *key, MMDB_entry_data_s *data, const char **reason)
{
	const char *const path[] = {key, NULL};
	MMDB_entry_s entry = {.mmdb = &m->db, .offset = offset};
	int status = MMDB_aget_value(&entry, data, path);

	if (status == MMDB_LOOKUP_PATH_DOES_NOT_MATCH_DATA_ERROR || status == MMDB_INVALID_LOOKUP_PATH_ERROR)
		return 0;
	if (status != MMDB_SUCCESS)
		return mmdb_fail(status, reason);
	return data->has_data;
}

void nt_mmdb_anew(struct nt_mmdb *mmdb)
{
	mmdb->values.steps_left = VALUES_MIN + (uint64_t)mmdb->db.file_size * VALUES_PER_BYTE;
}

void nt_mmdb_unlimited(struct nt_mmdb *mmdb)
{
	mmdb->values.steps_left = UINT64_MAX; /* a record's own limit stays */
}

int nt_mmdb_as(struct nt_mmdb *mmdb, uint32_t offset, struct nt_mmdb_as *as, const char **reason)
{
	static const char *const number_key[] = {"autonomous_system_number", "asn"};
	static const char *const org_key[] = {"autonomous_system_organization", "as_name"};
	MMDB_entry_data_s data;
	int found = 0;

	*as = (struct nt_mmdb_as){0};
	if (nt_value_check(&mmdb->values, offset))
		return broken("broken record", reason);
	for (uint32_t i = 0; i < sizeof(number_key) / sizeof(number_key[0]) && !found; i++)
		found = value_at(mmdb, offset, number_key[i], &data, reason);
	if (found <= 0)
		return found;
	as->number = as_of_value(&data);
	found = 0;
	for (uint32_t i = 0; i < sizeof(org_key) / sizeof(org_key[0]) && !found; i++)
		found = value_at(mmdb, offset, org_key[i], &data, reason);
	if (found > 0 && data.type == MMDB_DATA_TYPE_UTF8_STRING) {
		as->org = data.utf8_string;
		as->length = data.data_size;
	}
	return found < 0 ? found : 0;
}
