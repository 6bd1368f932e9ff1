/* SPDX-License-Identifier: BSD-3-Clause */
#include "redis/get_read.h"

#include <string.h>

/* Addresses of days and their AS numbers. */

struct asking {
	uint32_t *asn;
	size_t n;
	uint64_t *defects;
};

static int take_numbers(void *cookie, size_t tag, const redisReply *reply)
{
	const struct asking *a = cookie;

	(void)tag;
	if (!is_list(reply, a->defects))
		return 0;
	for (size_t i = 0; i < a->n; i++) {
		uint64_t number = read_optional(list_at(reply, i), a->defects);

		if (number > UINT32_MAX)
			*a->defects += 1;
		else if (number)
			a->asn[i] = (uint32_t)number;
	}
	return 0;
}

int nt_get_who(struct nt_get *g, const struct nt_get_query *query, const char *const *address, size_t n, uint32_t *asn)
{
	struct nt_get_coverage coverage;
	struct slots slots = {0};
	struct asking a = {.asn = asn, .n = n, .defects = &coverage.defects};
	struct reads r = {.bunch = BUNCH_OF_LARGE};
	char key[NT_REDIS_KEY_TEXT];
	int err;

	memset(asn, 0, n * sizeof(*asn));
	err = slots_read(g, query, NT_GET_KIND(NT_BUCKET_D), NULL, &slots, &coverage);
	for (size_t i = 0; i < slots.n && n && !err; i++) {
		if (!slots.at[i].present)
			continue;
		slot_key(key, &slots.at[i], NT_RKEY_WHO, NULL);
		reads_command(&r, i, "HMGET", key);
		for (size_t k = 0; k < n; k++)
			reads_word(&r, address[k]);
	}
	if (!err)
		err = reads_run(g, &r, take_numbers, &a);
	slots_fini(&slots);
	return err;
}
