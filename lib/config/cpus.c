/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/cpus.h"

#include <errno.h>
#include <stdbool.h>

/* Reads a number and steps behind it. Returns it, or -1. */
static int32_t cpu_number(const char **at, const char **why)
{
	int32_t cpu = 0;

	if (**at < '0' || **at > '9') {
		*why = "not a CPU list such as 0-3,6";
		return -1;
	}
	for (; **at >= '0' && **at <= '9'; (*at)++) {
		cpu = cpu * 10 + (**at - '0');
		if (cpu >= NT_CPUS_MAX) {
			*why = "CPU numbers end at 1023";
			return -1;
		}
	}
	return cpu;
}

/* Appends first..last, which must not hold a CPU that is there already. */
static int append_range(struct nt_cpus *out, bool *seen, int32_t first, int32_t last, const char **why)
{
	if (last < first) {
		*why = "a range of CPUs runs upwards";
		return -EINVAL;
	}
	for (int32_t cpu = first; cpu <= last; cpu++) {
		if (seen[cpu]) {
			*why = "names a CPU twice";
			return -EINVAL;
		}
		seen[cpu] = true;
		out->cpu[out->n++] = (uint16_t)cpu;
	}
	return 0;
}

int nt_cpus_parse(const char *text, struct nt_cpus *out, const char **why)
{
	bool seen[NT_CPUS_MAX] = {false};

	out->n = 0;
	for (;; text++) { /* each turn but the last ends on a comma */
		int32_t first = cpu_number(&text, why);
		int32_t last = first;

		if (first < 0)
			return -EINVAL;
		if (*text == '-') {
			text++;
			last = cpu_number(&text, why);
			if (last < 0)
				return -EINVAL;
		}
		if (append_range(out, seen, first, last, why) < 0)
			return -EINVAL;
		if (!*text)
			return 0;
		if (*text != ',') {
			*why = "not a CPU list such as 0-3,6";
			return -EINVAL;
		}
	}
}

uint16_t nt_cpus_of_lcore(const struct nt_cpus *cpus, uint32_t lcore)
{
	if (!lcore || cpus->n == 1)
		return cpus->cpu[0];
	return cpus->cpu[1 + (lcore - 1) % (cpus->n - 1)];
}
