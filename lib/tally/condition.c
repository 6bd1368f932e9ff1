/* SPDX-License-Identifier: BSD-3-Clause */
#include "tally/condition.h"

#include "base/parse.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * The grammar: terms separated by spaces, each "[not] CONDITION ITEMS" or "[not] CONDITION" for a condition that is one
 * word. What an item may be is in condition_item.c.
 */

/* Most bytes of a word that a message repeats. */
#define WORD 48

/* More conditions in one signature are a file given by mistake. */
#define CONDITIONS_MAX 64u

/* Conditions that take items. The first that is near to a misspelt one is suggested: "port" is to give "dport". */
static const struct condition_word {
	const char *name;
	enum nt_field field;
	const char *example;
} condition_word[] = {
    {"proto", NT_FIELD_PROTO, "tcp or 47"},
    {"dport", NT_FIELD_DST_PORT, "445 or 1-1023,3389"},
    {"sport", NT_FIELD_SRC_PORT, "443 or 1-1023,3389"},
    {"flags", NT_FIELD_FLAGS, "S/SAFR"},
    {"window", NT_FIELD_WINDOW, "8192 or 1024,1025"},
    {"ttl", NT_FIELD_TTL, "129-255"},
    {"ipid", NT_FIELD_IP_ID, "54321 or masscan"},
    {"option", NT_FIELD_OPTION, "mss or none"},
    {"layout", NT_FIELD_LAYOUT, "mss,nop,ws"},
    {"wscale", NT_FIELD_WINDOW_SCALE, "8"},
    {"seq", NT_FIELD_SEQ, "1 or dst"},
    {"ack", NT_FIELD_ACK, "0"},
    {"src", NT_FIELD_SOURCE4, "192.0.2.0/24,2001:db8::/32"},
    {"region", NT_FIELD_REGION, "JP,US"},
};

enum { CONDITION_WORDS = sizeof(condition_word) / sizeof(*condition_word), NAMES_MAX = 64 };

void nt_conjunction_fini(struct nt_conjunction *c)
{
	for (uint32_t i = 0; i < c->n; i++) {
		free(c->condition[i].spans.span);
		free(c->condition[i].spans6.span);
	}
	free(c->condition);
	*c = (struct nt_conjunction){0};
}

static struct nt_condition *add_condition(struct nt_conjunction *c)
{
	if (c->n == c->capacity) {
		uint32_t capacity = c->capacity ? 2 * c->capacity : 8;
		struct nt_condition *larger = reallocarray(c->condition, capacity, sizeof(*larger));

		if (!larger)
			return NULL;
		c->condition = larger;
		c->capacity = capacity;
	}
	c->condition[c->n] = (struct nt_condition){0};
	return &c->condition[c->n++];
}

static const struct condition_word *find_word(const char *name)
{
	for (uint32_t i = 0; i < CONDITION_WORDS; i++)
		if (!strcmp(condition_word[i].name, name))
			return &condition_word[i];
	return NULL;
}

static int unknown_word(const char *word, char why[static NT_SIGNATURE_WHY])
{
	const char *known[NAMES_MAX] = {"not", "ipv4", "ipv6"}, *nearest;
	uint32_t n = 3;

	for (uint32_t i = 0; i < CONDITION_WORDS; i++)
		known[n++] = condition_word[i].name;
	for (uint32_t i = 0; nt_condition_proto_name(i) && n < NAMES_MAX; i++)
		known[n++] = nt_condition_proto_name(i);
	nearest = nt_nearest_name(word, known, n);
	if (nearest)
		snprintf(why, NT_SIGNATURE_WHY, "\"%.*s\" is no condition, did you mean %s?", WORD, word, nearest);
	else
		snprintf(why, NT_SIGNATURE_WHY, "\"%.*s\" is no condition", WORD, word);
	return -EINVAL;
}

