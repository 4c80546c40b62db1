/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who has said goodbye, and whether to believe it; the life of a pair is told in docs/states.md.
 *
 * Targets are believed. In a client's name anyone can send who guesses a port: what others rely on
 * moves only for segments that the target would accept. Whatever comes is translated and sent on
 * all the same, for the endpoints are the judges of what is theirs.
 */
#ifndef BATON_LIFE_H
#define BATON_LIFE_H

#include "flow.h"

/* Bytes that may be in flight: how far a segment may be from the acknowledgments that we saw. The
 * windows themselves are not known here, since their scales are not. */
#define NEAR (4u << 20)

/* 1: what this segment does hangs on the other direction. In bulk that is never the case. */
static __always_inline int looks_across(struct baton_flow *flow, const struct segment *seg)
{
	__u32 flags = flow->state.flags;

	if (seg->flags & (TCP_FIN | TCP_RST) || !(flags & BATON_STATE_SEEN) ||
	    flags & (BATON_STATE_FIN | BATON_STATE_RST | BATON_STATE_CLOSED))
		return 1;
	if (flow->direction == BATON_TO_CLIENT)
		return flags & BATON_STATE_PEER_FIN && !(flags & BATON_STATE_PEER_FIN_ACKED);
	/* The clock that a stranger set would be held against the client (RFC 7323 5, PAWS); and
	 * replayed segments say what was remembered of the client's. */
	return flags & BATON_STATE_PEER_FIN ||
	       (flow->options & BATON_FLOW_TIMESTAMPS && !(flags & BATON_STATE_TS_LEARNED)) ||
	       is_replaying(flow, &seg->key);
}

/* What the receiver of these segments expects next, in their numbers. */
static __always_inline __u32 expected(const struct baton_flow *flow,
				      const struct baton_flow *partner)
{
	return partner->state.flags & BATON_STATE_SEEN ? partner->state.ack_max - flow->seq_add
						       : flow->start;
}

/* The end of what it has sent, as an acknowledgment among these segments. */
static __always_inline __u32 sent_by(const struct baton_flow *partner)
{
	return (partner->state.flags & BATON_STATE_SEEN ? partner->state.seq_end : partner->start) +
	       partner->seq_add;
}

/* RFC 5961 5.2: it acknowledges what the other side has sent, and nothing too long ago. */
static __always_inline int ack_is_near(const struct segment *seg, const struct baton_flow *partner)
{
	return seg->flags & TCP_ACK && sent_by(partner) - seg->ack <= NEAR;
}

/* Whether the target would accept it: RFC 9293 3.10.7.4, as far as can be told from here. Of a RST
 * the sequence number alone is looked at. */
static __always_inline int is_acceptable(const struct baton_flow *flow, const struct segment *seg,
					 const struct baton_flow *partner)
{
	if (flow->direction == BATON_TO_CLIENT)
		return 1;
	if (!partner || seg->seq - expected(flow, partner) + NEAR > 2 * NEAR)
		return 0;
	return seg->flags & TCP_RST || ack_is_near(seg, partner);
}

/* A RST counts only at exactly the sequence number that the receiver expects (RFC 5961 3.2). What
 * that is, the receiver's own acknowledgments tell. seq_end does so on the targets' side alone: any
 * stranger can send a segment in a client's name, and with it set seq_end to what his RST will say.
 */
static __always_inline int reset_is_exact(const struct baton_flow *flow, const struct segment *seg,
					  const struct baton_flow *partner)
{
	int acknowledged = partner && partner->state.flags & BATON_STATE_SEEN;

	if (acknowledged && seg->seq == expected(flow, partner))
		return 1;
	if (flow->direction == BATON_TO_CLIENT && flow->state.flags & BATON_STATE_SEEN)
		return seg->seq == flow->state.seq_end;
	return !acknowledged && seg->seq == flow->start;
}

/* A client that gives up in mid-upload says so behind what it has in flight: the target may well
 * have got there, and no longer tells. The pair then counts as half-open, until the client sends
 * something else. That shortens its life, so the acknowledgment must be the client's too. A target
 * is believed: one that has forgotten the connection says so at whatever number it was asked. */
static __always_inline int reset_is_near(const struct baton_flow *flow, const struct segment *seg,
					 const struct baton_flow *partner)
{
	if (flow->direction == BATON_TO_CLIENT)
		return 1;
	return partner && partner->state.flags & BATON_STATE_SEEN &&
	       seg->seq - expected(flow, partner) < NEAR && ack_is_near(seg, partner);
}

/* A FIN behind what the target has acknowledged is forged: it would seem acknowledged at once. A
 * target's own is believed; what the client has acknowledged a stranger may have said. */
static __always_inline int fin_is_ahead(const struct baton_flow *flow, const struct segment *seg,
					const struct baton_flow *partner)
{
	return flow->direction == BATON_TO_CLIENT || !partner ||
	       !(partner->state.flags & BATON_STATE_SEEN) ||
	       after(segment_end(seg), expected(flow, partner));
}

