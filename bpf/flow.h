/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a flow entry remembers: how far each direction has come, who has said goodbye. The life of
 * a pair is told in docs/states.md. Sequence arithmetic is modulo 2^32 (RFC 9293 3.4).
 */
#ifndef BATON_FLOW_H
#define BATON_FLOW_H

#include "maps.h"
#include "segment.h"

/* Bytes that may be in flight: what a RST may be ahead of the acknowledgments we saw. */
#define RESET_NEAR (4 << 20)

static __always_inline int after(__u32 a, __u32 b)
{
	return (__s32)(a - b) > 0;
}

static __always_inline void set_flags(struct baton_flow *flow, __u32 flags)
{
	/* Two processors may see the two directions at once. */
	__sync_fetch_and_or(&flow->state.flags, flags);
}

/* The other direction of the same flow, or NULL. */
static __always_inline struct baton_flow *find_partner(const struct baton_flow *flow)
{
	struct baton_flow_key key = {};

	__builtin_memcpy(key.saddr, flow->new_daddr, sizeof(key.saddr));
	__builtin_memcpy(key.daddr, flow->new_saddr, sizeof(key.daddr));
	key.sport = flow->new_dport;
	key.dport = flow->new_sport;
	key.family = AF_INET;
	return bpf_map_lookup_elem(&baton_flows, &key);
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
	event = bpf_ringbuf_reserve(ring, sizeof(*event), 0);
	if (!event) {
		count(BATON_DROP_RING_FULL);
		return;
	}
	describe(event, flow, type, seg, o);
	bpf_ringbuf_submit(event, flags);
}

/* A RST counts only at exactly the sequence number that the receiver expects (RFC 5961 3.2). What
 * that is, the receiver's own acknowledgments tell. seq_end does so on the targets' side alone: any
 * stranger can send a segment in a client's name, and with it set seq_end to what his RST will say.
 */
static __always_inline int reset_is_exact(const struct baton_flow *flow, const struct segment *seg,
					  const struct baton_flow *partner)
{
	int acknowledged = partner && partner->state.flags & BATON_STATE_SEEN;

	if (acknowledged && seg->seq + flow->seq_add == partner->state.ack_max)
		return 1;
	if (flow->direction == BATON_TO_CLIENT && flow->state.flags & BATON_STATE_SEEN)
		return seg->seq == flow->state.seq_end;
	return !acknowledged && seg->seq == flow->start;
}

/* A client that gives up in mid-upload says so behind what it has in flight: the target may well
 * have got there, and no longer tells. The pair then counts as half-open, until the client sends
 * something else. */
static __always_inline int reset_is_near(const struct baton_flow *flow, const struct segment *seg,
					 const struct baton_flow *partner)
{
	return flow->direction == BATON_TO_TARGET && partner &&
	       partner->state.flags & BATON_STATE_SEEN &&
	       seg->seq + flow->seq_add - partner->state.ack_max < RESET_NEAR;
}

/* A FIN behind what the receiver has acknowledged is forged: it would seem acknowledged at once. */
static __always_inline int fin_is_ahead(const struct baton_flow *flow, const struct segment *seg,
					const struct baton_flow *partner)
{
	return !partner || !(partner->state.flags & BATON_STATE_SEEN) ||
	       after(segment_end(seg) + flow->seq_add, partner->state.ack_max);
}

/* Follows both directions to their end; 1: this segment closed the pair. */
static __always_inline int follow_close(struct baton_flow *flow, const struct segment *seg)
{
	struct baton_flow_state *state = &flow->state;
	__u32 flags = state->flags;
	int awaits_ack = (flags & BATON_STATE_PEER_FIN) && !(flags & BATON_STATE_PEER_FIN_ACKED);
	int first = !(flags & BATON_STATE_SEEN);
	struct baton_flow *partner;

	if (!(seg->flags & (TCP_FIN | TCP_RST)) && !awaits_ack && !first)
		return 0;
	partner = find_partner(flow);
	if (first && partner && !awaits_ack && partner->state.flags & BATON_STATE_FIN) {
		/* The other direction is older than this one, and has ended before it began. */
		state->peer_fin_end = partner->state.fin_end + partner->seq_add;
		set_flags(flow, BATON_STATE_PEER_FIN);
		awaits_ack = 1;
	}
	if (seg->flags & TCP_RST) {
		if (flags & BATON_STATE_CLOSED)
			return 0;
		if (!reset_is_exact(flow, seg, partner)) {
			if (reset_is_near(flow, seg, partner))
				set_flags(flow, BATON_STATE_RST);
			return 0;
		}
		set_flags(flow, BATON_STATE_RST | BATON_STATE_CLOSED);
		if (partner)
			set_flags(partner, BATON_STATE_CLOSED);
		return 1;
	}
	if (seg->flags & TCP_FIN && !(flags & BATON_STATE_FIN) &&
	    fin_is_ahead(flow, seg, partner)) {
		state->fin_end = segment_end(seg);
		set_flags(flow, BATON_STATE_FIN);
		if (partner) {
			partner->state.peer_fin_end = state->fin_end + flow->seq_add;
			set_flags(partner, BATON_STATE_PEER_FIN);
		}
	}
	if (!awaits_ack || !(seg->flags & TCP_ACK) || after(state->peer_fin_end, seg->ack))
		return 0;
	set_flags(flow, BATON_STATE_PEER_FIN_ACKED);
	if (!partner || !(partner->state.flags & BATON_STATE_PEER_FIN_ACKED))
		return 0;
	set_flags(flow, BATON_STATE_CLOSED);
	set_flags(partner, BATON_STATE_CLOSED);
	return 1;
}

/* A FIN that came before the flow went live is replayed by user space; no entry sees it pass. */
static __always_inline void note_replayed_fin(struct baton_flow *to_client,
					      const struct segment *seg)
{
	struct baton_flow *to_target = find_partner(to_client);

	if (to_client->direction != BATON_TO_CLIENT)
		return;
	to_client->state.peer_fin_end = segment_end(seg);
	set_flags(to_client, BATON_STATE_PEER_FIN);
	if (to_target) {
		to_target->state.fin_end = segment_end(seg) - to_target->seq_add;
		set_flags(to_target, BATON_STATE_FIN);
	}
}

static __always_inline void remember(struct baton_flow *flow, const struct segment *seg,
				     __u32 segments)
{
	struct baton_flow_state *state = &flow->state;
	__u32 end = segment_end(seg);

	if ((state->flags & (BATON_STATE_RST | BATON_STATE_CLOSED)) == BATON_STATE_RST &&
	    !(seg->flags & TCP_RST))
		__sync_fetch_and_and(&state->flags, ~BATON_STATE_RST);
	if (seg->flags & TCP_RST) {
		/* Moves nothing: or a forged one, sent twice, would be the expected one. */
	} else if (state->flags & BATON_STATE_SEEN) {
		if (after(end, state->seq_end))
			state->seq_end = end;
		if (seg->flags & TCP_ACK && after(seg->ack, state->ack_max))
			state->ack_max = seg->ack;
	} else {
		state->seq_end = end;
		state->ack_max = seg->ack;
		set_flags(flow, BATON_STATE_SEEN);
	}
	state->last_seen = bpf_ktime_get_coarse_ns();
	state->packets += segments;
	state->bytes += seg->payload;
}

#endif
