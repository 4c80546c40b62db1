/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IPv6 extension headers (RFC 8200 4). Behind them stand the ports, which say whose the packet is;
 * what they ask for cannot be passed on, so a packet that has some is of no other use.
 */
#ifndef BATON_EXTENSION_H
#define BATON_EXTENSION_H

#include "segment.h"

/* Of 2 KB at most each. Nobody has a reason for more: RFC 8200 4.1 knows six places. */
#define EXTENSIONS_MAX 8

#define FRAGMENT_OFFSET 0xfff8 /* of the fragment header's field */

/* What the kernel puts before a super-packet of more than 64 KB (RFC 2675), and takes off again
 * when it cuts that into segments. */
struct jumbo {
	__u8 next;
	__u8 length; /* in units of 8 bytes, less one */
	__u8 type;
	__u8 type_length;
	__be32 payload;
};

#define JUMBO_TYPE 0xc2

/* 1: that, and nothing else, stands behind the IPv6 header. */
static __always_inline int is_jumbo(const packet_t *packet, const struct ipv6hdr *ip)
{
	const struct jumbo *jumbo = (const void *)(ip + 1);

	if ((void *)(jumbo + 1) > packet_end(packet))
		return 0;
	return ip->nexthdr == IPPROTO_HOPOPTS && jumbo->next == IPPROTO_TCP && !jumbo->length &&
	       jumbo->type == JUMBO_TYPE && jumbo->type_length == sizeof(jumbo->payload) &&
	       jumbo->payload == bpf_htonl(packet_length(packet) - ETH_HLEN - sizeof(*ip));
}

/* The TCP header's offset behind extension headers, the first of which is of type next; 0: there is
 * none. Not static: the verifier then judges it by itself, once, not again on every path to it. */
__noinline int skip_extensions(packet_t *packet, struct segment *seg, __u32 next)
{
	__u32 offset = ETH_HLEN + sizeof(struct ipv6hdr);
	int i;

	if (!seg)
		return 0;
	for (i = 0; i < EXTENSIONS_MAX; i++) {
		__u8 *header;

		packet_reach(packet, offset + 8);
		header = packet_start(packet) + offset;
		if ((void *)header + 8 > packet_end(packet))
			return 0;
		switch (next) {
		case IPPROTO_HOPOPTS:
		case IPPROTO_ROUTING:
		case IPPROTO_DSTOPTS:
			offset += (header[1] + 1) * 8;
			break;
		case IPPROTO_AH:
			offset += (header[1] + 2) * 4;
			break;
		case IPPROTO_FRAGMENT:
			/* A later fragment has no ports: the stack may keep it, it completes
			 * nothing. */
			if (*(__be16 *)(header + 2) & bpf_htons(FRAGMENT_OFFSET))
				return 0;
			seg->unfit = BATON_DROP_FRAGMENT;
			offset += 8;
			break;
		default:
			return 0;
		}
		if (!seg->unfit)
			seg->unfit = BATON_DROP_EXTENSION;
		next = header[0];
		if (next == IPPROTO_TCP)
			return offset;
	}
	return 0;
}

#endif
