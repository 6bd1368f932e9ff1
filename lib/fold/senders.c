/* SPDX-License-Identifier: BSD-3-Clause */
#include "fold/backscatter.h"

#include "base/targets.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void begin(struct nt_fold_sender *s, const struct nt_sender_line *line)
{
	*s = (struct nt_fold_sender){
	    .address = line->address,
	    .first_ns = line->first_ns,
	    .last_ns = line->last_ns,
	    .first_port_ns = line->first_port_ns,
	    .src_port = line->src_port,
	    .region = line->region,
	    .v6 = line->v6,
	    .has_port = line->has_port,
	    .port_varies = line->port_varies,
	};
	memcpy(s->targets, line->targets, sizeof(s->targets));
	for (uint32_t i = 0; i < NT_BACKSCATTER_SLOTS; i++)
		s->packets[i] = line->packets[i];
}

static void merge_port(struct nt_fold_sender *s, const struct nt_sender_line *line)
{
	if (!line->has_port)
		return;
	s->port_varies = s->port_varies || line->port_varies || (s->has_port && s->src_port != line->src_port);
	if (!s->has_port || line->first_port_ns < s->first_port_ns) {
		s->first_port_ns = line->first_port_ns;
		s->src_port = line->src_port;
	}
	s->has_port = true;
}

static void merge(struct nt_fold_sender *s, const struct nt_sender_line *line)
{
	if (line->first_ns < s->first_ns) {
		s->first_ns = line->first_ns;
		s->region = line->region;
	}
	if (line->last_ns > s->last_ns)
		s->last_ns = line->last_ns;
	merge_port(s, line);
	nt_targets_merge(s->targets, line->targets, NT_SENDER_TARGETS);
	for (uint32_t i = 0; i < NT_BACKSCATTER_SLOTS; i++)
		s->packets[i] += line->packets[i];
}

static bool same(const struct nt_fold_sender *s, const struct nt_sender_line *line)
{
	return s->address.low == line->address.low && s->address.high == line->address.high && s->v6 == !!line->v6;
}

static void add_line(struct nt_fold_senders *s, const struct nt_sender_line *line)
{
	uint32_t hash = (uint32_t)nt_source_hash(line->address, line->v6), at = hash, i;

	while ((i = nt_places_next(&s->index, hash, &at)) != NT_PLACES_NONE) {
		if (same(&s->entry[i], line)) {
			merge(&s->entry[i], line);
			return;
		}
		at++;
	}
	i = (uint32_t)s->n++;
	nt_places_put(&s->index, at, hash, i);
	begin(&s->entry[i], line);
}

int nt_fold_senders_add(struct nt_fold_senders *s, const struct nt_senders *bank)
{
	size_t wanted = s->n + bank->n_touched;
	struct nt_fold_sender *grown = nt_places_grow_array(s->entry, &s->capacity, wanted, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	s->entry = grown;
	if (nt_places_reserve(&s->index, wanted))
		return -ENOMEM;
	for (uint32_t i = 0; i < bank->n_touched; i++)
		add_line(s, &bank->line[bank->touched[i]]);
	return 0;
}

void nt_fold_senders_fini(struct nt_fold_senders *s)
{
	nt_places_fini(&s->index);
	free(s->entry);
	*s = (struct nt_fold_senders){0};
}
