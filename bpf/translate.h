/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The arithmetic of a live flow: one entry, one rewrite, both directions alike. What each number
 * means is in docs/wire.md.
 */
#ifndef BATON_TRANSLATE_H
#define BATON_TRANSLATE_H

#include "life.h"
#include "rewrite.h"

#define NANOSECONDS_PER_MILLISECOND 1000000

/* RFC 7323 2.2: never a wrapped window, and never a closed one that was open. */
static __always_inline __u16 shift_window(__u16 window, __s8 shift)
{
	__u32 shifted;

	if (shift >= 0) {
		shifted = (__u32)window << (shift & 15);
		return shifted > 65535 ? 65535 : shifted;
	}
	shifted = window >> (-shift & 15);
	return window && !shifted ? 1 : shifted;
}

/* The first segment from the client tells its clock: it is set to the clock that the target knows,
 * which runs on where the SYN's left off. A SYN is of another connection, whose clock may be
 * another; a RST may be anybody's, and needs no clock (RFC 7323 3.2). */
static __always_inline __u32 client_clock(struct baton_flow *flow, __u32 tsval, __u8 tcp_flags,
					  int accepted)
{
	struct baton_flow_state *state = &flow->state;

	if (!accepted || tcp_flags & (TCP_SYN | TCP_RST))
		return tsval + state->ts_learned_add;
	if (!(state->flags & BATON_STATE_TS_LEARNED)) {
		__u32 now = bpf_ktime_get_ns() / NANOSECONDS_PER_MILLISECOND;

		state->ts_learned_add = now + flow->clock_add - tsval;
		state->tsval_newest = tsval + state->ts_learned_add;
		set_flags(flow, BATON_STATE_TS_LEARNED);
	}
	tsval += state->ts_learned_add;
	if (after(tsval, state->tsval_newest))
		state->tsval_newest = tsval;
	return tsval;
}

/* An echo of the client's clock, for the client. Before any of its segments was translated there
 * is nothing to echo: 0, which RFC 7323 receivers take for no measurement. */
static __always_inline __u32 client_echo(struct baton_flow *flow, const struct baton_flow_key *key,
					 __u32 tsecr)
{
	struct baton_flow_state *state = &flow->state;

	if (!(state->flags & BATON_STATE_TS_LEARNED)) {
		struct baton_flow *partner = find_partner(flow, key);

		if (!partner || !(partner->state.flags & BATON_STATE_TS_LEARNED))
			return 0;
		state->ts_learned_add = -partner->state.ts_learned_add;
		set_flags(flow, BATON_STATE_TS_LEARNED);
	}
	return tsecr + state->ts_learned_add;
}

static __always_inline void translate_timestamps(struct baton_flow *flow, const struct segment *seg,
						 struct options *o, int accepted)
{
	__u32 tsval, tsecr = 0;

	if (flow->direction == BATON_TO_TARGET) {
		tsval = client_clock(flow, o->tsval, seg->flags, accepted);
		if (seg->flags & TCP_ACK && o->tsecr)
			tsecr = o->tsecr + flow->ts_add;
	} else {
		tsval = o->tsval + flow->ts_add;
		if (seg->flags & TCP_ACK && o->tsecr)
			tsecr = client_echo(flow, &seg->key, o->tsecr);
	}
	put_be32(o->bytes, o->timestamp, tsval);
	put_be32(o->bytes, o->timestamp + 4, tsecr);
}

static __always_inline void translate_sack(const struct baton_flow *flow, struct options *o)
{
	__u32 edge;

	for (edge = 0; edge < 8; edge++) {
		__u32 at = o->sack + edge * 4;

		if (edge >= o->sack_blocks * 2u)
			break;
		put_be32(o->bytes, at, get_be32(o->bytes, at) + flow->ack_add);
	}
}

/* The entry follows what is accepted; the rest is translated as it is. */
static __always_inline int translate(packet_t *packet, const struct segment *seg,
				     struct baton_flow *flow, struct options *o, int accepted)
{
	struct rewrite to = {
		.seq = seg->seq + flow->seq_add,
		.ack = seg->flags & TCP_ACK ? seg->ack + flow->ack_add : seg->ack,
		.window = seg->window,
	};

	if (!(seg->flags & TCP_SYN)) {
		to.window = shift_window(seg->window, flow->window_shift);
		if (accepted && !(seg->flags & TCP_RST))
			flow->state.window = to.window;
	}
	if (o->timestamp && flow->options & BATON_FLOW_TIMESTAMPS) {
		translate_timestamps(flow, seg, o, accepted);
		to.options_changed = 1;
	}
	if (o->sack) {
		translate_sack(flow, o);
		to.options_changed = 1;
	}
	return rewrite_segment(packet, seg, flow, &to, o);
}

#endif
