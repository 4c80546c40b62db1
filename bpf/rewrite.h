/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Writes a translated segment back into the packet. Checksums are updated incrementally (RFC 1624),
 * right for complete and for partial (offloaded) ones alike.
 */
#ifndef BATON_REWRITE_H
#define BATON_REWRITE_H

#include "segment.h"

/* What a translation changes; host order but for addresses and ports. */
struct rewrite {
	__u32 seq;
	__u32 ack;
	__u16 window;
	__u8 options_changed;
};

static __always_inline __u16 csum_fold(__u32 sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

/* New IPv4 header: addresses, one hop less, checksum. */
static __always_inline void rewrite_ip(struct iphdr *ip, const struct baton_flow *flow)
{
	__u32 sum = (__u16)~ip->check;
	__be16 *hop = (__be16 *)&ip->ttl; /* with the protocol behind it */
	__u32 old_addresses[2] = { ip->saddr, ip->daddr };
	__u32 new_addresses[2] = { flow->new_saddr[0], flow->new_daddr[0] };

	sum += (__u16) ~*hop;
	ip->ttl--;
	sum += *hop;
	ip->saddr = new_addresses[0];
	ip->daddr = new_addresses[1];
	sum = bpf_csum_diff(old_addresses, sizeof(old_addresses), new_addresses,
			    sizeof(new_addresses), sum);
	sum = (sum & 0xffff) + (sum >> 16);
	ip->check = csum_fold(sum);
}

/* 0: done; negative: the packet is half changed and must be dropped. */
static __always_inline int rewrite_segment(struct __sk_buff *skb, const struct segment *seg,
					   const struct baton_flow *flow, const struct rewrite *to,
					   const struct options *o)
{
	__u32 old_addresses[2] = { seg->key.saddr[0], seg->key.daddr[0] };
	__u32 new_addresses[2] = { flow->new_saddr[0], flow->new_daddr[0] };
	__u32 check = ETH_HLEN + sizeof(struct iphdr) + offsetof(struct tcphdr, check);
	void *data = (void *)(long)skb->data;
	void *data_end = (void *)(long)skb->data_end;
	struct iphdr *ip = data + ETH_HLEN;
	struct tcphdr *tcp = data + ETH_HLEN + sizeof(*ip);
	struct tcphdr old;
	__s64 addresses, header;

	if ((void *)(tcp + 1) > data_end)
		return -1;
	rewrite_ip(ip, flow);
	old = *tcp;
	tcp->source = flow->new_sport;
	tcp->dest = flow->new_dport;
	tcp->seq = bpf_htonl(to->seq);
	tcp->ack_seq = bpf_htonl(to->ack);
	tcp->window = bpf_htons(to->window);
	header = bpf_csum_diff((__be32 *)&old, sizeof(old), (__be32 *)tcp, sizeof(old), 0);
	if (to->options_changed) {
		__u32 length = seg->options_length;

		if (!length || length > TCP_OPTIONS_MAX)
			return -1;
		header = bpf_csum_diff((__be32 *)o->old, TCP_OPTIONS_MAX, (__be32 *)o->bytes,
				       TCP_OPTIONS_MAX, header);
		if (bpf_skb_store_bytes(skb, ETH_HLEN + sizeof(*ip) + sizeof(*tcp), o->bytes,
					length, 0))
			return -1;
	}
	addresses = bpf_csum_diff(old_addresses, sizeof(old_addresses), new_addresses,
				  sizeof(new_addresses), 0);
	if (bpf_l4_csum_replace(skb, check, 0, addresses, BPF_F_PSEUDO_HDR))
		return -1;
	return bpf_l4_csum_replace(skb, check, 0, header, 0);
}

#endif
