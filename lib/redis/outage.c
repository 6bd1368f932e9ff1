/* SPDX-License-Identifier: BSD-3-Clause */
#include "redis/outage.h"

#include "base/clock.h"

#define QUIET_NS (UINT64_C(60) * NT_SECOND_NS)

static bool is_worth_saying(const struct nt_outage *o, int err, bool urgent, uint64_t now_ns)
{
	bool other = urgent && err != o->said_err;

	return now_ns >= o->quiet_ns ? !o->said || other : other && !o->hurried;
}

bool nt_outage_failed(struct nt_outage *o, int err, bool urgent, uint64_t now_ns, uint32_t *more)
{
	o->unsaid += !o->err;
	o->err = err;
	*more = 0;
	if (!is_worth_saying(o, err, urgent, now_ns))
		return false;
	*more = o->unsaid > 1 ? o->unsaid - 1 : 0;
	o->said = true;
	o->hurried = now_ns < o->quiet_ns;
	o->said_err = err;
	o->unsaid = 0;
	o->quiet_ns = now_ns + QUIET_NS;
	return true;
}

bool nt_outage_over(struct nt_outage *o, uint64_t now_ns, uint32_t *more)
{
	bool said = o->said;

	o->err = 0;
	o->said = false;
	*more = 0;
	if (said)
		return true;
	if (!o->unsaid || now_ns < o->quiet_ns)
		return false;
	*more = o->unsaid;
	o->unsaid = 0;
	o->quiet_ns = now_ns + QUIET_NS;
	return true;
}
