/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NEEDLETAIL_RELOAD_H
#define NEEDLETAIL_RELOAD_H

#include "databases.h"
#include "tally/signature.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

/*
 * Reads the databases, and the signatures of the configuration file, again while packets are counted. Building the
 * tables takes tenths of a second, and so does freeing them: both happen in a thread of their own, so that the main
 * lcore is on time for an interval's end. All that is read again is replaced together, or nothing is.
 */

enum reload_state {
	RELOAD_IDLE,
	RELOAD_BUILDING,
	RELOAD_BUILT,  /* waits to be taken */
	RELOAD_FAILED, /* likewise, with `why` */
	RELOAD_FREEING,
	RELOAD_FREED
};

/** What a reload brings. */
struct reloaded {
	struct databases databases;
	struct nt_signatures *signatures;
};

struct reload {
	const char *path;		    /* of the configuration; only its signatures are read again */
	const struct nt_config_geo *config; /* as at the start */
	_Atomic int state; /* enum reload_state; the thread writes while it runs, else the main lcore */
	pthread_t thread;
	bool running;	       /* main lcore's: the thread is to be joined */
	bool again;	       /* main lcore's: asked for while it was busy */
	struct reloaded fresh; /* until it is taken */
	struct databases old;  /* to be freed */
	char why[NT_GEO_WHY];
};

/** `path` and `config` must stay. */
void reload_init(struct reload *r, const char *path, const struct nt_config_geo *config);

/** Asks for a reload. If one is under way, another follows. */
void reload_ask(struct reload *r);

/**
 * To be called now and then. True when a reload has come to its end: then *fresh is new if it succeeded (and the
 * caller, once nobody uses the old databases, hands those to reload_free()), or `why` says why everything stays.
 */
bool reload_look(struct reload *r, struct reloaded *fresh, const char **why);

/** Frees databases that nobody uses any more, in the background. After reload_look() returned true, at once. */
void reload_free(struct reload *r, const struct databases *old);

/** Waits for the thread and drops what was not taken. */
void reload_fini(struct reload *r);

#endif
