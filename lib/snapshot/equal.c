/* SPDX-License-Identifier: BSD-3-Clause */
#include "needletail/snapshot.h"

#include <string.h>

/* Member by member, because structs have padding; lists in their order. */

static bool counts_equal(const struct nt_counts *a, const struct nt_counts *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (a->entry[i].key != b->entry[i].key || a->entry[i].count != b->entry[i].count)
			return false;
	return true;
}

static bool loss_equal(const struct nt_loss *a, const struct nt_loss *b)
{
	return a->missed_unknown == b->missed_unknown && a->missed == b->missed && a->no_mbuf == b->no_mbuf &&
	       a->errors == b->errors && a->unexplained == b->unexplained;
}

static bool address_equal(const struct nt_address *a, const struct nt_address *b)
{
	return a->length == b->length && !memcmp(a->byte, b->byte, a->length);
}

static bool unique_equal(const struct nt_unique *a, const struct nt_unique *b)
{
	return a->estimated == b->estimated && a->sources == b->sources && a->backscatter == b->backscatter &&
	       counts_equal(&a->region, &b->region) && counts_equal(&a->port, &b->port) &&
	       counts_equal(&a->backscatter_region, &b->backscatter_region);
}

static bool signature_equal(const struct nt_signature_counts *a, const struct nt_signature_counts *b)
{
	return !strcmp(a->name, b->name) && a->packets == b->packets && a->sources == b->sources &&
	       counts_equal(&a->region_packets, &b->region_packets) &&
	       counts_equal(&a->region_sources, &b->region_sources) &&
	       counts_equal(&a->port_packets, &b->port_packets) && counts_equal(&a->port_sources, &b->port_sources);
}

static bool sender_equal(const struct nt_backscatter_source *a, const struct nt_backscatter_source *b)
{
	return address_equal(&a->address, &b->address) && a->region == b->region && a->source_port == b->source_port &&
	       a->has_port == b->has_port && a->source_port_same == b->source_port_same && a->asn == b->asn &&
	       a->packets == b->packets && !memcmp(a->classes, b->classes, sizeof(a->classes)) &&
	       a->targets == b->targets && a->first_s == b->first_s && a->last_s == b->last_s;
}

static bool source_equal(const struct nt_source *a, const struct nt_source *b)
{
	return address_equal(&a->address, &b->address) && a->backscatter == b->backscatter && a->region == b->region &&
	       a->asn == b->asn && a->signatures == b->signatures && a->packets == b->packets;
}

static bool detail_equal(const struct nt_source_detail *a, const struct nt_source_detail *b)
{
	return a->first_s == b->first_s && a->last_s == b->last_s && a->targets == b->targets && a->seq == b->seq &&
	       a->ack == b->ack && a->port == b->port && a->window == b->window && a->src_port == b->src_port &&
	       a->traits == b->traits;
}

static bool victim_equal(const struct nt_victim *a, const struct nt_victim *b)
{
	return address_equal(&a->address, &b->address) && a->proto == b->proto && a->more_ports == b->more_ports &&
	       a->ports == b->ports && !memcmp(a->port, b->port, a->ports * sizeof(a->port[0])) &&
	       a->region == b->region && a->asn == b->asn && a->classes == b->classes && a->packets == b->packets &&
	       a->first_s == b->first_s && a->last_s == b->last_s && a->first_bin == b->first_bin &&
	       a->last_bin == b->last_bin && a->peak == b->peak &&
	       !memcmp(a->targets, b->targets, sizeof(a->targets)) && !memcmp(a->head, b->head, sizeof(a->head)) &&
	       !memcmp(a->tail, b->tail, sizeof(a->tail));
}

static bool event_equal(const struct nt_event *a, const struct nt_event *b)
{
	return a->type == b->type && a->start_s == b->start_s && a->end_s == b->end_s &&
	       !strcmp(a->region, b->region) && !strcmp(a->source, b->source) &&
	       !strcmp(a->body ? a->body : "", b->body ? b->body : "");
}

