/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NEEDLETAIL_CAPTURE_BURST_H
#define NEEDLETAIL_CAPTURE_BURST_H

#include "base/clock.h"
#include "decode/decode.h"
#include "tally/burst.h"

/** Most records that are handed on in one go: as many as are counted in one. */
#define CAPTURE_BURST NT_BURST

/** Records of one file, one behind the other. */
struct capture_burst {
	uint32_t n;
	enum nt_link link;
	int64_t earliest_s; /**< Unix seconds of the earliest record and of the latest one */
	int64_t latest_s;
	struct nt_frame frame[CAPTURE_BURST];
	struct nt_time time[CAPTURE_BURST];
};

#endif
