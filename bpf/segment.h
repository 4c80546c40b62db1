/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A TCP segment as the programs see it: parsed once into host order, so that the code that judges
 * and rewrites does not touch the packet. Nothing here writes.
 */
#ifndef BATON_SEGMENT_H
#define BATON_SEGMENT_H

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/tcp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "baton.h"

#ifndef AF_INET
#define AF_INET 2
#endif

#define TCP_FIN 0x01
#define TCP_SYN 0x02
#define TCP_RST 0x04
#define TCP_ACK 0x10

#define IP_FRAGMENT_MASK 0x3fff /* more fragments, or an offset */

#define TCP_OPTIONS_MAX 40

/* Option kinds: RFC 9293 3.2, RFC 7323, RFC 2018. */
#define OPTION_END	 0
#define OPTION_NOP	 1
#define OPTION_MSS	 2
#define OPTION_WSCALE	 3
#define OPTION_SACK_OK	 4
#define OPTION_SACK	 5
#define OPTION_TIMESTAMP 8

enum parsed {
	PARSED_FOREIGN, /* not TCP over IPv4, or too short to tell */
	PARSED_SEGMENT,
};

struct segment {
	struct baton_flow_key key;
	__u32 seq;
	__u32 ack;
	__u32 payload; /* bytes */
	__u16 window;
	__u16 ip_offset;
	__u16 tcp_offset;
	__u8 options_length;
	__u8 flags;
	__u8 ttl;
	__u8 ip_options; /* the IP header has some */
	__u8 fragment;
	__u8 malformed;
};

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

/* Reads the headers. A segment whose lengths contradict each other is malformed, but has a key, so
 * that one which belongs to a live flow can be dropped instead of passed up. */
static __always_inline enum parsed parse_segment(struct __sk_buff *skb, struct segment *seg)
{
	void *data, *data_end;
	struct ethhdr *eth;
	struct iphdr *ip;
	struct tcphdr *tcp;
	__u32 ip_length, tcp_length, total;

	if (skb->protocol != bpf_htons(ETH_P_IP))
		return PARSED_FOREIGN;
	data = (void *)(long)skb->data;
	data_end = (void *)(long)skb->data_end;
	if (data + ETH_HLEN + sizeof(*ip) + sizeof(*tcp) > data_end) {
		/* A driver may leave all but the first bytes in fragments. */
		if (bpf_skb_pull_data(skb, ETH_HLEN + sizeof(*ip) + sizeof(*tcp)))
			return PARSED_FOREIGN;
		data = (void *)(long)skb->data;
		data_end = (void *)(long)skb->data_end;
		if (data + ETH_HLEN + sizeof(*ip) + sizeof(*tcp) > data_end)
			return PARSED_FOREIGN;
	}
	eth = data;
	if (eth->h_proto != bpf_htons(ETH_P_IP))
		return PARSED_FOREIGN;
	ip = data + ETH_HLEN;
	if (ip->version != 4 || ip->protocol != IPPROTO_TCP || ip->ihl < 5)
		return PARSED_FOREIGN;
	/* A later fragment has no ports: the stack may keep it, it completes nothing. */
	if (ip->frag_off & bpf_htons(0x1fff))
		return PARSED_FOREIGN;
	ip_length = ip->ihl * 4;

	__builtin_memset(seg, 0, sizeof(*seg));
	seg->ip_offset = ETH_HLEN;
	seg->tcp_offset = ETH_HLEN + ip_length;
	seg->ttl = ip->ttl;
	seg->ip_options = ip_length > sizeof(*ip);
	seg->fragment = !!(ip->frag_off & bpf_htons(IP_FRAGMENT_MASK));
	seg->key.family = AF_INET;
	seg->key.saddr[0] = ip->saddr;
	seg->key.daddr[0] = ip->daddr;
	total = bpf_ntohs(ip->tot_len);
	if (!total) /* BIG TCP: only the buffer knows */
		total = skb->len - ETH_HLEN;

	if (seg->ip_options) {
		struct tcphdr copy;

		if (bpf_skb_load_bytes(skb, seg->tcp_offset, &copy, sizeof(copy)))
			return PARSED_FOREIGN;
		seg->key.sport = copy.source;
		seg->key.dport = copy.dest;
		/* A SYN's options are looked at even then. */
		seg->flags = ((__u8 *)&copy)[13];
		if (copy.doff * 4 > sizeof(copy))
			seg->options_length = copy.doff * 4 - sizeof(copy);
		return PARSED_SEGMENT;
	}

	tcp = data + ETH_HLEN + sizeof(*ip);
	tcp_length = tcp->doff * 4;
	seg->key.sport = tcp->source;
	seg->key.dport = tcp->dest;
	seg->seq = bpf_ntohl(tcp->seq);
	seg->ack = bpf_ntohl(tcp->ack_seq);
	seg->window = bpf_ntohs(tcp->window);
	seg->flags = ((__u8 *)tcp)[13];
	if (tcp_length < sizeof(*tcp) || sizeof(*ip) + tcp_length > total ||
	    total > skb->len - ETH_HLEN) {
		seg->malformed = 1;
		return PARSED_SEGMENT;
	}
	seg->options_length = tcp_length - sizeof(*tcp);
	seg->payload = total - sizeof(*ip) - tcp_length;
	return PARSED_SEGMENT;
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

/* Not static: the verifier then judges it by itself, once, not again on every path to it. */
__noinline int scan_options(struct __sk_buff *skb, __u32 offset, __u32 length)
{
	__u32 zero = 0;
	struct options *o = bpf_map_lookup_elem(&scratch, &zero);
	int i;

	if (!o || !length || length > TCP_OPTIONS_MAX)
		return -1;
	if (bpf_skb_load_bytes(skb, offset, o->bytes, length))
		return -1;
	__builtin_memcpy(o->old, o->bytes, TCP_OPTIONS_MAX);
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
static __always_inline struct options *parse_options(struct __sk_buff *skb,
						     const struct segment *seg)
{
	__u32 zero = 0;
	struct options *o = bpf_map_lookup_elem(&scratch, &zero);

	if (!o)
		return NULL;
	__builtin_memset(o, 0, sizeof(*o));
	o->wscale = BATON_SCALE_NONE;
	if (seg->options_length &&
	    scan_options(skb, seg->tcp_offset + sizeof(struct tcphdr), seg->options_length))
		return NULL;
	return o;
}

#endif