static bool published_lists_equal(const struct nt_snapshot *a, const struct nt_snapshot *b)
{
	bool same = a->n_signatures == b->n_signatures && a->n_backscatter == b->n_backscatter &&
		    a->n_sources == b->n_sources && counts_equal(&a->backscatter_port, &b->backscatter_port);

	for (size_t i = 0; same && i < a->n_signatures; i++)
		same = signature_equal(&a->signature[i], &b->signature[i]);
	for (size_t i = 0; same && i < a->n_backscatter; i++)
		same = sender_equal(&a->backscatter[i], &b->backscatter[i]);
	for (size_t i = 0; same && i < a->n_sources; i++)
		same = source_equal(&a->source[i], &b->source[i]);
	return same;
}

static bool sketch_equal(const struct nt_sketch *a, const struct nt_sketch *b)
{
	return a->key == b->key && a->n == b->n && a->n_hosts == b->n_hosts &&
	       (!a->n || !memcmp(a->registers, b->registers, a->n * sizeof(a->registers[0]))) &&
	       (!a->n_hosts || !memcmp(a->host, b->host, a->n_hosts * sizeof(a->host[0])));
}

static bool told_lists_equal(const struct nt_snapshot *a, const struct nt_snapshot *b)
{
	bool same = a->n_sketches == b->n_sketches && a->n_orgs == b->n_orgs && a->n_events == b->n_events;

	for (size_t i = 0; same && i < a->n_sketches; i++)
		same = sketch_equal(&a->sketch[i], &b->sketch[i]);
	for (size_t i = 0; same && i < a->n_orgs; i++)
		same = a->org[i].asn == b->org[i].asn && !strcmp(a->org[i].name, b->org[i].name);
	for (size_t i = 0; same && i < a->n_events; i++)
		same = event_equal(&a->event[i], &b->event[i]);
	return same;
}

static bool detector_lists_equal(const struct nt_snapshot *a, const struct nt_snapshot *b)
{
	bool same = !a->detail == !b->detail && a->n_pairs == b->n_pairs && a->n_victims == b->n_victims &&
		    a->n_queues == b->n_queues;

	for (size_t i = 0; same && a->detail && i < a->n_sources; i++)
		same = detail_equal(&a->detail[i], &b->detail[i]);
	for (size_t i = 0; same && i < a->n_pairs; i++)
		same = a->pair[i].source == b->pair[i].source && a->pair[i].port == b->pair[i].port &&
		       a->pair[i].signatures == b->pair[i].signatures;
	for (size_t i = 0; same && i < a->n_victims; i++)
		same = victim_equal(&a->victim[i], &b->victim[i]);
	for (size_t i = 0; same && i < a->n_queues; i++)
		same = !strcmp(a->queue[i].name, b->queue[i].name) && a->queue[i].packets == b->queue[i].packets;
	return same;
}

bool nt_snapshot_equal(const struct nt_snapshot *a, const struct nt_snapshot *b)
{
	if (a->start_s != b->start_s || a->end_s != b->end_s || a->partial != b->partial || a->frames != b->frames ||
	    a->bytes != b->bytes || a->late != b->late || a->geo_build_s != b->geo_build_s ||
	    memcmp(a->overflow, b->overflow, sizeof(a->overflow)) || a->reduced != b->reduced ||
	    memcmp(a->cut, b->cut, sizeof(a->cut)))
		return false;
	if (memcmp(a->class_frames, b->class_frames, sizeof(a->class_frames)) ||
	    memcmp(a->malformed, b->malformed, sizeof(a->malformed)) ||
	    memcmp(a->truncated, b->truncated, sizeof(a->truncated)) || !loss_equal(&a->loss, &b->loss))
		return false;
	for (uint32_t t = 0; t < NT_TABLES; t++)
		if (!counts_equal(&a->table[t], &b->table[t]))
			return false;
	return unique_equal(&a->unique, &b->unique) && published_lists_equal(a, b) && told_lists_equal(a, b) &&
	       detector_lists_equal(a, b);
}
