/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/scan.h"

#include "base/parse.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <yaml.h>

/* Deepest the table goes: file, section, section; or file, list, item. What goes deeper has failed before. */
#define DEPTH_MAX 3

/* A mapping or the list that is open. */
struct frame {
	int row;     /* of the section or list, NT_KEY_ROOT for the file */
	bool list;   /* items come next, not keys */
	int pending; /* row of the key whose value comes next; NT_KEY_NONE: a key comes next */
};

struct scan {
	const struct nt_why *why;
	struct nt_config_lines *lines;
	struct frame frame[DEPTH_MAX];
	int depth; /* open frames */
	int documents;
	bool keys;     /* the document is a mapping */
	uint32_t item; /* 0, or the item that is open, counted from 1 */
	uint32_t line; /* of the event at hand */
};

static struct frame *top(struct scan *s)
{
	return &s->frame[s->depth - 1];
}

/* Writes what stands before a key's name in its path: "", "redis.", "devices[0].". */
static void path_prefix(const struct scan *s, char text[static NT_KEY_PATH + 16])
{
	int row = s->frame[s->depth - 1].row;
	char path[NT_KEY_PATH];

	text[0] = '\0';
	if (row == NT_KEY_ROOT)
		return;
	nt_key_path(row, 0, path);
	if (s->item)
		snprintf(text, NT_KEY_PATH + 16, "%s[%u].", path, s->item - 1);
	else
		snprintf(text, NT_KEY_PATH + 16, "%s.", path);
}

/* Row of the key that an unknown one most likely stands for, or NT_KEY_NONE. */
static int nearest_key(int parent, const char *name)
{
	const char *known[NT_KEYS_MAX], *nearest;
	uint32_t n = 0;

	for (int i = 0; i < nt_keys; i++) {
		/* the path as one word, or the right name in the wrong section */
		if (!strcmp(nt_key[i].path, name) || !strcmp(nt_key_leaf(i), name))
			return i;
		if (nt_key_parent(i) == parent)
			known[n++] = nt_key_leaf(i);
	}
	nearest = nt_nearest_name(name, known, n);
	return nearest ? nt_key_find(parent, nearest) : NT_KEY_NONE;
}

static int unknown_key(const struct scan *s, const char *name)
{
	int near = nearest_key(s->frame[s->depth - 1].row, name);
	char prefix[NT_KEY_PATH + 16], path[NT_KEY_PATH];

	path_prefix(s, prefix);
	if (near == NT_KEY_NONE)
		return nt_why(s->why, s->line, "%s%.*s: unknown key", prefix, NT_WHY_WORD, name);
	if (!strcmp(nt_key[near].path, name) && nt_key_parent(near) != NT_KEY_ROOT)
		return nt_why(s->why, s->line, "%.*s: unknown key, write %s: indented below its section", NT_WHY_WORD,
			      name, nt_key_leaf(near));
	nt_key_path(near, nt_key_parent(near) == s->frame[s->depth - 1].row ? s->item : 0, path);
	return nt_why(s->why, s->line, "%s%.*s: unknown key, did you mean %s?", prefix, NT_WHY_WORD, name, path);
}

static int scan_key(struct scan *s, const char *name, size_t length)
{
	struct frame *f = top(s);
	char path[NT_KEY_PATH];
	uint32_t *line;

	if (strlen(name) != length)
		return nt_why(s->why, s->line, "%.*s: a NUL byte follows in this key", NT_WHY_WORD, name);
	f->pending = nt_key_find(f->row, name);
	if (f->pending == NT_KEY_NONE)
		return unknown_key(s, name);
	line = &s->lines->key[s->item][f->pending];
	nt_key_path(f->pending, s->item, path);
	if (*line)
		return nt_why(s->why, s->line, "%s: given twice, first in line %u", path, *line);
	*line = s->line;
	return 0;
}

/* Says that the value at hand is not of the kind that the pending key takes. */
static int wrong_kind(const struct scan *s)
{
	const struct frame *f = &s->frame[s->depth - 1];
	char path[NT_KEY_PATH];

	if (f->list)
		return nt_why(s->why, s->line, "%s[%u]: expected keys, beginning with \"name: \"", nt_key[f->row].path,
			      s->lines->items[f->row]);
	if (f->pending == NT_KEY_NONE)
		return nt_why(s->why, s->line, "expected \"key: value\" with a plain word for a key");
	nt_key_path(f->pending, s->item, path);
	switch (nt_key[f->pending].type) {
	case NT_KEY_SECTION:
		return nt_why(s->why, s->line, "%s: expected a section, indented \"key: value\" lines", path);
	case NT_KEY_LIST:
		return nt_why(s->why, s->line, "%s: expected a list, lines that begin with \"- name: \"", path);
	default:
		return nt_why(s->why, s->line, "%s: expected a single value, not a list or section", path);
	}
}

