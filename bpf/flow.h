/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A flow's two entries: how one finds the other, what they remember of segments, and how their
 * event loop is told. Sequence arithmetic is modulo 2^32 (RFC 9293 3.4).
 */
#ifndef BATON_FLOW_H
#define BATON_FLOW_H

#include "maps.h"
#include "options.h"

static __always_inline int after(__u32 a, __u32 b)
{
	return (__s32)(a - b) > 0;
}

static __always_inline void set_flags(struct baton_flow *flow, __u32 flags)
{
	/* Two processors may see the two directions at once. */
	__sync_fetch_and_or(&flow->state.flags, flags);
}

static __always_inline void clear_flags(struct baton_flow *flow, __u32 flags)
{
	__sync_fetch_and_and(&flow->state.flags, ~flags);
}

/* The key of the other direction. */
static __always_inline void partner_key(const struct baton_flow *flow, __u8 family,
					struct baton_flow_key *key)
{
	__builtin_memset(key, 0, sizeof(*key));
	__builtin_memcpy(key->saddr, flow->new_daddr, sizeof(key->saddr));
	__builtin_memcpy(key->daddr, flow->new_saddr, sizeof(key->daddr));
	key->sport = flow->new_dport;
	key->dport = flow->new_sport;
	key->family = family;
}

static __always_inline int same_address(const __be32 *a, const __be32 *b)
{
	return !((a[0] ^ b[0]) | (a[1] ^ b[1]) | (a[2] ^ b[2]) | (a[3] ^ b[3]));
}

/* The other direction of the flow that has this key, or NULL. What stands under the other key may
 * be a newer flow's, if the client or the DMZ node uses its port again: one whose segments become
 * other ones than those that this key is for. */
static __always_inline struct baton_flow *find_partner(const struct baton_flow *flow,
						       const struct baton_flow_key *key)
{
	struct baton_flow_key other;
	struct baton_flow *partner;

	partner_key(flow, key->family, &other);
	partner = bpf_map_lookup_elem(&baton_flows, &other);
	if (!partner || partner->action != flow->action || partner->new_sport != key->dport ||
	    partner->new_dport != key->sport || !same_address(partner->new_saddr, key->daddr) ||
	    !same_address(partner->new_daddr, key->saddr))
		return NULL;
	return partner;
}

/* 1: user space has not yet finished the replay. Once it has, that is not looked up again. */
static __always_inline int is_replaying(struct baton_flow *flow, const struct baton_flow_key *key)
{
	struct baton_flow_key other;

	if (!(flow->options & BATON_FLOW_REPLAY) || flow->state.flags & BATON_STATE_REPLAY_DONE)
		return 0;
	if (flow->direction == BATON_TO_TARGET) {
		partner_key(flow, key->family, &other);
		key = &other;
	}
	if (bpf_map_lookup_elem(&baton_replays, key))
		return 1;
	set_flags(flow, BATON_STATE_REPLAY_DONE);
	return 0;
}

/* The client repeats bytes that user space has made others of: if they reached the target before
 * the replay, they would be taken for it. What the target acknowledges ends that. */
static __always_inline int repeats_rewritten(struct baton_flow *flow, const struct segment *seg)
{
	return flow->options & BATON_FLOW_REWRITTEN && seg->payload &&
	       (__s32)(seg->seq - flow->start) < 0 && is_replaying(flow, &seg->key);
}

static __always_inline __u32 segment_end(const struct segment *seg)
{
	return seg->seq + seg->payload + !!(seg->flags & TCP_SYN) + !!(seg->flags & TCP_FIN);
}

/* The key in an event is always target -> DMZ node. Not inlined: as a function's parameter struct
 * baton_event is in the object's BTF, where a test compares it with the layout in Java. */
static __noinline void describe(struct baton_event *event, const struct baton_flow *flow,
				__u32 type, const struct segment *seg, const struct options *o)
{
	event->time = bpf_ktime_get_ns();
	if (flow->direction == BATON_TO_TARGET) {
		__builtin_memset(&event->key, 0, sizeof(event->key));
		__builtin_memcpy(event->key.saddr, flow->new_daddr, sizeof(event->key.saddr));
		__builtin_memcpy(event->key.daddr, flow->new_saddr, sizeof(event->key.daddr));
		event->key.sport = flow->new_dport;
		event->key.dport = flow->new_sport;
		event->key.family = seg->key.family;
	} else {
		event->key = seg->key;
	}
	event->type = type;
	event->instance = flow->instance;
	event->slot = flow->slot;
	event->seq = seg->seq;
	event->ack = seg->ack;
	event->tsval = o->tsval;
	event->tsecr = o->tsecr;
	event->window = seg->window;
	event->mss = o->mss;
	event->wscale = o->wscale;
	event->tcp_flags = seg->flags;
	event->timestamps = !!o->timestamp;
	event->sack_permitted = o->sack_ok;
	event->direction = flow->direction;
}

/* Tells the flow's event loop. What cannot wait forces a wake-up: the kernel's own rule, to wake
 * only when the reader has read all, fails behind an event that did not wake it. */
static __always_inline void tell(const struct baton_flow *flow, __u32 type,
				 const struct segment *seg, const struct options *o, __u64 flags)
{
	__u32 ring_index = flow->ring;
	struct baton_event *event;
	void *ring = bpf_map_lookup_elem(&baton_rings, &ring_index);

	if (!ring) {
		count(BATON_DROP_RING_FULL);
		return;
	}
	/* What the sweep would find leaves half of the ring to what nobody would: a client can
	 * close and revive its flow as fast as it can send. */
	if (flags & BPF_RB_NO_WAKEUP && bpf_ringbuf_query(ring, BPF_RB_AVAIL_DATA) >
						bpf_ringbuf_query(ring, BPF_RB_RING_SIZE) / 2) {
		count(BATON_DROP_RING_FULL);
		return;
	}
	event = bpf_ringbuf_reserve(ring, sizeof(*event), 0);
	if (!event) {
		count(BATON_DROP_RING_FULL);
		return;
	}
	describe(event, flow, type, seg, o);
	bpf_ringbuf_submit(event, flags);
}

/* What passes, whoever sent it. */
static __always_inline void tally(struct baton_flow *flow, const struct segment *seg,
				  __u32 segments)
{
	flow->state.packets += segments;
	flow->state.bytes += seg->payload;
}

/* What the endpoints say. */
static __always_inline void remember(struct baton_flow *flow, const struct segment *seg)
{
	struct baton_flow_state *state = &flow->state;
	__u32 end = segment_end(seg);

	/* A RST moves nothing: or a forged one, sent twice, would be the expected one, and a target
	 * that has forgotten the connection would keep its entry by saying so. */
	if (seg->flags & TCP_RST)
		return;
	state->last_seen = bpf_ktime_get_coarse_ns();
	if ((state->flags & (BATON_STATE_RST | BATON_STATE_CLOSED)) == BATON_STATE_RST)
		clear_flags(flow, BATON_STATE_RST);
	if (!(state->flags & BATON_STATE_SEEN)) {
		state->seq_end = end;
		state->ack_max = seg->ack;
		set_flags(flow, BATON_STATE_SEEN);
		return;
	}
	if (after(end, state->seq_end))
		state->seq_end = end;
	if (seg->flags & TCP_ACK && after(seg->ack, state->ack_max))
		state->ack_max = seg->ack;
}

#endif
