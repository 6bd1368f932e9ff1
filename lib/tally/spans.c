/* SPDX-License-Identifier: BSD-3-Clause */
#include "tally/condition.h"

#include <errno.h>
#include <stdlib.h>

#define SPANS_MIN 4u

int nt_spans_append(struct nt_spans *s, nt_wide low, nt_wide high)
{
	if (s->n == s->capacity) {
		uint32_t capacity = s->capacity ? 2 * s->capacity : SPANS_MIN;
		struct nt_span *larger = reallocarray(s->span, capacity, sizeof(*larger));

		if (!larger)
			return -ENOMEM;
		s->span = larger;
		s->capacity = capacity;
	}
	s->span[s->n++] = (struct nt_span){.low = low, .high = high};
	return 0;
}

static int by_low(const void *a, const void *b)
{
	const struct nt_span *x = a, *y = b;

	return (x->low > y->low) - (x->low < y->low);
}

void nt_spans_merge(struct nt_spans *s)
{
	uint32_t n = 0;

	if (!s->n)
		return;
	qsort(s->span, s->n, sizeof(*s->span), by_low);
	for (uint32_t i = 1; i < s->n; i++) {
		struct nt_span *last = &s->span[n], *next = &s->span[i];

		/* the second test keeps +1 from wrapping behind the last address there is */
		if (next->low <= last->high || next->low == last->high + 1)
			last->high = next->high > last->high ? next->high : last->high;
		else
			s->span[++n] = *next;
	}
	s->n = n + 1;
}

bool nt_spans_contain(const struct nt_spans *s, nt_wide value)
{
	uint32_t low = 0, n = s->n;

	while (n > 1) {
		uint32_t half = n / 2;

		if (s->span[low + half].low <= value)
			low += half;
		n -= half;
	}
	return n && s->span[low].low <= value && value <= s->span[low].high;
}
