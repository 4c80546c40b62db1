/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reads a frame's headers; nothing here writes to it. The program that includes this has chosen
 * packet_tc.h or packet_xdp.h before.
 */
#ifndef BATON_PARSE_H
#define BATON_PARSE_H

#include "extension.h"

#define IP_FRAGMENT_MASK 0x3fff /* more fragments, or an offset */
#define IP_OFFSET_MASK	 0x1fff

enum parsed {
	PARSED_FOREIGN, /* not TCP over IP, or too short to tell */
	PARSED_SEGMENT,
};

/* The TCP header's offset; 0: there is none. */
static __always_inline __u32 parse_ipv4(packet_t *packet, struct segment *seg)
{
	struct iphdr *ip = packet_start(packet) + ETH_HLEN;

	if ((void *)(ip + 1) > packet_end(packet))
		return 0;
	if (ip->version != 4 || ip->protocol != IPPROTO_TCP || ip->ihl < 5)
		return 0;
	/* A later fragment has no ports: the stack may keep it, it completes nothing. */
	if (ip->frag_off & bpf_htons(IP_OFFSET_MASK))
		return 0;
	if (ip->ihl > 5)
		seg->unfit = BATON_DROP_IP_OPTIONS;
	else if (ip->frag_off & bpf_htons(IP_FRAGMENT_MASK))
		seg->unfit = BATON_DROP_FRAGMENT;
	seg->ttl = ip->ttl;
	seg->key.family = AF_INET;
	seg->key.saddr[0] = ip->saddr;
	seg->key.daddr[0] = ip->daddr;
	seg->length = bpf_ntohs(ip->tot_len);
	return ETH_HLEN + ip->ihl * 4;
}

/* Likewise. */
static __always_inline __u32 parse_ipv6(packet_t *packet, struct segment *seg)
{
	struct ipv6hdr *ip = packet_start(packet) + ETH_HLEN;

	if ((void *)(ip + 1) > packet_end(packet))
		return 0;
	if (ip->version != 6)
		return 0;
	seg->ttl = ip->hop_limit;
	seg->key.family = AF_INET6;
	__builtin_memcpy(seg->key.saddr, &ip->saddr, sizeof(seg->key.saddr));
	__builtin_memcpy(seg->key.daddr, &ip->daddr, sizeof(seg->key.daddr));
	if (ip->payload_len)
		seg->length = sizeof(*ip) + bpf_ntohs(ip->payload_len);
	if (ip->nexthdr == IPPROTO_TCP)
		return ETH_HLEN + sizeof(*ip);
	if (!ip->payload_len && is_jumbo(packet, ip))
		return ETH_HLEN + sizeof(*ip) + sizeof(struct jumbo);
	return skip_extensions(packet, seg, ip->nexthdr);
}

/* Reads the TCP header. A segment whose lengths contradict each other is malformed, but has a key,
 * so that one which belongs to a live flow can be dropped instead of passed up. */
static __always_inline enum parsed parse_tcp(packet_t *packet, struct segment *seg, __u32 offset)
{
	__u32 in_frame = packet_length(packet) - ETH_HLEN;
	__u32 headers; /* bytes of the IP packet */
	struct tcphdr *tcp;

	offset &= TCP_OFFSET_MASK;
	packet_reach(packet, offset + sizeof(*tcp));
	tcp = packet_start(packet) + offset;
	if ((void *)(tcp + 1) > packet_end(packet))
		return PARSED_FOREIGN;
	seg->tcp_offset = offset;
	seg->key.sport = tcp->source;
	seg->key.dport = tcp->dest;
	seg->seq = bpf_ntohl(tcp->seq);
	seg->ack = bpf_ntohl(tcp->ack_seq);
	seg->window = bpf_ntohs(tcp->window);
	seg->flags = ((__u8 *)tcp)[13];
	if (!seg->length) /* BIG TCP: only the buffer knows */
		seg->length = in_frame;
	headers = offset - ETH_HLEN + tcp->doff * 4;
	if (tcp->doff * 4 < sizeof(*tcp) || headers > seg->length || seg->length > in_frame) {
		if (!seg->unfit)
			seg->unfit = BATON_DROP_MALFORMED;
		return PARSED_SEGMENT;
	}
	seg->options_length = tcp->doff * 4 - sizeof(*tcp);
	seg->payload = seg->length - headers;
	return PARSED_SEGMENT;
}

/* Fills in what was all zeroes. Not static: the verifier then judges it by itself, and what follows
 * it once for both families. */
__noinline int parse_segment(packet_t *packet, struct segment *seg)
{
	struct ethhdr *eth;
	__u32 offset;

	if (!seg)
		return PARSED_FOREIGN;
	packet_reach(packet, ETH_HLEN + sizeof(struct iphdr) + sizeof(struct tcphdr));
	eth = packet_start(packet);
	if ((void *)(eth + 1) > packet_end(packet))
		return PARSED_FOREIGN;
	if (eth->h_proto == bpf_htons(ETH_P_IP)) {
		offset = parse_ipv4(packet, seg);
	} else if (eth->h_proto == bpf_htons(ETH_P_IPV6)) {
		packet_reach(packet, ETH_HLEN + sizeof(struct ipv6hdr) + sizeof(struct tcphdr));
		offset = parse_ipv6(packet, seg);
	} else {
		return PARSED_FOREIGN;
	}
	return offset ? parse_tcp(packet, seg, offset) : PARSED_FOREIGN;
}

#endif