static int open_item(struct scan *s)
{
	int list = top(s)->row;

	if (s->lines->items[list] == nt_key[list].max)
		return nt_why(s->why, s->line, "%s: more than %" PRId64, nt_key[list].path, nt_key[list].max);
	s->item = ++s->lines->items[list];
	s->lines->item[list][s->item] = s->line;
	return 0;
}

static bool is_null(const yaml_event_t *e)
{
	static const char *const null[] = {"", "~", "null", "Null", "NULL"};

	if (e->data.scalar.style != YAML_PLAIN_SCALAR_STYLE)
		return false;
	for (size_t i = 0; i < sizeof(null) / sizeof(*null); i++)
		if (!strcmp((const char *)e->data.scalar.value, null[i]))
			return true;
	return false;
}

static int scan_value(struct scan *s, const yaml_event_t *e)
{
	struct frame *f = top(s);
	enum nt_key_type type = nt_key[f->pending].type;
	char path[NT_KEY_PATH];

	nt_key_path(f->pending, s->item, path);
	if (type == NT_KEY_SECTION || type == NT_KEY_LIST) {
		/* A section whose lines are all commented out is an empty one. */
		if (!is_null(e))
			return wrong_kind(s);
		if (nt_key[f->pending].item) /* nothing, or what it has by default? */
			return nt_why(s->why, s->line, "%s: has no value; write [] for none, or leave the key out",
				      path);
	} else if (is_null(e)) {
		return nt_why(s->why, s->line, "%s: has no value; leave the key out for its default", path);
	} else if (strlen((const char *)e->data.scalar.value) != e->data.scalar.length) {
		return nt_why(s->why, s->line, "%s: holds a NUL byte", path);
	}
	f->pending = NT_KEY_NONE;
	return 0;
}

static int scan_scalar(struct scan *s, const yaml_event_t *e)
{
	int rc;

	if (!s->depth) { /* nothing at all is a matter for the end: a second document is a mistake of its own */
		if (is_null(e))
			return 0;
		return nt_why(s->why, s->line, "not a configuration: expected \"key: value\" lines");
	}
	if (!top(s)->list) {
		if (top(s)->pending != NT_KEY_NONE)
			return scan_value(s, e);
		return scan_key(s, (const char *)e->data.scalar.value, e->data.scalar.length);
	}
	if (!is_null(e))
		return wrong_kind(s);
	rc = open_item(s);
	s->item = 0;
	return rc;
}

static int scan_start(struct scan *s, bool list)
{
	int row = NT_KEY_ROOT;
	int rc;

	if (!s->depth && list)
		return nt_why(s->why, s->line, "not a configuration: expected \"key: value\" lines, not a list");
	if (s->depth && top(s)->list) {
		if (list)
			return wrong_kind(s);
		row = top(s)->row;
		rc = open_item(s);
		if (rc < 0)
			return rc;
	} else if (s->depth) {
		row = top(s)->pending;
		if (row == NT_KEY_NONE || nt_key[row].type != (list ? NT_KEY_LIST : NT_KEY_SECTION))
			return wrong_kind(s);
	}
	if (s->depth == DEPTH_MAX)
		return wrong_kind(s);
	s->keys = true;
	s->depth++;
	*top(s) = (struct frame){.row = row, .list = list, .pending = NT_KEY_NONE};
	return 0;
}

static int scan_end(struct scan *s)
{
	s->depth--;
	if (!s->depth)
		return 0;
	if (top(s)->list)
		s->item = 0;
	else
		top(s)->pending = NT_KEY_NONE;
	return 0;
}

/* An anchor or tag on any event; aliases are an event of their own. */
static bool decorated(const yaml_event_t *e)
{
	switch (e->type) {
	case YAML_SCALAR_EVENT:
		return e->data.scalar.anchor || e->data.scalar.tag;
	case YAML_SEQUENCE_START_EVENT:
		return e->data.sequence_start.anchor || e->data.sequence_start.tag;
	case YAML_MAPPING_START_EVENT:
		return e->data.mapping_start.anchor || e->data.mapping_start.tag;
	default:
		return e->type == YAML_ALIAS_EVENT;
	}
}

