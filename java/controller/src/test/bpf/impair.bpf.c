// SPDX-License-Identifier: GPL-2.0-only
/*
 * A bad network, on one side of a test host's own interface: loses, duplicates and reorders TCP
 * segments at random, and loses the first SYN,ACKs of each connection. Segmentation offload must be
 * off there, so that what is lost is what a wire loses; a super-packet passes and is counted.
 *
 * Reordering holds a segment's bytes back until "distance" later ones of its flow have passed, and
 * then sends it behind the last of these. SYN, FIN, RST and short segments with PSH are never held,
 * since nothing might follow them.
 */
#include <stdbool.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/pkt_cls.h>
#include <linux/tcp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define SCALE	      100000 /* rates are in units of 1/SCALE */
#define DONE_MARK     0x1a55 /* has passed here already */
#define SLOT_BITS     10
#define SLOTS	      (1 << SLOT_BITS)
#define FRAME	      1518
#define SHORT	      1000 /* bytes of a frame */
#define FRAME_MASK    2047
#define TCP_FLAGS_OFF 13
#define FIN	      1
#define SYN	      2
#define RST	      4
#define PSH	      8
#define ACK	      16

enum impair_counter {
	SEEN, /* TCP segments, before anything is done to them */
	LOST,
	DUPLICATED,
	HELD,
	REORDERED, /* of the held: sent behind later ones */
	SYNACKS_LOST,
	SUPER_PACKETS, /* seen, longer than a frame: not impaired */
	FAILED,	       /* a helper refused */
	COUNTERS,
};

const volatile __u32 loss;	 /* of SCALE */
const volatile __u32 duplicates; /* of SCALE */
const volatile __u32 reordering; /* of SCALE */
const volatile __u32 distance = 3;
const volatile __u32 synacks;	/* the first so many of each connection are lost */
const volatile __u32 interface; /* its index */
const volatile __u8 ingress;	/* 1: attached there */

enum slot_state { FREE, BUSY, FULL };

struct slot {
	__u32 state;
	__u32 flow;
	__u32 left; /* so many more go first */
	__u32 len;
	__u8 frame[FRAME_MASK + 1];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SLOTS);
	__type(key, __u32);
	__type(value, struct slot);
} held SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, COUNTERS);
	__type(key, __u32);
	__type(value, __u64);
} counters SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, __u64);
	__type(value, __u32);
} answered SEC(".maps");

struct segment {
	__u64 flow;
	__u8 flags;
};

static __always_inline void count(__u32 index)
{
	__u64 *counter = bpf_map_lookup_elem(&counters, &index);

	if (counter)
		*counter += 1;
}

static __always_inline bool chance(__u32 rate)
{
	return rate && bpf_get_prandom_u32() % SCALE < rate;
}

/* Reads what is needed of a TCP segment; false: it is none. */
static __always_inline bool parse(struct __sk_buff *skb, struct segment *segment)
{
	__u32 ports, at, sum;

	if (skb->protocol == bpf_htons(ETH_P_IP)) {
		struct iphdr ip;

		if (bpf_skb_load_bytes(skb, ETH_HLEN, &ip, sizeof(ip)) ||
		    ip.protocol != IPPROTO_TCP)
			return false;
		at = ETH_HLEN + ip.ihl * 4;
		sum = ip.saddr ^ (ip.daddr * 31);
	} else if (skb->protocol == bpf_htons(ETH_P_IPV6)) {
		struct ipv6hdr ip;

		if (bpf_skb_load_bytes(skb, ETH_HLEN, &ip, sizeof(ip)) || ip.nexthdr != IPPROTO_TCP)
			return false;
		at = ETH_HLEN + sizeof(ip);
		sum = ip.saddr.in6_u.u6_addr32[1] ^ ip.saddr.in6_u.u6_addr32[3] ^
		      (ip.daddr.in6_u.u6_addr32[3] * 31);
	} else {
		return false;
	}
	if (bpf_skb_load_bytes(skb, at, &ports, sizeof(ports)) ||
	    bpf_skb_load_bytes(skb, at + TCP_FLAGS_OFF, &segment->flags, 1))
		return false;
	segment->flow = (__u64)ports << 32 | sum;
	return true;
}

/* Lost in the network: the sender's own stack must not learn of it, as it would of TC_ACT_SHOT. */
static __always_inline int lose(__u32 reason)
{
	count(reason);
	return TC_ACT_STOLEN;
}

