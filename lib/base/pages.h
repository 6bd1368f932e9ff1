/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_BASE_PAGES_H
#define NT_BASE_PAGES_H

#include <stddef.h>

/*
 * Ordinary memory for large tables: zeroed, taken from the system when it is touched, in transparent huge pages where
 * the system has them. DPDK's own memory without hugepages is shared memory of small pages, which is slow to touch
 * first and misses the TLB ever after.
 */

/** At least 64 bytes aligned. NULL: no memory. */
void *nt_pages_take(size_t bytes);

/** Gives back what nt_pages_take() gave for so many bytes; NULL is fine. */
void nt_pages_give(void *memory, size_t bytes);

/**
 * Has malloc() keep what is freed, and take its memory in huge pages, so much at once: for who uses the same hundred
 * megabytes again and again, where a page of 4 KiB costs more to get than to fill. Large tables are better made before:
 * calloc() would clear them, and so touch all of them. Nothing happens where the system has no huge pages to give, or
 * the C library is another than GNU's, nor the second time. Main thread, before there are others.
 */
void nt_pages_heap(size_t bytes);

#endif
