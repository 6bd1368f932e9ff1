/* SPDX-License-Identifier: BSD-3-Clause */
#include "reload.h"

#include <stdio.h>
#include <string.h>

static int state_of(const struct reload *r)
{
	return atomic_load_explicit(&r->state, memory_order_acquire);
}

static void set_state(struct reload *r, int state)
{
	atomic_store_explicit(&r->state, state, memory_order_release);
}

static void *build(void *argument)
{
	struct reload *r = argument;
	int err = databases_load(r->config, &r->databases, r->why);

	set_state(r, err ? RELOAD_FAILED : RELOAD_BUILT);
	return NULL;
}

static void *discard(void *argument)
{
	struct reload *r = argument;

	databases_free(&r->databases);
	set_state(r, RELOAD_FREED);
	return NULL;
}

static void join(struct reload *r)
{
	if (r->running)
		pthread_join(r->thread, NULL);
	r->running = false;
}

static int run(struct reload *r, int state, void *(*work)(void *))
{
	int err;

	set_state(r, state);
	err = pthread_create(&r->thread, NULL, work, r);
	r->running = !err;
	return -err;
}

void reload_init(struct reload *r, const struct nt_config_geo *config)
{
	*r = (struct reload){.config = config};
	atomic_init(&r->state, RELOAD_IDLE);
}

static void begin(struct reload *r)
{
	int err = run(r, RELOAD_BUILDING, build);

	r->again = false;
	if (!err)
		return;
	snprintf(r->why, sizeof(r->why), "databases: %s", strerror(-err));
	set_state(r, RELOAD_FAILED);
}

void reload_ask(struct reload *r)
{
	if (state_of(r) == RELOAD_IDLE)
		begin(r);
	else
		r->again = true;
}

bool reload_look(struct reload *r, struct databases *fresh, const char **why)
{
	int state = state_of(r);

	if (state == RELOAD_IDLE && r->again)
		begin(r);
	if (state != RELOAD_FREED && state != RELOAD_BUILT && state != RELOAD_FAILED)
		return false;
	join(r);
	set_state(r, RELOAD_IDLE);
	if (state == RELOAD_BUILT)
		*fresh = r->databases;
	*why = state == RELOAD_FAILED ? r->why : NULL;
	return state != RELOAD_FREED;
}

void reload_free(struct reload *r, const struct databases *old)
{
	r->databases = *old;
	if (run(r, RELOAD_FREEING, discard))
		discard(r); /* late for an interval's end, but done */
}

void reload_fini(struct reload *r)
{
	join(r);
	if (state_of(r) == RELOAD_BUILT)
		databases_free(&r->databases);
	set_state(r, RELOAD_IDLE);
}