static __always_inline bool is_early_synack(const struct segment *segment)
{
	__u32 *before, first = 1;

	if (!synacks || (segment->flags & (SYN | ACK)) != (SYN | ACK))
		return false;
	before = bpf_map_lookup_elem(&answered, &segment->flow);
	if (!before) {
		bpf_map_update_elem(&answered, &segment->flow, &first, BPF_ANY);
		return true;
	}
	return __sync_fetch_and_add(before, 1) < synacks;
}

/*
 * Whether it can be held, or made another: what a socket sends has its checksum left to the device,
 * what the kernel answers without one (RST, TIME-WAIT) has it complete. What comes in has it too.
 */
static __always_inline bool is_exchangeable(struct __sk_buff *skb)
{
	struct bpf_sock *sk = skb->sk;

	if (ingress)
		return true;
	if (sk)
		sk = bpf_sk_fullsock(sk);
	return sk && sk->state != BPF_TCP_CLOSE && sk->state != BPF_TCP_LISTEN;
}

/* Whether perhaps nothing comes behind it. */
static __always_inline bool is_last(struct __sk_buff *skb, const struct segment *segment)
{
	return segment->flags & (SYN | FIN | RST) || (segment->flags & PSH && skb->len < SHORT);
}

static __always_inline bool hold(struct __sk_buff *skb, struct slot *slot, __u32 flow)
{
	__u32 len = skb->len;

	if (len < ETH_HLEN || len > FRAME)
		return false;
	if (__sync_val_compare_and_swap(&slot->state, FREE, BUSY) != FREE)
		return false;
	len &= FRAME_MASK;
	if (!len || bpf_skb_load_bytes(skb, 0, slot->frame, len)) {
		count(FAILED);
		slot->state = FREE;
		return false;
	}
	slot->flow = flow;
	slot->len = len;
	slot->left = 1 + bpf_get_prandom_u32() % distance;
	__sync_lock_test_and_set(&slot->state, FULL);
	return true;
}

/* Sends this segment as a copy, and makes of it the one that was held. */
static __always_inline int release(struct __sk_buff *skb, struct slot *slot)
{
	__u32 len = slot->len & FRAME_MASK;
	__u32 flags = ingress ? BPF_F_INGRESS : 0;

	if (__sync_val_compare_and_swap(&slot->state, FULL, BUSY) != FULL)
		return TC_ACT_OK;
	skb->mark = DONE_MARK;
	if (!len || bpf_clone_redirect(skb, interface, flags) || bpf_skb_change_tail(skb, len, 0) ||
	    bpf_skb_store_bytes(skb, 0, slot->frame, len, 0)) {
		count(FAILED);
		__sync_lock_test_and_set(&slot->state, FREE);
		return TC_ACT_STOLEN;
	}
	__sync_lock_test_and_set(&slot->state, FREE);
	count(REORDERED);
	/* The copy waits in the backlog; so must this one, behind it. */
	return ingress ? bpf_redirect(interface, BPF_F_INGRESS) : TC_ACT_OK;
}

SEC("tc")
int impair(struct __sk_buff *skb)
{
	struct segment segment;
	struct slot *slot;
	__u32 flow, index;

	if (skb->mark == DONE_MARK) {
		skb->mark = 0;
		return TC_ACT_OK;
	}
	if (!parse(skb, &segment))
		return TC_ACT_OK;
	count(SEEN);
	if (skb->gso_segs > 1 || skb->len > FRAME)
		count(SUPER_PACKETS);
	if (is_early_synack(&segment))
		return lose(SYNACKS_LOST);
	if (chance(loss))
		return lose(LOST);

	flow = (__u32)segment.flow ^ (__u32)(segment.flow >> 32) * 2654435761u;
	index = (flow * 2654435761u) >> (32 - SLOT_BITS);
	slot = bpf_map_lookup_elem(&held, &index);
	if (!slot)
		return TC_ACT_OK;
	if (!is_exchangeable(skb))
		return TC_ACT_OK;
	if (slot->state == FULL && slot->flow == flow) {
		if (slot->left > 1)
			slot->left--;
		else
			return release(skb, slot);
	} else if (!is_last(skb, &segment) && chance(reordering) && hold(skb, slot, flow)) {
		return lose(HELD);
	}
	if (chance(duplicates)) {
		skb->mark = DONE_MARK;
		if (bpf_clone_redirect(skb, interface, ingress ? BPF_F_INGRESS : 0))
			count(FAILED);
		else
			count(DUPLICATED);
		skb->mark = 0;
	}
	return TC_ACT_OK;
}

/* Nothing but a native XDP program on a veth, which makes it take what its peer redirects. */
SEC("xdp")
int accept(struct xdp_md *ctx)
{
	return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
