/* SPDX-License-Identifier: BSD-3-Clause */
#include "commands.h"

#include "base/log.h"
#include "needletail/errors.h"

#include <rte_cpuflags.h>
#include <rte_version.h>
#include <stdio.h>
#include <string.h>

/* The vector extension that look-ups use: the widest of the CPU's, as rte_fib chooses. */
static const char *simd_path(void)
{
	if (rte_cpu_get_flag_enabled(RTE_CPUFLAG_AVX512F) > 0 && rte_cpu_get_flag_enabled(RTE_CPUFLAG_AVX512DQ) > 0)
		return "avx512";
	return "scalar";
}

static const char help[] =
    "usage: needletail version\n"
    "\n"
    "Prints the versions of the program and of DPDK, and the vector extension that look-ups use.\n";

int cmd_version(int argc, char **argv)
{
	if (argc == 2 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")))
		return printf("%s", help) < 0 ? NT_EXIT_FAILED : NT_EXIT_OK;
	if (argc > 1) {
		nt_error("version: %s: nothing is expected here", argv[1]);
		return NT_EXIT_UNUSABLE;
	}
	printf("needletail %s\ndpdk %s\nsimd %s\n", NT_VERSION, rte_version() + sizeof("DPDK ") - 1, simd_path());
	return NT_EXIT_OK;
}
