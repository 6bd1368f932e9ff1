/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/compose/inside.h"
#include "report/evidence.h"

/* What is handed to the CSIRT of a region and to holders of addresses. */

static const struct column column[] = {
    {"region", NT_DOC_TEXT, NT_MSG_COL_CODE},
    {"organisation", NT_DOC_TEXT, NT_MSG_COL_ORG},
    {"asn", NT_DOC_COUNT, NT_MSG_COL_ASN},
    {"address", NT_DOC_TEXT, NT_MSG_COL_ADDRESS},
    {"type", NT_DOC_TEXT, NT_MSG_COL_TYPE},
    {"start", NT_DOC_TIME, NT_MSG_COL_START},
    {"end", NT_DOC_TIME, NT_MSG_COL_END},
    {"attacked_ports", NT_DOC_TEXT, NT_MSG_COL_ATTACKED},
    {"source_port", NT_DOC_COUNT, NT_MSG_COL_SOURCE_PORT},
    {"destination_port", NT_DOC_TEXT, NT_MSG_COL_PORT},
    {"window", NT_DOC_COUNT, NT_MSG_COL_WINDOW},
    {"sequence", NT_DOC_COUNT, NT_MSG_COL_SEQUENCE},
    {"acknowledgement", NT_DOC_COUNT, NT_MSG_COL_ACKNOWLEDGEMENT},
    {"packets", NT_DOC_COUNT, NT_MSG_COL_PACKETS},
    {"sensor", NT_DOC_TEXT, NT_MSG_COL_SENSOR},
};

static void add_row(struct composing *c, const struct nt_exposed *x)
{
	char owner[NT_OWNER_TEXT];
	struct nt_evidence e;

	nt_evidence_read(x->event->body, &e);
	nt_doc_text(c->d, x->event->region[0] ? x->event->region : NULL);
	nt_doc_text(c->d, nt_owner_text(c->owners, x->address, x->org, owner) ? owner : NULL);
	nt_doc_number(c->d, x->asn ? (double)x->asn : NAN); /* NAN is a float */
	nt_doc_text(c->d, x->address);
	nt_doc_text(c->d, x->event->type);
	nt_doc_time(c->d, x->event->start_s);
	nt_doc_time(c->d, x->event->end_s);
	nt_doc_text(c->d, e.ports[0] ? e.ports : NULL);
	nt_doc_number(c->d, e.source_port < 0 ? NAN : (double)e.source_port);
	nt_doc_text(c->d, e.port[0] ? e.port : NULL);
	nt_doc_number(c->d, e.window < 0 ? NAN : (double)e.window);
	nt_doc_number(c->d, e.sequence < 0 ? NAN : (double)e.sequence);
	nt_doc_number(c->d, e.acknowledgement < 0 ? NAN : (double)e.acknowledgement);
	/* Of a tool they are those of all its sources together. */
	nt_doc_number(c->d, nt_event_is(x->event, "dos") ? (double)e.packets : NAN);
	nt_doc_text(c->d, x->event->sensor);
}

/* Nothing of it is for readers who are to see pseudonyms. */
void compose_export(struct composing *c)
{
	if (nt_owners_pseudonyms(c->owners))
		return;
	nt_doc_item(c->d, "export", NT_DOC_DATA, NT_MSG_TITLE_EXPORT, NO_WORDS);
	add_columns(c, COLUMNS_OF(column));
	for (size_t i = 0; i < c->r->exposed_n; i++)
		add_row(c, &c->r->exposed[i]);
}
