/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/evidence.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static void text(const json_t *body, const char *key, char out[static NT_EVIDENCE_TEXT])
{
	const char *value = json_string_value(json_object_get(body, key));

	snprintf(out, NT_EVIDENCE_TEXT, "%s", value ? value : "");
}

static int64_t number(const json_t *body, const char *key)
{
	const json_t *value = json_object_get(body, key);

	return json_is_integer(value) ? json_integer_value(value) : -1;
}

static uint64_t count(const json_t *body, const char *key)
{
	int64_t value = number(body, key);

	return value < 0 ? 0 : (uint64_t)value;
}

static double rate(const json_t *body, const char *key)
{
	const json_t *value = json_object_get(body, key);

	return json_is_number(value) && json_number_value(value) > 0 ? json_number_value(value) : NAN;
}

static const char *protocol_name(int64_t protocol)
{
	return protocol == 6 ? "/tcp" : protocol == 17 ? "/udp" : "";
}

static void read_ports(const json_t *body, struct nt_evidence *out)
{
	const json_t *list = json_object_get(body, "ports");
	size_t used = 0;

	for (size_t i = 0; i < json_array_size(list) && used < sizeof(out->ports) - 32; i++)
		used += (size_t)snprintf(&out->ports[used], sizeof(out->ports) - used, "%s%" JSON_INTEGER_FORMAT "%s",
					 used ? " " : "", json_integer_value(json_array_get(list, i)),
					 protocol_name(number(body, "protocol")));
	if (used && json_is_true(json_object_get(body, "more_ports")))
		snprintf(&out->ports[used], sizeof(out->ports) - used, " ...");
}

static void read_attacked(const json_t *body, struct nt_evidence *out)
{
	const json_t *list = json_object_get(body, "ports");

	for (size_t i = 0; i < json_array_size(list) && out->attacked_n < NT_EVIDENCE_PORTS; i++) {
		const json_t *port = json_array_get(list, i);

		if (json_is_integer(port) && json_integer_value(port) >= 0 && json_integer_value(port) <= UINT16_MAX)
			out->attacked[out->attacked_n++] = (uint16_t)json_integer_value(port);
	}
}

static void read_classes(const json_t *body, struct nt_evidence *out)
{
	const json_t *list = json_object_get(body, "classes");
	size_t used = 0;

	for (size_t i = 0; i < json_array_size(list) && used < sizeof(out->classes); i++) {
		const char *name = json_string_value(json_array_get(list, i));

		used += (size_t)snprintf(&out->classes[used], sizeof(out->classes) - used, "%s%s", used ? ", " : "",
					 name ? name : "-");
	}
}

static void read_examples(const json_t *body, struct nt_evidence *out)
{
	const json_t *list = json_object_get(body, "examples");

	for (size_t i = 0; i < json_array_size(list) && out->examples < NT_EVIDENCE_EXAMPLES; i++) {
		const char *address = json_string_value(json_array_get(list, i));

		if (address && strlen(address) < NT_EVIDENCE_TEXT)
			snprintf(out->example[out->examples++], NT_EVIDENCE_TEXT, "%s", address);
	}
}

void nt_evidence_read(const char *body, struct nt_evidence *out)
{
	json_t *json = json_loads(body, 0, NULL);

	*out = (struct nt_evidence){
	    .window = number(json, "window"),
	    .sequence = number(json, "sequence"),
	    .acknowledgement = number(json, "acknowledgement"),
	    .source_port = number(json, "source_port"),
	    .protocol = number(json, "protocol"),
	    .estimated_rate = rate(json, "estimated_rate"),
	    .peak_packets = count(json, "peak_packets"),
	    .targets = count(json, "targets"),
	    .addresses = count(json, "addresses"),
	    .more_ports = json_is_true(json_object_get(json, "more_ports")),
	    .packets = count(json, "packets"),
	    .sources = count(json, "sources"),
	    .asn = (uint32_t)count(json, "asn"),
	    .backscatter = json_is_true(json_object_get(json, "backscatter")),
	    .known = json_is_true(json_object_get(json, "known")),
	};
	text(json, "mark", out->mark);
	text(json, "destination_port", out->port);
	if (!out->port[0])
		text(json, "port", out->port);
	text(json, "metric", out->metric);
	text(json, "what", out->what);
	read_ports(json, out);
	read_attacked(json, out);
	read_classes(json, out);
	read_examples(json, out);
	json_decref(json);
}

bool nt_event_is(const struct nt_get_event *e, const char *type)
{
	return !strcmp(e->type, type);
}
