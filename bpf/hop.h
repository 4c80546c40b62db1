/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The next hop of a direction. The kernel's own neighbour table says it under tc, where the guard
 * reads it off packets that leave; XDP uses what was read, for so short a time that a new route, a
 * new MAC or a neighbour that is gone show within a second. A time is 16 bits: after 73 minutes of
 * silence an old hop may seem new, for that one second.
 */
#ifndef BATON_HOP_H
#define BATON_HOP_H

#include "maps.h"
#include "segment.h"

#define HOP_MAC_BITS 48

/* In units of 2^BATON_HOP_SHIFT ns, that is 67 ms. */
#define HOP_LEARN_AGAIN 4
#define HOP_TOO_OLD	15

static __always_inline __u64 hop_time(void)
{
	return bpf_ktime_get_coarse_ns() >> BATON_HOP_SHIFT;
}

static __always_inline int hop_is_younger(__u64 hop, __u16 age)
{
	return hop && (__u16)(hop_time() - (hop >> HOP_MAC_BITS)) < age;
}

/* The link that a direction's packets leave by, if XDP is in use there. */
static __always_inline const struct baton_link *find_link(const struct baton_flow *flow)
{
	__u32 direction = flow->direction;
	const struct baton_link *link = bpf_map_lookup_elem(&baton_links, &direction);

	return link && link->index == flow->egress ? link : NULL;
}

/* 1: the guard shall read the next hop off this packet. */
static __always_inline int hop_is_wanted(const struct baton_flow *flow)
{
	return find_link(flow) && !hop_is_younger(flow->state.hop, HOP_LEARN_AGAIN);
}

/* Takes it from a packet that leaves. */
static __always_inline void learn_hop(const packet_t *packet, struct baton_flow *flow)
{
	const struct ethhdr *eth = packet_start(packet);
	__u64 hop = hop_time() << HOP_MAC_BITS;
	int i;

	if ((void *)(eth + 1) > packet_end(packet))
		return;
#pragma unroll
	for (i = 0; i < ETH_ALEN; i++)
		hop |= (__u64)eth->h_dest[i] << (8 * i);
	*(volatile __u64 *)&flow->state.hop = hop; /* at once: XDP may look meanwhile */
}

/* Writes a MAC of baton_flow_state.hop or baton_link into a header. */
static __always_inline void put_mac(__u8 *to, __u64 mac)
{
	int i;

#pragma unroll
	for (i = 0; i < ETH_ALEN; i++)
		to[i] = mac >> (8 * i);
}

#endif
