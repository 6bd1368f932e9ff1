/* SPDX-License-Identifier: BSD-3-Clause */
#include "tally/region_port.h"

#include "tally/slots.h"

void nt_region_port_expect(struct nt_region_port *t, uint64_t entries)
{
	if (t->n_touched || entries >= t->entries)
		return;
	t->limit = (uint32_t)entries;
	t->mask = nt_slots_for(t->limit) - 1;
}

void nt_region_port_clear(struct nt_region_port *t)
{
	for (uint32_t i = 0; i < t->n_touched; i++)
		t->slot[t->touched[i]].count = 0;
	t->limit = t->entries;
	t->mask = nt_slots_for(t->entries) - 1;
	t->n_touched = 0;
	t->overflow = 0;
}
