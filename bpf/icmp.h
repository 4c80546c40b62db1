/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ICMP errors about a flow (RFC 792, RFC 4443), under tc alone. What an error quotes has left under
 * the flow's outgoing tuple. So the entry is the one for the packets that come the other way, and
 * the quotation is put back into the numbers of the side that sent it, where the error then goes.
 */
#ifndef BATON_ICMP_H
#define BATON_ICMP_H

#include "icmp_header.h"
#include "life.h"
#include "parse.h"
#include "rewrite.h"

#include <linux/pkt_cls.h>

/* How much of the TCP header is quoted. */
#define QUOTED_TCP_MIN 8  /* RFC 792: ports and sequence number */
#define QUOTED_TCP_ACK 12 /* the acknowledgment number too */
#define QUOTED_TCP_MAX 20 /* the flags and the checksum: as much as is put back */

/* No less is told to a target. Its kernel would keep to it with whatever it sends to the DMZ node,
 * and a client can say what it likes of its own way. For IPv6 a kernel itself stops there. */
#define TOLD_MTU_MIN 1280

struct quotation {
	struct baton_flow_key key; /* of the packets that come the other way */
	__be32 receiver[4];	   /* of the error itself */
	struct icmp_header icmp;
	__u32 end;	  /* of the IP packet, in the frame */
	__u32 tcp_length; /* bytes of the TCP header that are quoted */
	__u32 seq;
	__u8 ttl;
	__u8 unfit;
	__u8 pad[2];
};

/* 1: it says that a packet was too big, and nothing worse. */
static __always_inline int is_too_big(const struct quotation *q)
{
	if (q->key.family == AF_INET)
		return q->icmp.type == ICMP_UNREACHABLE &&
		       q->icmp.code == ICMP_FRAGMENTATION_NEEDED;
	return q->icmp.type == ICMPV6_PACKET_TOO_BIG;
}

/* The MTU that it tells; what does not fit is as good as none. */
static __always_inline __u16 told_mtu(const struct quotation *q)
{
	__u32 mtu =
		q->key.family == AF_INET ? bpf_ntohs(q->icmp.v4.mtu) : bpf_ntohl(q->icmp.mtu_v6);

	return mtu > 65535 ? 65535 : mtu;
}

/* The offset of the quoted TCP header; 0: this is no error about TCP. */
static __always_inline __u32 parse_error_v4(struct __sk_buff *skb, struct quotation *q)
{
	struct iphdr ip, quoted;
	__u32 at = ETH_HLEN;

	if (bpf_skb_load_bytes(skb, at, &ip, sizeof(ip)) || ip.version != 4 || ip.ihl < 5 ||
	    ip.protocol != IPPROTO_ICMP || ip.frag_off & bpf_htons(IP_OFFSET_MASK))
		return 0;
	at += ip.ihl * 4;
	if (bpf_skb_load_bytes(skb, at, &q->icmp, sizeof(q->icmp)))
		return 0;
	if (q->icmp.type != ICMP_UNREACHABLE && q->icmp.type != ICMP_TIME_EXCEEDED &&
	    q->icmp.type != ICMP_PARAMETER_PROBLEM)
		return 0;
	at += sizeof(q->icmp);
	if (bpf_skb_load_bytes(skb, at, &quoted, sizeof(quoted)) || quoted.version != 4 ||
	    quoted.ihl < 5 || quoted.protocol != IPPROTO_TCP ||
	    quoted.frag_off & bpf_htons(IP_OFFSET_MASK))
		return 0;
	q->unfit = ip.ihl > 5 || quoted.ihl > 5 || ip.frag_off & bpf_htons(IP_FRAGMENT_MASK);
	q->ttl = ip.ttl;
	q->end = ETH_HLEN + bpf_ntohs(ip.tot_len);
	q->receiver[0] = ip.daddr;
	q->key.family = AF_INET;
	q->key.saddr[0] = quoted.daddr;
	q->key.daddr[0] = quoted.saddr;
	return at + quoted.ihl * 4;
}

