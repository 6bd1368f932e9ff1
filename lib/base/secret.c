/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/mix.h"

#include <errno.h>
#include <sys/random.h>

uint64_t nt_mix_secret;

int nt_mix_choose_secret(void)
{
	return getrandom(&nt_mix_secret, sizeof(nt_mix_secret), 0) == sizeof(nt_mix_secret) ? 0 : -EIO;
}
