/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/values.h"

#include "config/config.h"
#include "config/keys.h"

#include <cyaml/cyaml.h>
#include <errno.h>
#include <stdlib.h>

/*
 * Every mapping of the file becomes a block with a place for each row of the table, of which it fills those of
 * its own keys. That wastes a few KB while the file is read, and no second list of keys has to be kept.
 */
struct place {
	void *at; /* text, block of a section, or array of blocks */
	uint32_t n;
};

struct block {
	struct place place[NT_KEYS_MAX];
};

struct nt_config_values {
	struct block *file;
	struct cyaml_schema_value top;
	struct cyaml_schema_value item[NT_KEYS_MAX]; /* of a list */
	/* one run of fields for the file and each section and list, each run ended by a field without a key */
	struct cyaml_schema_field field[2 * NT_KEYS_MAX + 1];
};

/* Without a log function libcyaml keeps silent. */
static const cyaml_config_t cyaml_config = {
    .mem_fn = cyaml_mem,
    .log_level = CYAML_LOG_ERROR,
    .flags = CYAML_CFG_NO_ALIAS,
};

static struct cyaml_schema_value mapping(const struct cyaml_schema_field *fields, enum cyaml_flag flags)
{
	return (struct cyaml_schema_value){
	    .type = CYAML_MAPPING,
	    .flags = flags,
	    .data_size = sizeof(struct block),
	    .mapping.fields = fields,
	};
}

/* Describes the keys below `parent`, after those below them; `next` is the first free field. Returns their run. */
static const struct cyaml_schema_field *describe(struct nt_config_values *v, int parent, size_t *next)
{
	const struct cyaml_schema_field *below[NT_KEYS_MAX] = {NULL};
	const struct cyaml_schema_field *run;

	for (int i = 0; i < nt_keys; i++)
		if (nt_key_parent(i) == parent && (nt_key[i].type == NT_KEY_SECTION || nt_key[i].type == NT_KEY_LIST))
			below[i] = describe(v, i, next);
	run = &v->field[*next];
	for (int i = 0; i < nt_keys; i++) {
		struct cyaml_schema_field *f = &v->field[*next];

		if (nt_key_parent(i) != parent)
			continue;
		f->key = nt_key_leaf(i);
		f->data_offset = (uint32_t)offsetof(struct block, place[i].at);
		f->value = mapping(below[i], CYAML_FLAG_POINTER_NULL_STR | CYAML_FLAG_OPTIONAL);
		if (nt_key[i].type == NT_KEY_LIST) {
			v->item[i] = mapping(below[i], CYAML_FLAG_DEFAULT);
			f->count_offset = (uint32_t)offsetof(struct block, place[i].n);
			f->count_size = sizeof(((struct place *)0)->n);
			f->value.type = CYAML_SEQUENCE;
			f->value.sequence.entry = &v->item[i];
			f->value.sequence.min = 0;
			f->value.sequence.max = (uint32_t)nt_key[i].max;
		} else if (nt_key[i].type != NT_KEY_SECTION) {
			f->value.type = CYAML_STRING;
			f->value.flags = CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL;
			f->value.data_size = sizeof(char);
			f->value.string.min = 0;
			f->value.string.max = CYAML_UNLIMITED;
		}
		++*next;
	}
	++*next; /* calloc() has left the key NULL that ends the run */
	return run;
}

int nt_config_values_read(const uint8_t *bytes, size_t size, struct nt_config_values **out, const struct nt_why *why)
{
	struct nt_config_values *v = calloc(1, sizeof(*v));
	cyaml_err_t error = CYAML_ERR_OOM;
	size_t next = 0;

	if (v) {
		v->top = mapping(describe(v, NT_KEY_ROOT, &next), CYAML_FLAG_POINTER);
		error = cyaml_load_data(bytes, size, &cyaml_config, &v->top, (cyaml_data_t **)&v->file, NULL);
	}
	if (error == CYAML_OK && v->file) {
		*out = v;
		return 0;
	}
	nt_config_values_free(v);
	if (error == CYAML_ERR_OOM || error == CYAML_ERR_LIBYAML_PARSER || error == CYAML_ERR_LIBYAML_PARSER_INIT) {
		/* nt_config_scan() has found the syntax right: the one thing left for libyaml to fail with is memory */
		nt_why(why, 0, "out of memory");
		return -ENOMEM;
	}
	return nt_why(why, 0, "%s", error == CYAML_OK ? "no key in it" : cyaml_strerror(error));
}

/* The block that holds the keys of a section, list item, or the file; NULL if the file has no such section. */
static const struct block *block_of(const struct nt_config_values *v, int row, uint32_t item)
{
	const struct block *outer;

	if (row == NT_KEY_ROOT)
		return v->file;
	outer = block_of(v, nt_key_parent(row), 0);
	if (!outer || !outer->place[row].at)
		return NULL;
	if (nt_key[row].type != NT_KEY_LIST)
		return outer->place[row].at;
	return item && item <= outer->place[row].n ? (const struct block *)outer->place[row].at + (item - 1) : NULL;
}

const char *nt_config_values_get(const struct nt_config_values *v, int row, uint32_t item)
{
	const struct block *block = block_of(v, nt_key_parent(row), item);

	return block ? block->place[row].at : NULL;
}

void nt_config_values_free(struct nt_config_values *v)
{
	if (!v)
		return;
	cyaml_free(&cyaml_config, &v->top, v->file, 0);
	free(v);
}
