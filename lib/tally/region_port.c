/* SPDX-License-Identifier: BSD-3-Clause */
#include "tally/region_port.h"

void nt_region_port_clear(struct nt_region_port *t)
{
	for (uint32_t i = 0; i < t->n_touched; i++)
		t->slot[t->touched[i]].count = 0;
	t->n_touched = 0;
	t->overflow = 0;
}
