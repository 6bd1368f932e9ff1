/* SPDX-License-Identifier: BSD-3-Clause */
#include "geo/choice.h"

bool nt_choice_has(const struct nt_choice *choice, uint16_t region)
{
	for (uint32_t i = 0; i < choice->n; i++)
		if (choice->region[i] == region)
			return true;
	return false;
}

struct nt_choice nt_choice_join(const struct nt_choice *left, const struct nt_choice *right)
{
	struct nt_choice both = {.n = 0};

	if (left->n == 0 || right->n == 0)
		return left->n ? *left : *right;
	for (uint32_t i = 0; i < left->n; i++)
		if (nt_choice_has(right, left->region[i]))
			both.region[both.n++] = left->region[i];
	if (both.n)
		return both;
	for (uint32_t i = 0; i < NT_CHOICES; i++) { /* in turns, so that neither half is left out */
		if (i < left->n && both.n < NT_CHOICES)
			both.region[both.n++] = left->region[i];
		if (i < right->n && both.n < NT_CHOICES)
			both.region[both.n++] = right->region[i];
	}
	return both;
}
