/* SPDX-License-Identifier: BSD-3-Clause */
#include "reload.h"

#include "rules.h"

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

static int read_signatures(struct reload *r)
{
	struct nt_config config;
	int err = nt_config_load(r->path, &config, r->why, sizeof(r->why));

	if (err)
		return err;
	err = rules_compile(&config, &r->fresh.signatures, r->why, sizeof(r->why));
	nt_config_fini(&config);
	return err;
}

static void *build(void *argument)
{
	struct reload *r = argument;
	int err = read_signatures(r);

	if (!err) {
		err = databases_load(r->config, DATABASES_DPDK, &r->fresh.databases, r->why);
		if (err)
			nt_signatures_free(r->fresh.signatures);
	}
	set_state(r, err ? RELOAD_FAILED : RELOAD_BUILT);
	return NULL;
}

static void *discard(void *argument)
{
	struct reload *r = argument;

	databases_free(&r->old);
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

void reload_init(struct reload *r, const char *path, const struct nt_config_geo *config)
{
	*r = (struct reload){.path = path, .config = config};
	atomic_init(&r->state, RELOAD_IDLE);
}

static void begin(struct reload *r)
{
	int err = run(r, RELOAD_BUILDING, build);

	r->again = false;
	if (!err)
		return;
	snprintf(r->why, sizeof(r->why), "reload: %s", strerror(-err));
	set_state(r, RELOAD_FAILED);
}

void reload_ask(struct reload *r)
{
	if (state_of(r) == RELOAD_IDLE)
		begin(r);
	else
		r->again = true;
}

bool reload_look(struct reload *r, struct reloaded *fresh, const char **why)
{
	int state = state_of(r);

	if (state == RELOAD_IDLE && r->again)
		begin(r);
	if (state != RELOAD_FREED && state != RELOAD_BUILT && state != RELOAD_FAILED)
		return false;
	join(r);
	set_state(r, RELOAD_IDLE);
	if (state == RELOAD_BUILT)
		*fresh = r->fresh;
	*why = state == RELOAD_FAILED ? r->why : NULL;
	return state != RELOAD_FREED;
}

void reload_free(struct reload *r, const struct databases *old)
{
	r->old = *old;
	if (run(r, RELOAD_FREEING, discard))
		discard(r); /* late for an interval's end, but done */
}

void reload_fini(struct reload *r)
{
	join(r);
	if (state_of(r) == RELOAD_BUILT) {
		databases_free(&r->fresh.databases);
		nt_signatures_free(r->fresh.signatures);
	}
	set_state(r, RELOAD_IDLE);
}
