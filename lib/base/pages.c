/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/pages.h"

#include <stdint.h>
#include <sys/mman.h>

/* A huge page of x86 and most others; only whole ones that begin at their multiples are given. */
#define HUGE_BYTES (UINT64_C(2) << 20)

static size_t rounded(size_t bytes)
{
	return (bytes + HUGE_BYTES - 1) / HUGE_BYTES * HUGE_BYTES;
}

void *nt_pages_take(size_t bytes)
{
	size_t size = rounded(bytes);
	uint8_t *memory =
	    mmap(NULL, size + HUGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	size_t before;

	if (memory == MAP_FAILED)
		return NULL;
	before = rounded((uintptr_t)memory) - (uintptr_t)memory;
	if (before)
		munmap(memory, before);
	if (before != HUGE_BYTES)
		munmap(memory + before + size, HUGE_BYTES - before);
	memory += before;
	madvise(memory, size, MADV_HUGEPAGE); /* small ones serve, too */
	return memory;
}

void nt_pages_give(void *memory, size_t bytes)
{
	if (memory)
		munmap(memory, rounded(bytes));
}
