/* SPDX-License-Identifier: BSD-3-Clause */
#include "commands.h"

#include "base/log.h"
#include "needletail/errors.h"

#include <rte_cpuflags.h>
#include <rte_version.h>
#include <stdio.h>

/* The vector extension that look-ups use: the widest of the CPU's, as rte_fib chooses. */
static const char *simd_path(void)
{
	if (rte_cpu_get_flag_enabled(RTE_CPUFLAG_AVX512F) > 0 && rte_cpu_get_flag_enabled(RTE_CPUFLAG_AVX512DQ) > 0)
		return "avx512";
	return "scalar";
}

int cmd_version(int argc, char **argv)
{
	if (argc > 1) {
		nt_error("version: %s: nothing is expected here", argv[1]);
		return NT_EXIT_UNUSABLE;
	}
	printf("needletail %s\ndpdk %s\nsimd %s\n", NT_VERSION, rte_version() + sizeof("DPDK ") - 1, simd_path());
	return NT_EXIT_OK;
}
