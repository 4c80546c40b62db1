/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A packet under XDP: the bytes of a frame and nothing else, so its checksum is taken for a
 * complete one. packet_tc.h has the same functions for tc.
 */
#ifndef BATON_PACKET_XDP_H
#define BATON_PACKET_XDP_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "checksum.h"

typedef struct xdp_md packet_t;

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
	return packet_end(packet) - packet_start(packet);
}

/* All of it is accessible as it is. */
static __always_inline void packet_reach(packet_t *packet, __u32 length)
{
}

/* Mends the TCP checksum at an offset. Of what has changed, addresses is in the pseudo header and
 * header in the segment; nobody has summed the network header. 0: done. */
static __always_inline int packet_mend_checksum(packet_t *packet, __u32 at, __u32 addresses,
						__u32 header, __u32 network)
{
	__sum16 *check = packet_start(packet) + at;

	if ((void *)(check + 1) > packet_end(packet))
		return -1;
	*check = csum_fold((__u64)addresses + header + (__u16) ~*check);
	return 0;
}

#endif
