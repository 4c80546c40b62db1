// SPDX-License-Identifier: GPL-2.0-only
/*
 * The data plane under tc: baton_ingress on the DMZ node's interfaces translates and forwards live
 * flows and errors about them, and hands the answers to pending SYNs to user space; baton_guard on
 * their egress keeps the DMZ node's own stack quiet about tuples that are no longer its business.
 *
 * Whatever is not ours goes on with TC_ACT_UNSPEC, so that filters behind these still run.
 */
#include "packet_tc.h"

#include "hop.h"
#include "icmp.h"
#include "lists.h"
#include "parse.h"
#include "toobig.h"
#include "translate.h"

#include <linux/pkt_cls.h>

#define VLAN_ID_MASK 0x0fff /* the rest is priority (IEEE 802.1Q) */

char _license[] SEC("license") = "GPL";

/* Strangers: denied ones are not heard, and none may carry the REDIRECT option, which targets alone
 * are sent, and by nobody else. Not inlined: what is not a flow's is so for several reasons. */
static __noinline int handle_foreign(struct __sk_buff *skb, const struct segment *seg)
{
	struct options *o;

	if (!(seg->flags & TCP_SYN))
		return TC_ACT_UNSPEC;
	if (!(seg->flags & TCP_ACK) && is_denied(seg)) {
		count(BATON_DROP_DENIED);
		return TC_ACT_SHOT;
	}
	if (!seg->options_length)
		return TC_ACT_UNSPEC;
	o = parse_options(skb, seg);
	if (o && o->redirect) {
		count(BATON_DROP_OPTION_FROM_OUTSIDE);
		return TC_ACT_SHOT;
	}
	return TC_ACT_UNSPEC;
}

/* The target's answer to a SYN; nobody but the event loop that sent it may judge it. A SYN,ACK and
 * a RST must acknowledge exactly that SYN, or a stranger could forge them. */
static __always_inline int handle_pending(struct __sk_buff *skb, const struct segment *seg,
					  const struct baton_flow *flow)
{
	int exact = seg->flags & TCP_ACK && seg->ack == flow->start + 1;
	struct options *o;
	__u32 type;

	if (bpf_ktime_get_ns() > flow->expires) {
		count(BATON_PASS_EXPIRED);
		return handle_foreign(skb, seg);
	}
	o = parse_options(skb, seg);
	if (!o || o->malformed) {
		count(BATON_DROP_MALFORMED);
		return TC_ACT_SHOT;
	}
	if (seg->flags & TCP_RST)
		type = BATON_EVENT_RST;
	else if ((seg->flags & (TCP_SYN | TCP_ACK)) == (TCP_SYN | TCP_ACK))
		type = BATON_EVENT_SYNACK;
	else if ((seg->flags & (TCP_SYN | TCP_ACK)) == TCP_ACK)
		type = BATON_EVENT_CHALLENGE;
	else {
		count(BATON_DROP_PENDING_OTHER);
		return TC_ACT_SHOT;
	}
	if (type != BATON_EVENT_CHALLENGE && !exact) {
		count(BATON_DROP_BAD_ACK);
		return TC_ACT_SHOT;
	}
	tell(flow, type, seg, o, BPF_RB_FORCE_WAKEUP);
	count(BATON_TO_USER);
	return TC_ACT_SHOT;
}

/* While backlog is still being replayed, its event loop hears of what the target acknowledges. */
static __always_inline void follow_replay(struct baton_flow *flow, const struct segment *seg,
					  const struct options *o)
{
	const struct baton_flow_state *state = &flow->state;

	if (flow->direction != BATON_TO_CLIENT || !is_replaying(flow, &seg->key))
		return;
	if (!(seg->flags & TCP_ACK))
		return;
	if (seg->payload && state->flags & BATON_STATE_SEEN && !after(seg->ack, state->ack_max))
		return;
	tell(flow, BATON_EVENT_ACK, seg, o, BPF_RB_FORCE_WAKEUP);
}

static __always_inline int handle_syn(struct baton_flow *flow, const struct segment *seg,
				      const struct options *o)
{
	if (flow->direction == BATON_TO_CLIENT) {
		/* Our ACK was lost, or this SYN,ACK took long: the replay repeats both. */
		if (!(flow->state.flags & BATON_STATE_REPLAY_DONE))
			tell(flow, BATON_EVENT_SYNACK_AGAIN, seg, o, BPF_RB_FORCE_WAKEUP);
		count(BATON_DROP_SYN_IN_FLOW);
		return TC_ACT_SHOT;
	}
	if (o->redirect) {
		/* The target may have forgotten the connection, and would believe it. */
		count(BATON_DROP_OPTION_FROM_OUTSIDE);
		return TC_ACT_SHOT;
	}
	if (seg->flags & (TCP_RST | TCP_FIN)) {
		/* The target would look at these first (RFC 9293 3.10.7.4), and it is not followed.
		 */
		count(BATON_DROP_MALFORMED);
		return TC_ACT_SHOT;
	}
	if (flow->state.flags & BATON_STATE_CLOSED && !(seg->flags & TCP_ACK)) {
		if (is_denied(seg)) {
			count(BATON_DROP_DENIED);
			return TC_ACT_SHOT;
		}
		/* The client uses its port again: an ordinary new connection. */
		bpf_map_delete_elem(&baton_flows, &seg->key);
		count(BATON_PASS_SYN_AFTER_CLOSE);
		return TC_ACT_UNSPEC;
	}
	/* To a connection that lives, a SYN is the target's to challenge (RFC 5961 4). */
	return TC_ACT_OK;
}

