/* SPDX-License-Identifier: BSD-3-Clause */
#include "needletail/snapshot.h"
#include "snapshot/json.h"
#include "snapshot/pack.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is accepted can be published, and packs to something that is accepted and equal. */
static void check(const struct nt_snapshot *s)
{
	struct nt_snapshot again;
	uint8_t *bytes;
	size_t length;
	char *line;

	if (nt_snapshot_pack(s, &bytes, &length) || nt_snapshot_unpack(&again, bytes, length) ||
	    !nt_snapshot_equal(s, &again))
		abort();
	nt_snapshot_fini(&again);
	free(bytes);
	if (!nt_snapshot_json(s, "s", &line))
		free(line);
	nt_snapshot_imbalance(s);
}

/* Any bytes as a packed snapshot: as they are, and with a header around them, which no fuzzer would guess. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *sealed = malloc(NT_PACK_HEADER + size);
	struct nt_snapshot s;

	if (!nt_snapshot_unpack(&s, data, size)) {
		check(&s);
		nt_snapshot_fini(&s);
	}
	if (!sealed)
		return 0;
	memcpy(sealed + NT_PACK_HEADER, data, size);
	nt_snapshot_pack_seal(sealed, NT_PACK_HEADER + size);
	if (!nt_snapshot_unpack(&s, sealed, NT_PACK_HEADER + size)) {
		check(&s);
		nt_snapshot_fini(&s);
	}
	free(sealed);
	return 0;
}
