/* SPDX-License-Identifier: BSD-3-Clause */
#include "fold/backscatter.h"

#include "base/targets.h"

#include <errno.h>
#include <stdlib.h>

static void begin(struct nt_fold_sender *s, const struct nt_reply_line *line)
{
	*s = (struct nt_fold_sender){
	    .address = line->address,
	    .first_ns = line->first_ns,
	    .last_ns = line->last_ns,
	    .region = line->region,
	    .v6 = line->kind & NT_REPLY_V6,
	};
}

static void merge_port(struct nt_fold_sender *s, const struct nt_reply_line *line)
{
	uint16_t port = (uint16_t)line->port;

	s->port_varies = s->port_varies || line->port & NT_REPLY_PORTS || (s->has_port && s->src_port != port);
	if (!s->has_port || line->first_ns < s->first_port_ns) {
		s->first_port_ns = line->first_ns;
		s->src_port = port;
	}
	s->has_port = true;
}

static void merge(struct nt_fold_sender *s, const struct nt_reply_line *line)
{
	if (line->first_ns < s->first_ns) {
		s->first_ns = line->first_ns;
		s->region = line->region;
	}
	if (line->last_ns > s->last_ns)
		s->last_ns = line->last_ns;
	if (nt_reply_has_port(line->kind))
		merge_port(s, line);
	nt_targets_merge(s->targets, line->targets, NT_REPLY_TARGETS);
	for (uint32_t i = 0; i < NT_REPLY_SLOTS; i++)
		if (line->packets[i])
			s->packets[nt_reply_class_of_slot(line->kind, i)] += line->packets[i];
}

static bool same(const struct nt_fold_sender *s, const struct nt_reply_line *line)
{
	return s->address.low == line->address.low && s->address.high == line->address.high &&
	       s->v6 == !!(line->kind & NT_REPLY_V6);
}

/* The sender of a line. There is room. */
static struct nt_fold_sender *sender_of(struct nt_fold_senders *s, const struct nt_reply_line *line)
{
	uint32_t hash = (uint32_t)nt_source_hash(line->address, line->kind & NT_REPLY_V6), at = hash, i;

	while ((i = nt_places_next(&s->index, hash, &at)) != NT_PLACES_NONE) {
		if (same(&s->entry[i], line))
			return &s->entry[i];
		at++;
	}
	i = (uint32_t)s->n++;
	nt_places_put(&s->index, at, hash, i);
	begin(&s->entry[i], line);
	return &s->entry[i];
}

int nt_fold_senders_add(struct nt_fold_senders *s, const struct nt_replies *bank)
{
	size_t wanted = s->n + bank->n;
	struct nt_fold_sender *grown = nt_places_grow_array(s->entry, &s->capacity, wanted, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	s->entry = grown;
	if (nt_places_reserve(&s->index, wanted))
		return -ENOMEM;
	for (uint32_t i = 1; i <= bank->n; i++) {
		const struct nt_reply_line *line = &bank->line[i];

		if (nt_reply_is(line, NT_REPLY_SENDER))
			merge(sender_of(s, line), line);
	}
	return 0;
}

void nt_fold_senders_fini(struct nt_fold_senders *s)
{
	nt_places_fini(&s->index);
	free(s->entry);
	*s = (struct nt_fold_senders){0};
}