/* After a RST: data beyond all that came before it, or an acknowledgment of what the other side
 * has sent since. Who had sent that RST would do neither, and no straggler can. */
static __always_inline int outlives_reset(const struct baton_flow *flow, const struct segment *seg,
					  const struct baton_flow *partner)
{
	const struct baton_flow_state *state = &flow->state;
	__u32 end = segment_end(seg);

	if (seg->flags & TCP_ACK && after(seg->ack, state->peer_fin_end))
		return 1;
	return seg->payload && after(end, expected(flow, partner)) &&
	       (!(state->flags & BATON_STATE_SEEN) || after(end, state->seq_end));
}

/* What this direction is said to have ended with, it did not send: take it back. */
static __always_inline void revive(struct baton_flow *flow, const struct segment *seg,
				   struct baton_flow *partner)
{
	__u32 flags = flow->state.flags;
	int beyond_fin = flags & BATON_STATE_FIN && after(segment_end(seg), flow->state.fin_end);

	if (flags & BATON_STATE_CLOSED) {
		if (partner->state.flags & BATON_STATE_RST)
			return; /* it was the other side that ended it */
		if (flags & BATON_STATE_RST ? !outlives_reset(flow, seg, partner) : !beyond_fin)
			return;
		clear_flags(partner, BATON_STATE_CLOSED);
		clear_flags(flow, BATON_STATE_CLOSED | BATON_STATE_RST);
		count(BATON_REVIVED);
	}
	if (beyond_fin) {
		clear_flags(partner, BATON_STATE_PEER_FIN | BATON_STATE_PEER_FIN_ACKED);
		clear_flags(flow, BATON_STATE_FIN);
	}
}

/* 1: this RST closed the pair. */
static __always_inline int follow_reset(struct baton_flow *flow, const struct segment *seg,
					struct baton_flow *partner)
{
	__u32 flags = flow->state.flags;
	int exact = reset_is_exact(flow, seg, partner);

	if (flags & BATON_STATE_CLOSED)
		return 0;
	/* Another of the kind makes it neither surer nor longer. */
	if (!exact && (flags & BATON_STATE_RST || !reset_is_near(flow, seg, partner)))
		return 0;
	flow->state.last_seen = bpf_ktime_get_coarse_ns();
	if (!exact) {
		set_flags(flow, BATON_STATE_RST);
		return 0;
	}
	if (partner && !(flags & BATON_STATE_PEER_FIN))
		flow->state.peer_fin_end = sent_by(partner);
	set_flags(flow, BATON_STATE_RST | BATON_STATE_CLOSED);
	if (partner)
		set_flags(partner, BATON_STATE_CLOSED);
	return 1;
}

/* Follows both directions to their end, for a segment that looks across and is acceptable; 1: it
 * closed the pair. */
static __always_inline int follow_close(struct baton_flow *flow, const struct segment *seg,
					struct baton_flow *partner)
{
	struct baton_flow_state *state = &flow->state;

	if (seg->flags & TCP_RST)
		return follow_reset(flow, seg, partner);
	if (partner)
		revive(flow, seg, partner);
	if (!(state->flags & (BATON_STATE_SEEN | BATON_STATE_PEER_FIN)) && partner &&
	    partner->state.flags & BATON_STATE_FIN) {
		/* The other direction is older than this one, and has ended before it began. */
		state->peer_fin_end = partner->state.fin_end + partner->seq_add;
		set_flags(flow, BATON_STATE_PEER_FIN);
	}
	if (seg->flags & TCP_FIN && !(state->flags & BATON_STATE_FIN) &&
	    fin_is_ahead(flow, seg, partner)) {
		state->fin_end = segment_end(seg);
		set_flags(flow, BATON_STATE_FIN);
		if (partner) {
			partner->state.peer_fin_end = state->fin_end + flow->seq_add;
			set_flags(partner, BATON_STATE_PEER_FIN);
		}
	}
	if ((state->flags & (BATON_STATE_PEER_FIN | BATON_STATE_PEER_FIN_ACKED)) !=
		    BATON_STATE_PEER_FIN ||
	    !(seg->flags & TCP_ACK) || after(state->peer_fin_end, seg->ack))
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
					      const struct baton_flow_key *key,
					      const struct segment *seg)
{
	struct baton_flow *to_target = find_partner(to_client, key);

	if (to_client->direction != BATON_TO_CLIENT)
		return;
	to_client->state.peer_fin_end = segment_end(seg);
	set_flags(to_client, BATON_STATE_PEER_FIN);
	if (to_target) {
		to_target->state.fin_end = segment_end(seg) - to_target->seq_add;
		set_flags(to_target, BATON_STATE_FIN);
	}
}

#endif
