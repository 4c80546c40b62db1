/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A packet under tc: a socket buffer, whose checksum may be complete, partial (the network card
 * will finish it) or already summed by the card that received it. packet_xdp.h has the same
 * functions for XDP; segment.h, options.h and rewrite.h know no difference.
 */
#ifndef BATON_PACKET_TC_H
#define BATON_PACKET_TC_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

typedef struct __sk_buff packet_t;

/* The frame's first byte, the Ethernet header's, and the one behind its last. Volatile: a pointer
 * that the compiler carries in 32 bits from one look to the next is none to the verifier. */
static __always_inline void *packet_start(const packet_t *packet)
{
	return (void *)(long)*(volatile const __u32 *)&packet->data;
}

static __always_inline void *packet_end(const packet_t *packet)
{
	return (void *)(long)*(volatile const __u32 *)&packet->data_end;
}

/* Bytes of the frame. */
static __always_inline __u32 packet_length(const packet_t *packet)
{
	return packet->len;
}

/* Makes the first bytes of the frame directly accessible: a driver may leave all but the first few
 * in fragments. It may fail; data_end tells. Pointers into the packet are void afterwards. */
static __always_inline void packet_reach(packet_t *packet, __u32 length)
{
	if (packet_start(packet) + length > packet_end(packet))
		bpf_skb_pull_data(packet, length);
}

/*
 * Mends the TCP checksum at an offset. Of what has changed, addresses is in the pseudo header,
 * which a partial checksum covers already; header in the segment, which it does not; network in the
 * network header, 0 if that has a checksum of its own, which makes up for it. 0: done. Pointers
 * into the packet are void afterwards.
 */
static __always_inline int packet_mend_checksum(packet_t *packet, __u32 at, __u32 addresses,
						__u32 header, __u32 network)
{
	if (bpf_l4_csum_replace(packet, at, 0, addresses, BPF_F_PSEUDO_HDR) ||
	    bpf_l4_csum_replace(packet, at, 0, header, 0))
		return -1;
	/* The card's sum, if there is one: the first call took the addresses out of it, since the
	 * TCP checksum has lost them. Without a network checksum they are back where they stand. */
	if (network)
		bpf_csum_update(packet, network);
	return 0;
}

#endif