/* Likewise. Extension headers are in neither: the kernel sends none, and no flow has any. */
static __always_inline __u32 parse_error_v6(struct __sk_buff *skb, struct quotation *q)
{
	struct ipv6hdr ip;
	__u32 at = ETH_HLEN;

	if (bpf_skb_load_bytes(skb, at, &ip, sizeof(ip)) || ip.version != 6 ||
	    ip.nexthdr != IPPROTO_ICMPV6)
		return 0;
	q->ttl = ip.hop_limit;
	q->end = ETH_HLEN + sizeof(ip) + bpf_ntohs(ip.payload_len);
	__builtin_memcpy(q->receiver, &ip.daddr, sizeof(q->receiver));
	at += sizeof(ip);
	if (bpf_skb_load_bytes(skb, at, &q->icmp, sizeof(q->icmp)) ||
	    q->icmp.type < ICMPV6_UNREACHABLE || q->icmp.type > ICMPV6_PARAMETER_PROBLEM)
		return 0;
	at += sizeof(q->icmp);
	if (bpf_skb_load_bytes(skb, at, &ip, sizeof(ip)) || ip.version != 6 ||
	    ip.nexthdr != IPPROTO_TCP)
		return 0;
	q->key.family = AF_INET6;
	__builtin_memcpy(q->key.saddr, &ip.daddr, sizeof(q->key.saddr));
	__builtin_memcpy(q->key.daddr, &ip.saddr, sizeof(q->key.daddr));
	return at + sizeof(ip);
}

/* 1: an error about a TCP segment; q was all zeroes. */
static __always_inline int parse_error(struct __sk_buff *skb, struct quotation *q)
{
	struct {
		__be16 source, dest;
		__be32 seq;
	} tcp;
	__u32 at = 0;

	if (skb->protocol == bpf_htons(ETH_P_IP))
		at = parse_error_v4(skb, q);
	else if (skb->protocol == bpf_htons(ETH_P_IPV6))
		at = parse_error_v6(skb, q);
	/* Behind the IP packet may stand what a network card has put there. */
	if (!at || at + sizeof(tcp) > q->end || bpf_skb_load_bytes(skb, at, &tcp, sizeof(tcp)))
		return 0;
	q->key.sport = tcp.dest;
	q->key.dport = tcp.source;
	q->seq = bpf_ntohl(tcp.seq);
	at = (q->end < skb->len ? q->end : skb->len) - at;
	q->tcp_length = at < QUOTED_TCP_ACK   ? QUOTED_TCP_MIN
			: at < QUOTED_TCP_MAX ? QUOTED_TCP_ACK
					      : QUOTED_TCP_MAX;
	return 1;
}

/* Tells the flow's event loop; the sequence number is the quoted packet's. */
static __always_inline void tell_error(struct __sk_buff *skb, const struct baton_flow *flow,
				       const struct quotation *q, __u32 type)
{
	struct segment seg = { .key = q->key, .seq = q->seq };
	struct options *o = parse_options(skb, &seg);

	if (!o)
		return;
	o->mss = is_too_big(q) ? told_mtu(q) : 0;
	tell(flow, type, &seg, o, BPF_RB_FORCE_WAKEUP);
}

/* Nobody but who has seen our SYN knows its sequence number. */
static __always_inline int handle_pending_error(struct __sk_buff *skb,
						const struct baton_flow *flow,
						const struct quotation *q)
{
	if (bpf_ktime_get_ns() > flow->expires) {
		count(BATON_PASS_EXPIRED);
		return TC_ACT_UNSPEC;
	}
	if (is_too_big(q) || q->seq != flow->start) {
		count(BATON_DROP_ICMP);
		return TC_ACT_SHOT;
	}
	tell_error(skb, flow, q, BATON_EVENT_UNREACHABLE);
	count(BATON_TO_USER);
	return TC_ACT_SHOT;
}

/* The quoted IP header: both addresses are the other leg's, the other way round. By how much that
 * lets its addresses grow stands in addresses; the result is the growth of the whole header. */
