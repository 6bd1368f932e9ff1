/* SPDX-License-Identifier: BSD-3-Clause */
#include "decode/decode.h"

#include "decode/layer.h"
#include "decode/usual.h"

/* A call of its own: the usual frame should not pay for its registers. */
static __attribute__((noinline)) void decode_layers(const struct nt_frame *frame, enum nt_link link,
						    struct nt_fields *fields)
{
	struct view v = {.data = frame->data, .cap = frame->cap_len, .wire = frame->wire_len};

	*fields = (struct nt_fields){
	    .class = NT_CLASS_OTHER,
	    .ip_proto = NT_PROTO_NONE,
	    .window_scale = NT_WINDOW_SCALE_NONE,
	};
	fields->fate = (uint8_t)decode_link(&v, link, fields);
}

void nt_decode(const struct nt_frame *frame, enum nt_link link, struct nt_fields *fields)
{
	nt_decode_burst(frame, 1, link, fields, sizeof(*fields));
}

static struct nt_fields *after(struct nt_fields *fields, size_t stride)
{
	return (struct nt_fields *)((uint8_t *)fields + stride);
}

void nt_decode_burst(const struct nt_frame *frames, uint32_t n, enum nt_link link, struct nt_fields *fields,
		     size_t stride)
{
	if (link == NT_LINK_ETHERNET) {
		for (uint32_t i = 0; i < n; i++, fields = after(fields, stride))
			if (!usual_frame(&frames[i], fields))
				decode_layers(&frames[i], link, fields);
	} else {
		for (uint32_t i = 0; i < n; i++, fields = after(fields, stride))
			decode_layers(&frames[i], link, fields);
	}
}
