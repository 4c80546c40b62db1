/* SPDX-License-Identifier: GPL-2.0-only */
/* Writes a translated segment back into the packet. Checksums are updated by the difference. */
#ifndef BATON_REWRITE_H
#define BATON_REWRITE_H

#include "checksum.h"
#include "options.h"

/* What a translation changes; host order but for addresses and ports. */
struct rewrite {
	__u32 seq;
	__u32 ack;
	__u16 window;
	__u8 options_changed;
	__u8 pad; /* older verifiers want every byte of an argument written */
};

/* By how much the sums of the headers have grown; see packet_mend_checksum. */
struct growth {
	__u64 addresses;
	__u64 header;
	__u64 network;
};

/* New addresses, one hop less, no DF if the flow says so, checksum. 0: done. */
static __always_inline int rewrite_ipv4(packet_t *packet, const struct baton_flow *flow,
					struct growth *growth)
{
	struct iphdr *ip = packet_start(packet) + ETH_HLEN;
	__be32 old[4], new[4];

	if ((void *)(ip + 1) > packet_end(packet))
		return -1;
	old[0] = ip->saddr;
	old[1] = ip->daddr;
	new[0] = ip->saddr = flow->new_saddr[0];
	new[1] = ip->daddr = flow->new_daddr[0];
	growth->addresses = csum_difference(old, new, 2);
	old[2] = *(__be16 *)&ip->ttl; /* with the protocol behind it */
	ip->ttl--;
	new[2] = *(__be16 *)&ip->ttl;
	old[3] = ip->frag_off;
	if (flow->state.flags & BATON_STATE_MAY_FRAGMENT)
		ip->frag_off &= ~bpf_htons(DONT_FRAGMENT);
	new[3] = ip->frag_off;
	ip->check = csum_fold(growth->addresses + csum_difference(&old[2], &new[2], 2) +
			      (__u16)~ip->check);
	growth->network = 0;
	return 0;
}

/* Likewise, but for the checksum, which there is none of. */
static __always_inline int rewrite_ipv6(packet_t *packet, const struct baton_flow *flow,
					struct growth *growth)
{
	struct ipv6hdr *ip = packet_start(packet) + ETH_HLEN;
	__be32 old, new;

	if ((void *)(ip + 1) > packet_end(packet))
		return -1;
	growth->addresses = csum_difference(ip->saddr.in6_u.u6_addr32, flow->new_saddr, 4) +
			    csum_difference(ip->daddr.in6_u.u6_addr32, flow->new_daddr, 4);
	__builtin_memcpy(&ip->saddr, flow->new_saddr, sizeof(ip->saddr));
	__builtin_memcpy(&ip->daddr, flow->new_daddr, sizeof(ip->daddr));
	old = *(__be16 *)&ip->nexthdr; /* with the hop limit behind it */
	ip->hop_limit--;
	new = *(__be16 *)&ip->nexthdr;
	growth->network = growth->addresses + csum_difference(&old, &new, 1);
	return 0;
}

/* Ports, numbers and window: the first four words. */
static __always_inline int rewrite_tcp(packet_t *packet, __u32 offset,
				       const struct baton_flow *flow, const struct rewrite *to,
				       struct growth *growth)
{
	struct tcphdr *tcp = packet_start(packet) + offset;
	__be32 old[4];

	if ((void *)(tcp + 1) > packet_end(packet))
		return -1;
	__builtin_memcpy(old, tcp, sizeof(old));
	tcp->source = flow->new_sport;
	tcp->dest = flow->new_dport;
	tcp->seq = bpf_htonl(to->seq);
	tcp->ack_seq = bpf_htonl(to->ack);
	tcp->window = bpf_htons(to->window);
	growth->header = csum_difference(old, (__be32 *)tcp, 4);
	return 0;
}

static __always_inline int rewrite_options(packet_t *packet, __u32 offset, __u32 length,
					   const struct options *o, struct growth *growth)
{
	__be32 *to = packet_start(packet) + offset, *bytes = (__be32 *)o->bytes;
	__u32 i;

	for (i = 0; i < TCP_OPTIONS_MAX / sizeof(*to); i++) {
		if (i * sizeof(*to) >= length)
			break;
		if ((void *)(to + i + 1) > packet_end(packet))
			return -1;
		to[i] = bytes[i];
	}
	growth->header += csum_difference((__be32 *)o->old, bytes, TCP_OPTIONS_MAX / 4);
	return 0;
}

/* 0: done; negative: the packet is half changed and must be dropped. Not static: the verifier then
 * judges it by itself, once, not again on every path to it. */
__noinline int rewrite_segment(packet_t *packet, const struct segment *seg,
			       const struct baton_flow *flow, const struct rewrite *to,
			       const struct options *o)
{
	struct growth growth;
	__u32 offset;

	if (!seg || !flow || !to || !o)
		return -1;
	offset = seg->tcp_offset & TCP_OFFSET_MASK;
	if (seg->key.family == AF_INET ? rewrite_ipv4(packet, flow, &growth)
				       : rewrite_ipv6(packet, flow, &growth))
		return -1;
	if (rewrite_tcp(packet, offset, flow, to, &growth))
		return -1;
	if (to->options_changed && rewrite_options(packet, offset + sizeof(struct tcphdr),
						   seg->options_length, o, &growth))
		return -1;
	return packet_mend_checksum(packet, offset + offsetof(struct tcphdr, check),
				    csum_carry(growth.addresses), csum_carry(growth.header),
				    csum_carry(growth.network));
}

#endif