/* Has the entry follow the segment, if it is the endpoint's; 0: it may be anybody's. */
static __always_inline int follow(struct baton_flow *flow, const struct segment *seg,
				  const struct options *o)
{
	if (looks_across(flow, seg)) {
		struct baton_flow *partner = find_partner(flow, &seg->key);

		if (!is_acceptable(flow, seg, partner))
			return 0;
		if (follow_close(flow, seg, partner))
			tell(flow, BATON_EVENT_CLOSED, seg, o, BPF_RB_NO_WAKEUP);
	}
	remember(flow, seg);
	return 1;
}

/* 1: translated, it would set the clock that the client is then held to. */
static __always_inline int would_set_clock(const struct baton_flow *flow, const struct options *o)
{
	return o->timestamp && flow->options & BATON_FLOW_TIMESTAMPS &&
	       !(flow->state.flags & BATON_STATE_TS_LEARNED);
}

static __always_inline int handle_live(struct __sk_buff *skb, const struct segment *seg,
				       struct baton_flow *flow)
{
	struct options *o;
	__u32 segments = skb->gso_segs ? skb->gso_segs : 1;
	__u32 length = wire_length(skb, seg), mtu;
	int accepted = 0, verdict;

	if (seg->ttl <= 1) {
		count(BATON_DROP_TTL);
		return TC_ACT_SHOT;
	}
	o = parse_options(skb, seg);
	if (!o || o->malformed) {
		count(BATON_DROP_MALFORMED);
		return TC_ACT_SHOT;
	}
	mtu = way_mtu(skb, flow, length);
	if (length > mtu)
		return answer_too_big(skb, seg, mtu, length);
	if (seg->flags & TCP_SYN) {
		verdict = handle_syn(flow, seg, o);
		if (verdict != TC_ACT_OK)
			return verdict;
	} else if (repeats_rewritten(flow, seg)) {
		count(BATON_DROP_REPEATED);
		return TC_ACT_SHOT;
	} else {
		follow_replay(flow, seg, o);
		accepted = follow(flow, seg, o);
		if (!accepted && would_set_clock(flow, o)) {
			count(BATON_DROP_UNACCEPTABLE);
			return TC_ACT_SHOT;
		}
		tally(flow, seg, segments);
	}
	if (translate(skb, seg, flow, o, accepted)) {
		count(BATON_DROP_REWRITE);
		return TC_ACT_SHOT;
	}
	count(BATON_TRANSLATED);
	skb->mark = hop_is_wanted(flow) ? BATON_MARK_LEARN : BATON_MARK_TRANSLATED;
	return bpf_redirect_neigh(flow->egress, NULL, 0, 0);
}

/* A tagged packet belongs to the VLAN's own interface, where this program may run too. */
static __always_inline int is_of_vlan(const struct __sk_buff *skb)
{
	return skb->vlan_present && skb->vlan_tci & VLAN_ID_MASK;
}

SEC("tc")
int baton_ingress(struct __sk_buff *skb)
{
	struct baton_flow *flow;
	struct segment seg = {};

	if (is_of_vlan(skb))
		return TC_ACT_UNSPEC;
	if (parse_segment(skb, &seg) != PARSED_SEGMENT)
		return handle_error(skb);
	flow = bpf_map_lookup_elem(&baton_flows, &seg.key);
	if (!flow)
		return handle_foreign(skb, &seg);
	if (flow->ingress != skb->ifindex) {
		count(BATON_DROP_WRONG_INTERFACE);
		return handle_foreign(skb, &seg);
	}
	if (seg.unfit) {
		/* Passed up, the DMZ node's stack would answer it with RST. */
		count(seg.unfit);
		return TC_ACT_SHOT;
	}
	if (skb->vlan_present && bpf_skb_vlan_pop(skb)) { /* a priority tag: this hop's alone */
		count(BATON_DROP_REWRITE);
		return TC_ACT_SHOT;
	}
	if (flow->action == BATON_ACTION_PENDING)
		return handle_pending(skb, &seg, flow);
	if (flow->action == BATON_ACTION_TRANSLATE)
		return handle_live(skb, &seg, flow);
	return handle_foreign(skb, &seg);
}

SEC("tc")
int baton_guard(struct __sk_buff *skb)
{
	struct baton_flow_key key = {};
	struct baton_flow *flow;
	struct segment seg = {};

	if (skb->mark == BATON_MARK_TRANSLATED)
		return TC_ACT_UNSPEC;
	if (parse_segment(skb, &seg) != PARSED_SEGMENT)
		return TC_ACT_UNSPEC;
	if (skb->mark == BATON_MARK_OWN && !(seg.flags & TCP_FIN))
		return TC_ACT_UNSPEC;
	__builtin_memcpy(key.saddr, seg.key.daddr, sizeof(key.saddr));
	__builtin_memcpy(key.daddr, seg.key.saddr, sizeof(key.daddr));
	key.sport = seg.key.dport;
	key.dport = seg.key.sport;
	key.family = seg.key.family;
	flow = bpf_map_lookup_elem(&baton_flows, &key);
	if (skb->mark == BATON_MARK_LEARN) {
		flow = flow ? find_partner(flow, &key) : NULL;
		if (flow && flow->egress == skb->ifindex)
			learn_hop(skb, flow);
		return TC_ACT_UNSPEC;
	}
	if (!flow)
		return TC_ACT_UNSPEC;
	if (skb->mark == BATON_MARK_OWN) {
		note_replayed_fin(flow, &key, &seg);
		return TC_ACT_UNSPEC;
	}
	if (flow->action == BATON_ACTION_PENDING && bpf_ktime_get_ns() > flow->expires)
		return TC_ACT_UNSPEC;
	count(BATON_DROP_GUARD);
	return TC_ACT_SHOT;
}
