/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_TEST_PRIVATE_EAL_H
#define NT_TEST_PRIVATE_EAL_H

#define ALLOW_EXPERIMENTAL_API /* rte_vect_set_max_simd_bitwidth() */

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_vect.h>

#include <dirent.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * An EAL of this process alone: no hugepages, no devices, nothing left behind. `mib` is a limit and costs nothing
 * until it is used: without hugepages the memory is a mapping that fills page by page.
 */
static inline int private_eal_start(const char *mib)
{
	char prefix[40], cpu[16], memory[16], runtime[] = "/tmp/needletail-test-XXXXXX";
	char *arguments[] = {(char[]){"test"},
			     (char[]){"--no-huge"},
			     (char[]){"--no-shconf"},
			     (char[]){"--no-pci"},
			     (char[]){"--no-telemetry"},
			     (char[]){"--log-level=*:error"},
			     (char[]){"-m"},
			     memory,
			     (char[]){"-l"},
			     cpu,
			     (char[]){"--file-prefix"},
			     prefix};

	snprintf(prefix, sizeof(prefix), "needletail-test-%d", (int)getpid());
	snprintf(memory, sizeof(memory), "%s", mib);
	snprintf(cpu, sizeof(cpu), "%d", sched_getcpu());
	if (!mkdtemp(runtime) || setenv("XDG_RUNTIME_DIR", runtime, 1))
		return -1;
	if (rte_eal_init(sizeof(arguments) / sizeof(arguments[0]), arguments) < 0) {
		fprintf(stderr, "EAL: %s\n", rte_strerror(rte_errno));
		return -1;
	}
	return 0;
}

static inline void private_eal_empty(const char *path)
{
	DIR *d = opendir(path);
	char entry[512];

	if (!d)
		return;
	for (struct dirent *e; (e = readdir(d));) {
		snprintf(entry, sizeof(entry), "%s/%s", path, e->d_name);
		unlink(entry);
	}
	closedir(d);
	rmdir(path);
}

static inline int private_eal_stop(void)
{
	char runtime[256], parent[280];

	snprintf(runtime, sizeof(runtime), "%s", rte_eal_get_runtime_dir());
	rte_eal_cleanup();
	private_eal_empty(runtime);
	snprintf(parent, sizeof(parent), "%s/dpdk", getenv("XDG_RUNTIME_DIR"));
	rmdir(parent);
	return rmdir(getenv("XDG_RUNTIME_DIR"));
}

#endif
