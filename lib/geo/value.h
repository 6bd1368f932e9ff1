/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_GEO_VALUE_H
#define NT_GEO_VALUE_H

#include <stdint.h>

/*
 * Looks a value of the MaxMind DB format over before libmaxminddb is let near it. That library (1.7.1 for one) goes as
 * deep as the file says and follows fanned-out pointers as often as they lead somewhere: four megabytes of record
 * exhaust its stack, a few hundred bytes of metadata all memory. What passes here is small and shallow, and so is then
 * the library's own walk.
 * Format: https://maxmind.github.io/MaxMind-DB/ ("Output Data Section").
 */
struct nt_values {
	const uint8_t *data; /**< where offsets and pointers count from */
	uint32_t size;	     /**< bytes */
	uint64_t steps_left; /**< values that may still be looked at, over all calls */
};

/** Follows the value at `offset` to all its ends. Returns 0 or -EBADMSG: broken, too deep or too large. */
int nt_value_check(struct nt_values *values, uint32_t offset);

#endif