static __always_inline __u64 put_back_ipv4(struct iphdr *ip, const struct baton_flow *flow,
					   __u64 *addresses)
{
	__be32 old[3], new[3];

	__builtin_memcpy(old, (__be32 *)ip + 2, sizeof(old));
	ip->saddr = flow->new_daddr[0];
	ip->daddr = flow->new_saddr[0];
	new[1] = ip->saddr;
	new[2] = ip->daddr;
	*addresses = csum_difference(&old[1], &new[1], 2);
	ip->check = csum_fold(*addresses + (__u16)~ip->check);
	new[0] = ((__be32 *)ip)[2];
	return csum_difference(old, new, 3);
}

static __always_inline __u64 put_back_ipv6(struct ipv6hdr *ip, const struct baton_flow *flow,
					   __u64 *addresses)
{
	*addresses = csum_difference(ip->saddr.in6_u.u6_addr32, flow->new_daddr, 4) +
		     csum_difference(ip->daddr.in6_u.u6_addr32, flow->new_saddr, 4);
	__builtin_memcpy(&ip->saddr, flow->new_daddr, sizeof(ip->saddr));
	__builtin_memcpy(&ip->daddr, flow->new_saddr, sizeof(ip->daddr));
	return *addresses;
}

static __always_inline __u64 put_back_ack(__be32 *ack, const struct baton_flow *flow)
{
	__be32 old = *ack;

	*ack = bpf_htonl(bpf_ntohl(old) + flow->seq_add);
	return csum_difference(&old, ack, 1);
}

/* The quoted TCP header. Its window and options stay as they were sent on: nobody looks at them,
 * and what a shifted window had lost is not known. Where the flags are not quoted, there is taken
 * to be an acknowledgment: only a RST may have none. Negative: it is not where it was found. Each
 * length has its own look at the packet's end: an older verifier does not see one by another. */
static __always_inline __s64 put_back_tcp(struct __sk_buff *skb, __u32 at,
					  const struct baton_flow *flow, __u32 length,
					  __u64 addresses)
{
	__be32 old, *tcp = packet_start(skb) + at;
	__u64 growth, numbers;
	__sum16 *check;

	if ((void *)tcp + QUOTED_TCP_MIN > packet_end(skb))
		return -1;
	old = tcp[0];
	((__be16 *)tcp)[0] = flow->new_dport;
	((__be16 *)tcp)[1] = flow->new_sport;
	numbers = csum_difference(&old, &tcp[0], 1);
	old = tcp[1];
	tcp[1] = bpf_htonl(bpf_ntohl(old) + flow->ack_add);
	numbers += csum_difference(&old, &tcp[1], 1);
	if (length < QUOTED_TCP_ACK)
		return csum_carry(numbers);
	if (length < QUOTED_TCP_MAX) {
		if ((void *)tcp + QUOTED_TCP_ACK > packet_end(skb))
			return -1;
		return csum_carry(numbers + put_back_ack(&tcp[2], flow));
	}
	if ((void *)tcp + QUOTED_TCP_MAX > packet_end(skb))
		return -1;
	if (((__u8 *)tcp)[13] & TCP_ACK)
		numbers += put_back_ack(&tcp[2], flow);
	old = tcp[4];
	check = (__sum16 *)&tcp[4];
	*check = csum_fold((__u64)csum_carry(addresses) + csum_carry(numbers) + (__u16) ~*check);
	growth = csum_carry(numbers) + csum_difference(&old, &tcp[4], 1);
	return csum_carry(growth);
}