static int scan_event(struct scan *s, const yaml_event_t *e)
{
	s->line = (uint32_t)e->start_mark.line + 1;
	if (decorated(e))
		return nt_why(s->why, s->line, "anchors (&), aliases (*) and tags (!) of YAML are not used here");
	switch (e->type) {
	case YAML_DOCUMENT_START_EVENT:
		if (s->documents++)
			return nt_why(s->why, s->line, "a second YAML document begins here; expected one");
		return 0;
	case YAML_SCALAR_EVENT:
		return scan_scalar(s, e);
	case YAML_MAPPING_START_EVENT:
		return scan_start(s, false);
	case YAML_SEQUENCE_START_EVENT:
		return scan_start(s, true);
	case YAML_MAPPING_END_EVENT:
	case YAML_SEQUENCE_END_EVENT:
		return scan_end(s);
	default:
		return 0;
	}
}

/* True if a tab indents the given line, counted from 1: libyaml's own words for that help nobody. */
static bool tab_indents(const uint8_t *bytes, size_t size, size_t line)
{
	const uint8_t *at = bytes, *end = bytes + size;

	while (--line && at) {
		at = memchr(at, '\n', (size_t)(end - at));
		at = at ? at + 1 : NULL;
	}
	while (at && at < end && *at == ' ')
		at++;
	return at && at < end && *at == '\t';
}

static uint32_t line_of_offset(const uint8_t *bytes, size_t offset)
{
	uint32_t line = 1;

	for (size_t i = 0; i < offset; i++)
		line += bytes[i] == '\n';
	return line;
}

static int syntax_error(const yaml_parser_t *p, const uint8_t *bytes, size_t size, const struct nt_why *why)
{
	uint32_t line = (uint32_t)p->problem_mark.line + 1;

	switch (p->error) {
	case YAML_MEMORY_ERROR:
		nt_why(why, 0, "out of memory");
		return -ENOMEM;
	case YAML_READER_ERROR:
		line = line_of_offset(bytes, p->problem_offset < size ? p->problem_offset : size);
		return nt_why(why, line, "not UTF-8 text: %s", p->problem);
	default:
		break;
	}
	if (tab_indents(bytes, size, line))
		return nt_why(why, line, "YAML syntax: a tab cannot indent, use spaces");
	if (p->context && p->context_mark.line < p->problem_mark.line)
		return nt_why(why, line, "YAML syntax: %s (%s that begins in line %u)", p->problem, p->context,
			      (uint32_t)p->context_mark.line + 1);
	return nt_why(why, line, "YAML syntax: %s", p->problem);
}

static int scan_events(struct scan *s, yaml_parser_t *p, const uint8_t *bytes, size_t size)
{
	bool done = false;

	while (!done) {
		yaml_event_t event;
		int rc;

		if (!yaml_parser_parse(p, &event))
			return syntax_error(p, bytes, size, s->why);
		done = event.type == YAML_STREAM_END_EVENT;
		rc = scan_event(s, &event);
		yaml_event_delete(&event);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int check_item(const struct nt_config_lines *lines, int list, uint32_t item, const struct nt_why *why)
{
	char path[NT_KEY_PATH];

	for (int i = 0; i < nt_keys; i++) {
		if (!nt_key[i].required || nt_key_list(i) != list || lines->key[item][i])
			continue;
		nt_key_path(i, item, path);
		return nt_why(why, lines->item[list][item], "%s: required key is missing", path);
	}
	return 0;
}

static int check_required(const struct nt_config_lines *lines, const struct nt_why *why)
{
	int rc = 0;

	for (int list = 0; list < nt_keys; list++)
		for (uint32_t item = 1; item <= lines->items[list] && rc == 0; item++)
			rc = check_item(lines, list, item, why);
	return rc;
}

int nt_config_scan(const uint8_t *bytes, size_t size, struct nt_config_lines *lines, const struct nt_why *why)
{
	const uint8_t *nul = size ? memchr(bytes, 0, size) : NULL;
	struct scan s = {.why = why, .lines = lines};
	yaml_parser_t parser;
	int rc;

	memset(lines, 0, sizeof(*lines));
	if (nul)
		return nt_why(why, line_of_offset(bytes, (size_t)(nul - bytes)),
			      "holds a NUL byte, so it is not a text file");
	if (!yaml_parser_initialize(&parser)) {
		nt_why(why, 0, "out of memory");
		return -ENOMEM;
	}
	yaml_parser_set_input_string(&parser, bytes, size);
	rc = scan_events(&s, &parser, bytes, size);
	yaml_parser_delete(&parser);
	if (!rc && !s.keys)
		rc = nt_why(why, 0, "empty, or nothing but comments: there is no key in it");
	return rc < 0 ? rc : check_required(lines, why);
}
