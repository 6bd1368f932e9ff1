/* SPDX-License-Identifier: BSD-3-Clause */
#include "tally/signature.h"

/* Stands in for the compiled signatures: there are none, and no packet matches any. */
uint32_t nt_signatures_match(const struct nt_signatures *s, const struct nt_fields *fields, uint16_t region)
{
	(void)s;
	(void)fields;
	(void)region;
	return 0;
}

uint32_t nt_signatures_n(const struct nt_signatures *s)
{
	(void)s;
	return 0;
}

const char *nt_signatures_name(const struct nt_signatures *s, uint32_t i)
{
	(void)s;
	(void)i;
	return "";
}

uint32_t nt_signatures_all_syns(const struct nt_signatures *s)
{
	(void)s;
	return 0;
}
