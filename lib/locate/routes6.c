/* SPDX-License-Identifier: BSD-3-Clause */
#include "locate/routes6.h"

#include "locate/table.h"

bool nt_route6_precedes(const struct nt_route6 *a, const struct nt_route6 *b)
{
	return a->network < b->network || (a->network == b->network && a->length < b->length);
}

bool nt_cursor6_next(struct nt_cursor6 *c, struct nt_route6 *r)
{
	const struct nt_locate_options *o = c->options;
	const struct nt_prefix6 *p = c->prefix < o->prefixes6 ? &o->prefix6[c->prefix] : NULL;
	const struct nt_alias6 *a = c->alias < o->aliases6 ? &o->alias6[c->alias] : NULL;
	struct nt_route6 prefix = {0}, alias = {0};

	if (!p && !a)
		return false;
	if (p)
		prefix = (struct nt_route6){nt_address6_load(p->network), p->length, p->region};
	if (a)
		alias = (struct nt_route6){nt_address6_load(a->network), a->length, (uint16_t)(NT_REGIONS + a->length)};
	if (!a || (p && nt_route6_precedes(&prefix, &alias))) {
		*r = prefix;
		c->prefix++;
	} else {
		*r = alias;
		c->alias++;
	}
	return true;
}
