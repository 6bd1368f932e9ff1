/* SPDX-License-Identifier: BSD-3-Clause */
#include "tally/signature.h"

#include "base/parse.h"
#include "tally/compile.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of the tables: cache lines. */
#define ALIGNMENT 64u

/* SYN in the sense of the counting rules: of ACK, RST, SYN and FIN the one flag SYN. */
#define SYN "tcp flags S/SAFR "

const struct nt_signature nt_signatures_shipped[] = {
    {.name = "smb-8192", .match = SYN "dport 445 window 8192", .explains = true},
    {.name = "smb-other", .match = SYN "dport 445 not window 8192"},
    {.name = "mirai", .match = SYN "seq dst", .explains = true},
    {.name = "zmap-old", .match = SYN "ipid 54321", .all_syns = true, .explains = true},
    {.name = "zmap-new",
     .match = SYN "ipv4 window 65535 ttl 129-255 layout mss,nop,ws,nop,nop,sackok wscale 8",
     .all_syns = true,
     .explains = true},
    {.name = "masscan", .match = SYN "ipid masscan", .all_syns = true, .explains = true},
    {.name = "gre", .match = "gre", .explains = true},
};

const uint32_t nt_signatures_shipped_n = sizeof(nt_signatures_shipped) / sizeof(*nt_signatures_shipped);

const char *nt_signature_check(const char *match, char why[static NT_SIGNATURE_WHY])
{
	const struct nt_signature signature = {.name = "-", .match = match};
	static const size_t prefix = sizeof("-: ") - 1;
	struct nt_signatures *s = nt_signatures_new(&signature, 1, why);

	if (s) {
		nt_signatures_free(s);
		return NULL;
	}
	if (errno == ENOMEM)
		return strcpy(why, "out of memory");
	memmove(why, why + prefix, strlen(why + prefix) + 1);
	return why;
}

static int blame(const char *name, const char *reason, char why[static NT_SIGNATURE_WHY])
{
	/* the reason may be in `why` already */
	char line[NT_SIGNATURE_WHY];

	snprintf(line, sizeof(line), "%.*s: %.*s", NT_NAME_MAX, name, NT_SIGNATURE_WHY - NT_NAME_MAX - 3, reason);
	memcpy(why, line, sizeof(line));
	return -EINVAL;
}

static int take_names(struct nt_signatures *s, const struct nt_signature *signature, char why[static NT_SIGNATURE_WHY])
{
	for (uint32_t i = 0; i < s->n; i++) {
		if (!nt_name_valid(signature[i].name))
			return blame(signature[i].name, "not a name, which is 1 to 64 of A-Z a-z 0-9 . _ -", why);
		for (uint32_t j = 0; j < i; j++)
			if (!strcmp(s->name[j], signature[i].name))
				return blame(signature[i].name, "a second signature of this name", why);
		strcpy(s->name[i], signature[i].name);
		s->all_syns |= (uint32_t)signature[i].all_syns << i;
		s->explaining |= (uint32_t)signature[i].explains << i;
	}
	return 0;
}

static int fill(struct nt_signatures *s, const struct nt_signature *signature, char why[static NT_SIGNATURE_WHY])
{
	struct nt_conjunction conjunction[NT_SIGNATURES_MAX] = {0};
	uint32_t blamed = 0;
	int err = take_names(s, signature, why);

	if (err)
		return err;
	for (uint32_t i = 0; i < s->n && !err; i++) {
		blamed = i;
		err = nt_conjunction_parse(signature[i].match, &conjunction[i], why);
	}
	if (!err)
		err = nt_signatures_compile(s, conjunction, &blamed, why);
	for (uint32_t i = 0; i < s->n; i++)
		nt_conjunction_fini(&conjunction[i]);
	return err == -EINVAL ? blame(signature[blamed].name, why, why) : err;
}

struct nt_signatures *nt_signatures_new(const struct nt_signature *signature, uint32_t n,
					char why[static NT_SIGNATURE_WHY])
{
	size_t bytes = (sizeof(struct nt_signatures) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
	struct nt_signatures *s;
	int err;

	if (n > NT_SIGNATURES_MAX) {
		snprintf(why, NT_SIGNATURE_WHY, "more than %d signatures", NT_SIGNATURES_MAX);
		errno = EINVAL;
		return NULL;
	}
	s = aligned_alloc(ALIGNMENT, bytes);
	if (!s)
		return NULL;
	memset(s, 0, bytes);
	s->n = n;
	err = fill(s, signature, why);
	if (!err)
		return s;
	nt_signatures_free(s);
	errno = -err;
	return NULL;
}

void nt_signatures_free(struct nt_signatures *s)
{
	if (!s)
		return;
	for (uint32_t i = 0; i < NT_VALUE_TABLES; i++)
		free(s->values[i].slot);
	free(s->start4);
	free(s->bits4);
	free(s->start6);
	free(s->bits6);
	free(s->chunk);
	free(s);
}
