/* SPDX-License-Identifier: BSD-3-Clause */
#include "rules.h"

#include "base/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int rules_compile(const struct nt_config *config, struct nt_signatures **signatures, char *why, size_t why_size)
{
	struct nt_signature signature[NT_SIGNATURES_MAX];
	char reason[NT_SIGNATURE_WHY] = "";
	int err;

	*signatures = nt_signatures_new(signature, nt_config_signatures(config, signature), reason);
	if (*signatures)
		return 0;
	err = -errno;
	snprintf(why, why_size, "signatures: %s", *reason ? reason : strerror(-err));
	return err;
}

int rules_open(const struct nt_config *config, struct nt_signatures **signatures)
{
	char why[NT_SIGNATURE_WHY + 32];
	int err = rules_compile(config, signatures, why, sizeof(why));

	if (err)
		nt_error("%s", why);
	return err;
}
