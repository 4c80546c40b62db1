// SPDX-License-Identifier: GPL-2.0-only
/*
 * The data plane under XDP: the fast path of established flows, and nothing else. Whatever needs a
 * decision goes on to baton_ingress under tc, unmodified and not remembered, so that the two never
 * disagree: set-up, the end, errors, packets that do not fit, a next hop that is not known.
 */
#include "packet_xdp.h"

#include "hop.h"
#include "parse.h"
#include "translate.h"

char _license[] SEC("license") = "GPL";

/* 1: with this segment there is nothing to do but add. */
static __always_inline int is_steady(struct baton_flow *flow, const struct segment *seg)
{
	__u32 flags = flow->state.flags;

	if (flow->options & BATON_FLOW_TIMESTAMPS && !(flags & BATON_STATE_TS_LEARNED))
		return 0;
	if (flow->options & BATON_FLOW_REPLAY && !(flags & BATON_STATE_REPLAY_DONE))
		return 0;
	return !(seg->flags & TCP_SYN) && !looks_across(flow, seg);
}

/* The receiver takes it, by its MSS, and so does the interface it leaves by. */
static __always_inline int fits(struct xdp_md *ctx, const struct segment *seg,
				const struct baton_flow *flow)
{
	__u32 mtu = 0;

	if (flow->mtu && seg->length > flow->mtu)
		return 0;
	return bpf_check_mtu(ctx, flow->egress, &mtu, 0, 0) == BPF_MTU_CHK_RET_SUCCESS;
}

/* XDP_PASS: the packet is as it was. */
static __always_inline int forward(struct xdp_md *ctx, const struct segment *seg,
				   struct baton_flow *flow)
{
	const struct baton_link *link = find_link(flow);
	__u64 hop = *(volatile __u64 *)&flow->state.hop;
	struct ethhdr *eth;
	struct options *o;

	if (flow->action != BATON_ACTION_TRANSLATE || seg->unfit || seg->ttl <= 1 ||
	    !is_steady(flow, seg))
		return XDP_PASS;
	if (!link || !hop_is_younger(hop, HOP_TOO_OLD) || !fits(ctx, seg, flow))
		return XDP_PASS;
	o = parse_options(ctx, seg);
	if (!o || o->malformed)
		return XDP_PASS;
	tally(flow, seg, 1);
	remember(flow, seg);
	eth = packet_start(ctx);
	if ((void *)(eth + 1) > packet_end(ctx) || translate(ctx, seg, flow, o, 1)) {
		count(BATON_DROP_REWRITE);
		return XDP_DROP;
	}
	put_mac(eth->h_dest, hop);
	put_mac(eth->h_source, link->mac);
	count(BATON_XDP_TRANSLATED);
	return bpf_redirect(flow->egress, 0);
}

SEC("xdp")
int baton_xdp(struct xdp_md *ctx)
{
	struct segment seg = {};
	struct baton_flow *flow;
	int verdict;

	if (parse_segment(ctx, &seg) != PARSED_SEGMENT)
		return XDP_PASS;
	flow = bpf_map_lookup_elem(&baton_flows, &seg.key);
	if (!flow || flow->ingress != ctx->ingress_ifindex)
		return XDP_PASS;
	verdict = forward(ctx, &seg, flow);
	if (verdict == XDP_PASS)
		count(BATON_XDP_TO_TC);
	return verdict;
}
