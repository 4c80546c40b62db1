/* SPDX-License-Identifier: GPL-2.0-only */
/* TCP options: copied out of the packet, and what is found in them. Nothing here writes to it. */
#ifndef BATON_OPTIONS_H
#define BATON_OPTIONS_H

#include "segment.h"

#define TCP_OPTIONS_MAX 40

/* Option kinds: RFC 9293 3.2, RFC 7323, RFC 2018. */
#define OPTION_END	 0
#define OPTION_NOP	 1
#define OPTION_MSS	 2
#define OPTION_WSCALE	 3
#define OPTION_SACK_OK	 4
#define OPTION_SACK	 5
#define OPTION_TIMESTAMP 8

/* The options, copied out of the packet: in a map, since the verifier bounds variable offsets
 * into a map value, and the copy is written back whole. */
struct options {
	__u8 bytes[64]; /* 40 at most; the rest lets a masked offset be in bounds */
	__u8 old[64];
	__u32 tsval;
	__u32 tsecr;
	__u16 mss;
	__u8 timestamp; /* offset of TSval; 0: none (an option's value never starts at 0) */
	__u8 sack;	/* offset of the first block; 0: none */
	__u8 sack_blocks;
	__u8 wscale;
	__u8 sack_ok;
	__u8 redirect; /* carries the REDIRECT option */
	__u8 malformed;
	__u8 at; /* the parser's cursor */
	__u8 pad[2];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct options);
} scratch SEC(".maps");

static __always_inline __u32 get_be32(const __u8 *bytes, __u32 at)
{
	return (__u32)bytes[at & 63] << 24 | (__u32)bytes[(at + 1) & 63] << 16 |
	       (__u32)bytes[(at + 2) & 63] << 8 | bytes[(at + 3) & 63];
}

static __always_inline void put_be32(__u8 *bytes, __u32 at, __u32 value)
{
	bytes[at & 63] = value >> 24;
	bytes[(at + 1) & 63] = value >> 16;
	bytes[(at + 2) & 63] = value >> 8;
	bytes[(at + 3) & 63] = value;
}

/* Copies them word by word, which all programs can on all kernels. 0: done. Not static: the
 * verifier then judges it by itself, once, not again for each length. */
__noinline int copy_options(packet_t *packet, __u32 offset, __u32 length)
{
	__u32 zero = 0;
	struct options *o = bpf_map_lookup_elem(&scratch, &zero);
	__be32 *from, *old, *bytes;
	__u32 i;

	if (!o || length > TCP_OPTIONS_MAX)
		return -1;
	offset &= TCP_OFFSET_MASK;
	old = (__be32 *)o->old;
	bytes = (__be32 *)o->bytes;
	packet_reach(packet, offset + length);
	from = packet_start(packet) + offset;
	for (i = 0; i < TCP_OPTIONS_MAX / sizeof(*from); i++) {
		__be32 word = 0;

		if (i * sizeof(*from) < length) {
			if ((void *)(from + i + 1) > packet_end(packet))
				return -1;
			word = from[i];
		}
		old[i] = word;
		bytes[i] = word;
	}
	return 0;
}

static __always_inline void note_option(struct options *o, __u32 kind, __u32 at, __u32 length)
{
	switch (kind) {
	case OPTION_MSS:
		if (length == 4)
			o->mss = o->bytes[(at + 2) & 63] << 8 | o->bytes[(at + 3) & 63];
		break;
	case OPTION_WSCALE:
		if (length == 3)
			o->wscale = o->bytes[(at + 2) & 63];
		break;
	case OPTION_SACK_OK:
		if (length == 2)
			o->sack_ok = 1;
		break;
	case OPTION_SACK: /* only one of each kind could be translated */
		if (o->sack || length < 10 || length > 34 || (length - 2) % 8)
			o->malformed = 1;
		o->sack = at + 2;
		o->sack_blocks = (length - 2) / 8;
		break;
	case OPTION_TIMESTAMP:
		if (o->timestamp || length != 10)
			o->malformed = 1;
		o->timestamp = at + 2;
		break;
	case BATON_OPTION_KIND:
		if (length >= 4 && o->bytes[(at + 2) & 63] == BATON_OPTION_EXID >> 8 &&
		    o->bytes[(at + 3) & 63] == (BATON_OPTION_EXID & 0xff))
			o->redirect = 1;
		break;
	}
}

/* One option; 0: there are no more. The cursor lives in the map, so that the verifier forgets its
 * value between two steps: known values would make each step a state of its own. */
static __always_inline int step_option(struct options *o, __u32 length)
{
	__u32 at = o->at, kind, size;

	if (at >= length)
		return 0;
	kind = o->bytes[at & 63];
	if (kind == OPTION_END)
		return 0;
	if (kind == OPTION_NOP) {
		o->at = at + 1;
		return 1;
	}
	size = o->bytes[(at + 1) & 63];
	if (at + 1 >= length || size < 2 || at + size > length) {
		o->malformed = 1;
		return 0;
	}
	note_option(o, kind, at, size);
	o->at = at + size;
	return 1;
}

/* Likewise. */
__noinline int scan_options(packet_t *packet, __u32 offset, __u32 length)
{
	__u32 zero = 0;
	struct options *o = bpf_map_lookup_elem(&scratch, &zero);
	int i;

	if (!o)
		return -1;
	if (copy_options(packet, offset, length))
		return -1;
	for (i = 0; i < TCP_OPTIONS_MAX; i++)
		if (!step_option(o, length))
			break;
	if (o->timestamp) {
		o->tsval = get_be32(o->bytes, o->timestamp);
		o->tsecr = get_be32(o->bytes, o->timestamp + 4);
	}
	return 0;
}

/* Copies the options out and finds what is in them. NULL: they cannot be read. */
static __always_inline struct options *parse_options(packet_t *packet, const struct segment *seg)
{
	__u32 zero = 0;
	struct options *o = bpf_map_lookup_elem(&scratch, &zero);

	if (!o)
		return NULL;
	/* The bytes are the last packet's until those of this one are copied over them. */
	__builtin_memset(&o->tsval, 0, sizeof(*o) - offsetof(struct options, tsval));
	o->wscale = BATON_SCALE_NONE;
	if (seg->options_length &&
	    scan_options(packet, seg->tcp_offset + sizeof(struct tcphdr), seg->options_length))
		return NULL;
	return o;
}

#endif
