/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/config.h"

#include "redis/schema.h"

#define DAY_S 86400

struct nt_redis_limits nt_config_redis_limits(const struct nt_config_redis *redis)
{
	const struct nt_config_keep *keep = &redis->keep;
	const struct nt_config_members *members = &redis->members;

	return (struct nt_redis_limits){
	    .lifetime_s = {[NT_BUCKET_M] = (int64_t)keep->m_days * DAY_S,
			   [NT_BUCKET_H] = (int64_t)keep->h_days * DAY_S,
			   [NT_BUCKET_D] = (int64_t)keep->d_days * DAY_S,
			   [NT_BUCKET_Q] = (int64_t)keep->q_days * DAY_S},
	    .h_hll_lifetime_s = (int64_t)keep->h_hll_days * DAY_S,
	    .d_sources_lifetime_s = (int64_t)keep->d_sources_days * DAY_S,
	    .old_s = {[NT_BUCKET_H] = (int64_t)keep->h_full_days * DAY_S,
		      [NT_BUCKET_D] = (int64_t)keep->d_full_days * DAY_S,
		      [NT_BUCKET_Q] = (int64_t)keep->q_full_days * DAY_S},
	    .live_entries = keep->live_entries,
	    .events_entries = keep->events_entries,
	    .members = {[NT_BOUND_M] = members->m,
			[NT_BOUND_H] = members->h,
			[NT_BOUND_D_PORT] = members->d_port,
			[NT_BOUND_D_REGION_PORT] = members->d_region_port,
			[NT_BOUND_D_OTHER] = members->d_other,
			[NT_BOUND_Q] = members->q,
			[NT_BOUND_OPEN_REGION_PORT] = members->open_region_port,
			[NT_BOUND_OPEN_Q_REGION_PORT] = members->open_q_region_port,
			[NT_BOUND_OPEN_ASN] = members->open_asn,
			[NT_BOUND_SIG] = members->sig,
			[NT_BOUND_OPEN_SIG] = members->open_sig,
			[NT_BOUND_D_SOURCE] = members->d_source,
			[NT_BOUND_D_BACKSCATTER] = members->d_backscatter,
			[NT_BOUND_OPEN_SOURCE] = members->open_source,
			[NT_BOUND_OPEN_BACKSCATTER] = members->open_backscatter,
			[NT_BOUND_OPEN_ALL_SOURCE] = members->open_all_source,
			[NT_BOUND_OPEN_ALL_BACKSCATTER] = members->open_all_backscatter,
			[NT_BOUND_D_HLL] = members->d_hll,
			[NT_BOUND_Q_HLL] = members->q_hll,
			[NT_BOUND_OPEN_HLL] = members->open_hll,
			[NT_BOUND_OPEN_OTHER] = members->open_other,
			[NT_BOUND_OLD_H] = members->old_h,
			[NT_BOUND_OLD_D] = members->old_d,
			[NT_BOUND_OLD_D_REGION_PORT] = members->old_d_region_port,
			[NT_BOUND_OLD_Q] = members->old_q,
			[NT_BOUND_OLD_SIG] = members->old_sig,
			[NT_BOUND_OLD_SOURCE] = members->old_source,
			[NT_BOUND_OLD_ALL_SOURCE] = members->old_all_source,
			[NT_BOUND_OLD_BACKSCATTER] = members->old_backscatter,
			[NT_BOUND_OLD_BACKSCATTER_PORT] = members->old_backscatter_port,
			[NT_BOUND_OLD_D_HLL] = members->old_d_hll,
			[NT_BOUND_OLD_Q_HLL] = members->old_q_hll,
			[NT_BOUND_OLD_UNIQUE] = members->old_unique},
	};
}
