/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NEEDLETAIL_RELOAD_H
#define NEEDLETAIL_RELOAD_H

#include "geo/geo.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

/*
 * Reads the region database again while packets are counted. Building the tables takes tenths of a second, and so
 * does freeing them: both happen in a thread of their own, so that the main lcore is on time for an interval's end.
 */

enum reload_state {
	RELOAD_IDLE,
	RELOAD_BUILDING,
	RELOAD_BUILT,  /* waits to be taken */
	RELOAD_FAILED, /* likewise, with `why` */
	RELOAD_FREEING,
	RELOAD_FREED
};

struct reload {
	struct nt_geo_options options;
	_Atomic int state; /* enum reload_state; the thread writes while it runs, else the main lcore */
	pthread_t thread;
	bool running;	   /* main lcore's: the thread is to be joined */
	bool again;	   /* main lcore's: asked for while it was busy */
	struct nt_geo geo; /* the new one until it is taken, then the old one */
	char why[NT_GEO_WHY];
};

/** `options` and what it points to must stay. */
void reload_init(struct reload *r, const struct nt_geo_options *options);

/** Asks for a reload. If one is under way, another follows. */
void reload_ask(struct reload *r);

/**
 * To be called now and then. True when a reload has come to its end: then *geo is new if it succeeded (and the
 * caller, once no worker uses the old one, hands that to reload_free()), or `why` says why the old one stays.
 */
bool reload_look(struct reload *r, struct nt_geo *geo, const char **why);

/** Frees tables that no worker uses any more, in the background. After reload_look() returned true, at once. */
void reload_free(struct reload *r, const struct nt_geo *old);

/** Waits for the thread and drops what was not taken. */
void reload_fini(struct reload *r);

#endif