/* A condition that is one word: "tcp", "ipv4". */
static int parse_bare(struct nt_condition *c, const char *word, char why[static NT_SIGNATURE_WHY])
{
	int proto = nt_condition_proto(word);

	if (proto >= 0) {
		c->field = NT_FIELD_PROTO;
		return nt_spans_append(&c->spans, (nt_wide)proto, (nt_wide)proto);
	}
	c->field = NT_FIELD_VERSION;
	if (!strcmp(word, "ipv4"))
		return nt_spans_append(&c->spans, 4, 4);
	if (!strcmp(word, "ipv6"))
		return nt_spans_append(&c->spans, 6, 6);
	return unknown_word(word, why);
}

/* One term; `word` is its first, the others come from `rest`. */
static int parse_term(struct nt_conjunction *out, char *word, char **rest, char why[static NT_SIGNATURE_WHY])
{
	struct nt_condition *c = add_condition(out);
	const struct condition_word *known;
	char *items;

	if (!c)
		return -ENOMEM;
	if (out->n > CONDITIONS_MAX) {
		snprintf(why, NT_SIGNATURE_WHY, "more than %u conditions", CONDITIONS_MAX);
		return -EINVAL;
	}
	if (!strcmp(word, "not")) {
		c->negated = true;
		word = strtok_r(NULL, " ", rest);
		if (!word || !strcmp(word, "not")) {
			snprintf(why, NT_SIGNATURE_WHY, "a condition has to follow \"not\"");
			return -EINVAL;
		}
	}
	known = find_word(word);
	if (!known)
		return parse_bare(c, word, why);
	c->field = known->field;
	items = strtok_r(NULL, " ", rest);
	if (!items) {
		snprintf(why, NT_SIGNATURE_WHY, "\"%s\" lacks its value, such as %s", word, known->example);
		return -EINVAL;
	}
	return nt_condition_parse_items(c, word, items, why);
}

int nt_conjunction_parse(const char *match, struct nt_conjunction *out, char why[static NT_SIGNATURE_WHY])
{
	char *text = strdup(match), *rest = NULL, *word;
	int err = text ? 0 : -ENOMEM;

	*out = (struct nt_conjunction){0};
	for (word = text ? strtok_r(text, " ", &rest) : NULL; word && !err; word = strtok_r(NULL, " ", &rest))
		err = parse_term(out, word, &rest, why);
	free(text);
	if (!err && !out->n) {
		snprintf(why, NT_SIGNATURE_WHY, "no condition; expected some such as: tcp dport 445 flags S/SAFR");
		return -EINVAL;
	}
	return err;
}

const struct nt_spans *nt_condition_spans(const struct nt_condition *c, enum nt_field field)
{
	if (c->field == field)
		return &c->spans;
	return c->field == NT_FIELD_SOURCE4 && field == NT_FIELD_SOURCE6 ? &c->spans6 : NULL;
}

/* Flags and options: any of the spans will do, each in its own way. */
static bool any_flags(const struct nt_spans *s, uint32_t flags)
{
	for (uint32_t i = 0; i < s->n; i++)
		if ((flags & s->span[i].high) == s->span[i].low)
			return true;
	return false;
}

static bool any_option(const struct nt_spans *s, uint32_t options)
{
	for (uint32_t i = 0; i < s->n; i++)
		if (s->span[i].low ? (options & s->span[i].low) != 0 : options == 0)
			return true;
	return false;
}

bool nt_conjunction_accepts(const struct nt_conjunction *conjunction, enum nt_field field, nt_wide value)
{
	for (uint32_t i = 0; i < conjunction->n; i++) {
		const struct nt_condition *c = &conjunction->condition[i];
		const struct nt_spans *spans = nt_condition_spans(c, field);
		bool holds;

		if (!spans)
			continue;
		if (field == NT_FIELD_FLAGS)
			holds = any_flags(spans, (uint32_t)value);
		else if (field == NT_FIELD_OPTION)
			holds = any_option(spans, (uint32_t)value);
		else
			holds = nt_spans_contain(spans, value);
		if (holds == c->negated)
			return false;
	}
	return true;
}
