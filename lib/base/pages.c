/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/pages.h"

#include <limits.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

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

#ifdef __GLIBC__

#define SMALL_BYTES 4096
#define KEPT_BYTES  (32 << 20) /* larger pieces go back to the system; GNU's largest */

/* Does the system give huge pages to those who ask? */
static bool gives_huge(void)
{
	FILE *f = fopen("/sys/kernel/mm/transparent_hugepage/enabled", "re");
	char modes[64] = "[never]";
	bool gives = f && fgets(modes, sizeof(modes), f) && !strstr(modes, "[never]");

	if (f)
		fclose(f);
	return gives;
}

/*
 * What malloc() takes next is asked to be huge as a whole: it asks the system once for that and its padding. Where it
 * wrote a header before that was asked, the huge page around would be small ones for ever, and so is the piece up to
 * the first whole one: it is left aside, and as nobody writes to it, it is no memory but for its ends.
 */
void nt_pages_heap(size_t bytes)
{
	static void *volatile aside; /* else the compiler leaves out the call */
	const uint8_t *begin = sbrk(0), *end;
	uintptr_t whole = rounded((uintptr_t)begin + HUGE_BYTES); /* more than a free piece hardly ever has */

	if (aside || !gives_huge() || bytes > INT_MAX)
		return;
	mallopt(M_ARENA_MAX, 1);
	mallopt(M_MMAP_THRESHOLD, KEPT_BYTES);
	mallopt(M_TRIM_THRESHOLD, INT_MAX);
	mallopt(M_TOP_PAD, (int)bytes);
	aside = malloc(mallinfo2().keepcost + (whole - (uintptr_t)begin) - SMALL_BYTES);
	end = sbrk(0);
	if ((uintptr_t)end > whole)
		madvise((void *)whole, (uintptr_t)end - whole, MADV_HUGEPAGE);
}

#else

void nt_pages_heap(size_t bytes)
{
	(void)bytes;
}

#endif
