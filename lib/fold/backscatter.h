/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_FOLD_BACKSCATTER_H
#define NT_FOLD_BACKSCATTER_H

#include "fold/places.h"
#include "tally/backscatter.h"

/* Senders of backscatter, and victims, put together from all banks. */

/** A sender, of all its lines. Members as in struct nt_reply_line. */
struct nt_fold_sender {
	struct nt_key128 address;
	int64_t first_ns;
	int64_t last_ns;
	int64_t first_port_ns; /* of the earliest packet with a port */
	uint64_t targets[NT_REPLY_TARGETS];
	uint64_t packets[NT_BACKSCATTERS];
	uint16_t src_port;
	uint16_t region;
	bool v6;
	bool has_port;
	bool port_varies;
};

struct nt_fold_senders {
	struct nt_places index;
	struct nt_fold_sender *entry;
	size_t n;
	size_t capacity;
};

/** A victim and its attacked protocol. Members as in struct nt_reply_line. */
struct nt_fold_victim {
	struct nt_key128 address;
	uint64_t packets;
	uint64_t peak;
	uint64_t head[NT_VICTIM_BINS]; /* of first_bin, first_bin + 1, ... */
	uint64_t tail[NT_VICTIM_BINS]; /* of last_bin, last_bin - 1, ... */
	uint64_t targets[NT_VICTIM_TARGETS];
	uint32_t first_s;
	uint32_t last_s;
	uint32_t classes;
	uint32_t first_bin;
	uint32_t last_bin;
	struct nt_victim_ports ports;
	uint8_t proto;
	bool v6;
};

struct nt_fold_victims {
	struct nt_places index;
	struct nt_fold_victim *entry;
	size_t n;
	size_t capacity;
};

/** Adds a bank's lines. Returns 0 or -ENOMEM. */
int nt_fold_senders_add(struct nt_fold_senders *s, const struct nt_replies *bank);
void nt_fold_senders_fini(struct nt_fold_senders *s);

/** Likewise. Banks of one fold belong together first: see victims.c. */
int nt_fold_victims_add(struct nt_fold_victims *v, const struct nt_replies *bank);

/** Adds what another fold has put together. Returns 0 or -ENOMEM. */
int nt_fold_victims_merge(struct nt_fold_victims *v, const struct nt_fold_victims *from);
void nt_fold_victims_fini(struct nt_fold_victims *v);

#endif