/* 0: the error is now about the other leg; negative: it is half changed and must be dropped. */
static __always_inline int put_back(struct __sk_buff *skb, const struct baton_flow *flow,
				    const struct quotation *q, __u32 ip_length)
{
	__u32 quoted_at = ETH_HLEN + ip_length + sizeof(q->icmp);
	__u32 check = ETH_HLEN + ip_length + offsetof(struct icmp_header, check);
	int is_ipv4 = ip_length == sizeof(struct iphdr);
	__u64 addresses, header;
	struct growth outer;
	void *quoted;
	__s64 tcp;

	packet_reach(skb, quoted_at + ip_length + q->tcp_length);
	if (is_ipv4 ? rewrite_ipv4(skb, flow, &outer) : rewrite_ipv6(skb, flow, &outer))
		return -1;
	quoted = packet_start(skb) + quoted_at;
	if (quoted + ip_length > packet_end(skb))
		return -1;
	header = is_ipv4 ? put_back_ipv4(quoted, flow, &addresses)
			 : put_back_ipv6(quoted, flow, &addresses);
	tcp = put_back_tcp(skb, quoted_at + ip_length, flow, q->tcp_length, addresses);
	if (tcp < 0)
		return -1;
	/* ICMP has no pseudo header, ICMPv6 has. */
	return packet_mend_checksum(skb, check, is_ipv4 ? 0 : csum_carry(outer.addresses),
				    csum_carry(header + tcp), csum_carry(outer.network));
}

/* The way to the client carries too little to tell the target of it. So routers may fragment what
 * goes there, as they may with a Linux host that is told of so little itself (ip_rt_min_pmtu). Only
 * for a packet that can have been one of the target's, though more than a size is not at stake. */
static __always_inline int allow_fragments(const struct baton_flow *flow, const struct quotation *q)
{
	struct baton_flow *partner = find_partner(flow, &q->key);

	if (!partner || sent_by(partner) - q->seq > NEAR) {
		count(BATON_DROP_ICMP);
		return TC_ACT_SHOT;
	}
	set_flags(partner, BATON_STATE_MAY_FRAGMENT);
	count(BATON_MAY_FRAGMENT);
	return TC_ACT_SHOT;
}

static __always_inline int handle_live_error(struct __sk_buff *skb, struct baton_flow *flow,
					     const struct quotation *q)
{
	int failed;

	if (q->ttl <= 1) {
		count(BATON_DROP_TTL);
		return TC_ACT_SHOT;
	}
	if (is_too_big(q) && flow->direction == BATON_TO_TARGET && q->key.family == AF_INET &&
	    told_mtu(q) < TOLD_MTU_MIN)
		return allow_fragments(flow, q);
	/* What is too big for the target may be a replayed segment, whose sender is user space. */
	if (is_too_big(q) && flow->direction == BATON_TO_CLIENT && is_replaying(flow, &q->key))
		tell_error(skb, flow, q, BATON_EVENT_TOO_BIG);
	failed = q->key.family == AF_INET ? put_back(skb, flow, q, sizeof(struct iphdr))
					  : put_back(skb, flow, q, sizeof(struct ipv6hdr));
	if (failed) {
		count(BATON_DROP_ICMP);
		return TC_ACT_SHOT;
	}
	count(BATON_ICMP_TRANSLATED);
	skb->mark = BATON_MARK_TRANSLATED;
	return bpf_redirect_neigh(flow->egress, NULL, 0, 0);
}

/* What is no TCP segment. Not static: the verifier then judges it by itself. */
__noinline int handle_error(struct __sk_buff *skb)
{
	struct quotation q = {};
	struct baton_flow *flow;

	if (!parse_error(skb, &q))
		return TC_ACT_UNSPEC;
	flow = bpf_map_lookup_elem(&baton_flows, &q.key);
	if (!flow)
		return TC_ACT_UNSPEC;
	if (flow->ingress != skb->ifindex) {
		count(BATON_DROP_WRONG_INTERFACE);
		return TC_ACT_UNSPEC;
	}
	if (q.unfit || !same_address(q.receiver, q.key.daddr)) {
		count(BATON_DROP_ICMP);
		return TC_ACT_SHOT;
	}
	if (skb->vlan_present && bpf_skb_vlan_pop(skb)) {
		count(BATON_DROP_ICMP);
		return TC_ACT_SHOT;
	}
	if (flow->action == BATON_ACTION_PENDING)
		return handle_pending_error(skb, flow, &q);
	if (flow->action == BATON_ACTION_TRANSLATE)
		return handle_live_error(skb, flow, &q);
	return TC_ACT_UNSPEC;
}

#endif
