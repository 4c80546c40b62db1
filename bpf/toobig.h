/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Packets too big for their way on. A redirect skips the kernel's own check, so the program makes
 * it, and turns such a packet into the ICMP error that a router would send (RFC 1191, RFC 8201).
 */
#ifndef BATON_TOOBIG_H
#define BATON_TOOBIG_H

#include "checksum.h"
#include "flow.h"
#include "icmp_header.h"

#include <linux/pkt_cls.h>

#define MTU_MIN_V4 68	 /* RFC 791 */
#define MTU_MIN_V6 1280	 /* RFC 8200 5 */
#define MTU_MAX	   65535 /* that ICMP can tell */
#define ANSWER_TTL 64
#define ANSWER_TOS 0xc0 /* network control, as the kernel's own errors (RFC 1812 4.3.2.5) */

/* The largest packet that the wire will see of this one. */
static __always_inline __u32 wire_length(const struct __sk_buff *skb, const struct segment *seg)
{
	__u32 segment_size = skb->gso_size;

	return segment_size ? seg->length - seg->payload + segment_size : seg->length;
}

/* The MTU of the way on: the receiver's, by its MSS, or the interface's. */
static __always_inline __u32 way_mtu(struct __sk_buff *skb, const struct baton_flow *flow,
				     __u32 length)
{
	__u32 mtu = length;

	/* A super-packet passes the kernel's judgement whatever its segments: the caller compares.
	 */
	if (bpf_check_mtu(skb, flow->egress, &mtu, 0, 0) < 0)
		mtu = length; /* it is gone, and the redirect fails */
	return flow->mtu && flow->mtu < mtu ? flow->mtu : mtu;
}

/*
 * Makes a packet of so many bytes, all of them headers to be written, out of any larger one: whole,
 * no super-packet, and without a checksum that is left to the network card. For the last there is
 * no helper. But the kernel forgets it when the place where that sum begins is taken out, which is
 * the old packet's TCP header: so all but an IP header is taken out and put in again.
 */
static __always_inline int clear_packet(struct __sk_buff *skb, __u32 length, __u32 ip_length)
{
	__s32 behind = length - ip_length;

	return bpf_skb_change_tail(skb, ETH_HLEN + length, 0) ||
	       bpf_skb_adjust_room(skb, -behind, BPF_ADJ_ROOM_MAC, 0) ||
	       bpf_skb_adjust_room(skb, behind, BPF_ADJ_ROOM_MAC, 0);
}

static __always_inline __u64 sum(const void *words, int count)
{
	const __be32 *word = words;
	__u64 total = 0;
	int i;

#pragma unroll
	for (i = 0; i < count; i++)
		total += word[i];
	return total;
}

/* Not static, as the other: the verifier then judges each by itself. 0: the packet is the answer;
 * else it is to be dropped. */
__noinline int answer_v4(struct __sk_buff *skb, __u32 mtu, __u32 length)
{
	struct {
		struct iphdr ip;
		struct icmp_header icmp;
		struct iphdr quoted;
		struct tcphdr tcp;
	} answer = {};

	/* There are no IP options: such packets are dropped before. */
	if (bpf_skb_load_bytes(skb, ETH_HLEN, &answer.quoted,
			       sizeof(answer.quoted) + sizeof(answer.tcp)))
		return -1;
	/* As the wire would have it, not as a super-packet. */
	answer.quoted.tot_len = bpf_htons(length);
	answer.quoted.check = 0;
	answer.quoted.check = csum_fold(sum(&answer.quoted, sizeof(answer.quoted) / 4));
	answer.icmp.type = ICMP_UNREACHABLE;
	answer.icmp.code = ICMP_FRAGMENTATION_NEEDED;
	answer.icmp.v4.mtu = bpf_htons(mtu);
	answer.icmp.check = csum_fold(sum(&answer.icmp, (sizeof(answer) - sizeof(answer.ip)) / 4));
	answer.ip.version = 4;
	answer.ip.ihl = sizeof(answer.ip) / 4;
	answer.ip.tos = ANSWER_TOS;
	answer.ip.tot_len = bpf_htons(sizeof(answer));
	answer.ip.frag_off = bpf_htons(DONT_FRAGMENT);
	answer.ip.ttl = ANSWER_TTL;
	answer.ip.protocol = IPPROTO_ICMP;
	answer.ip.saddr = answer.quoted.daddr;
	answer.ip.daddr = answer.quoted.saddr;
	answer.ip.check = csum_fold(sum(&answer.ip, sizeof(answer.ip) / 4));
	if (clear_packet(skb, sizeof(answer), sizeof(answer.ip)))
		return -1;
	return bpf_skb_store_bytes(skb, ETH_HLEN, &answer, sizeof(answer), 0);
}

__noinline int answer_v6(struct __sk_buff *skb, __u32 tcp_offset, __u32 mtu, __u32 length)
{
	struct {
		struct ipv6hdr ip;
		struct icmp_header icmp;
		struct ipv6hdr quoted;
		struct tcphdr tcp;
	} answer = {};
	const __u32 icmp_length = sizeof(answer) - sizeof(answer.ip);

	if (bpf_skb_load_bytes(skb, ETH_HLEN, &answer.quoted, sizeof(answer.quoted)) ||
	    bpf_skb_load_bytes(skb, tcp_offset, &answer.tcp, sizeof(answer.tcp)))
		return -1;
	/* The jumbo header of a super-packet is the kernel's own, and not on the wire. */
	answer.quoted.nexthdr = IPPROTO_TCP;
	answer.quoted.payload_len = bpf_htons(length - sizeof(answer.quoted));
	answer.ip.version = 6;
	answer.ip.priority = ANSWER_TOS >> 4;
	answer.ip.payload_len = bpf_htons(icmp_length);
	answer.ip.nexthdr = IPPROTO_ICMPV6;
	answer.ip.hop_limit = ANSWER_TTL;
	answer.ip.saddr = answer.quoted.daddr;
	answer.ip.daddr = answer.quoted.saddr;
	answer.icmp.type = ICMPV6_PACKET_TOO_BIG;
	answer.icmp.mtu_v6 = bpf_htonl(mtu);
	answer.icmp.check = csum_fold(sum(&answer.icmp, icmp_length / 4) +
				      sum(&answer.ip.saddr, 2 * sizeof(answer.ip.saddr) / 4) +
				      bpf_htonl(icmp_length) + bpf_htonl(IPPROTO_ICMPV6));
	if (clear_packet(skb, sizeof(answer), sizeof(answer.ip)))
		return -1;
	return bpf_skb_store_bytes(skb, ETH_HLEN, &answer, sizeof(answer), 0);
}

/* Sends the answer back by the interface that the packet came by. One packet in, one out: nothing
 * is made more of. A sender that may already send less than what it can be told is not told. */
static __always_inline int answer_too_big(struct __sk_buff *skb, const struct segment *seg,
					  __u32 mtu, __u32 length)
{
	__u32 least = seg->key.family == AF_INET ? MTU_MIN_V4 : MTU_MIN_V6;

	if (mtu < least)
		mtu = least;
	if (mtu > MTU_MAX)
		mtu = MTU_MAX;
	if (length <= mtu ||
	    (seg->key.family == AF_INET ? answer_v4(skb, mtu, length)
					: answer_v6(skb, seg->tcp_offset, mtu, length))) {
		count(BATON_DROP_TOO_BIG);
		return TC_ACT_SHOT;
	}
	count(BATON_TOO_BIG_ANSWERED);
	skb->mark = BATON_MARK_TRANSLATED;
	return bpf_redirect_neigh(skb->ifindex, NULL, 0, 0);
}

#endif
