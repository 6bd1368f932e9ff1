/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NEEDLETAIL_THREAD_H
#define NEEDLETAIL_THREAD_H

#include <pthread.h>

/**
 * Starts a thread that gets no signals: they are the caller's, whose reading and waiting they end. `attributes` may be
 * NULL. Any thread. Returns 0 or -errno.
 */
int thread_start(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *argument), void *argument);

#endif
