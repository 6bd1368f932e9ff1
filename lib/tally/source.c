/* SPDX-License-Identifier: BSD-3-Clause */
#include "tally/source.h"

static bool is_line_of(const struct nt_source_line *line, struct nt_key128 address, uint16_t v6)
{
	return line->address.low == address.low && line->address.high == address.high &&
	       (line->traits & NT_SOURCE_V6) == v6;
}

uint32_t nt_sources_find(struct nt_sources *t, struct nt_key128 address, bool v6, uint32_t home)
{
	uint16_t version = v6 ? NT_SOURCE_V6 : 0;
	uint32_t at = home;

	while (t->line[at].traits & NT_SOURCE_USED) {
		if (is_line_of(&t->line[at], address, version))
			return at;
		at = (at + 1) & t->mask;
	}
	if (t->n_touched == t->limit) {
		t->overflow++;
		return NT_SOURCE_NONE;
	}
	t->line[at].address = address;
	t->line[at].traits = NT_SOURCE_USED | version;
	t->touched[t->n_touched++] = at;
	return at;
}

void nt_sources_clear(struct nt_sources *t)
{
	for (uint32_t i = 0; i < t->n_touched; i++)
		t->line[t->touched[i]] = (struct nt_source_line){0};
	t->n_touched = 0;
	t->overflow = 0;
}
