/* SPDX-License-Identifier: GPL-2.0-only */
/* The maps that programs and controller share; docs/maps.md says who writes which. */
#ifndef BATON_MAPS_H
#define BATON_MAPS_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "baton.h"

/* Two elements a flow. Elements are allocated as they come, so an idle DMZ node pays only for the
 * buckets. The controller sets max_entries before it loads. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 524288);
	__type(key, struct baton_flow_key);
	__type(value, struct baton_flow);
} baton_flows SEC(".maps");

/* Flows whose replay is unfinished. User space inserts and deletes, eBPF only looks. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 65536);
	__type(key, struct baton_flow_key);
	__type(value, struct baton_replay);
} baton_replays SEC(".maps");

struct baton_ring {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 20);
};

/* One ring an event loop, so that no event crosses threads. The controller puts them in. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, BATON_RINGS_MAX);
	__type(key, __u32);
	__array(values, struct baton_ring);
} baton_rings SEC(".maps");

/* By enum baton_reason. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, BATON_REASON_KERNEL_MAX);
	__type(key, __u32);
	__type(value, __u64);
} baton_counters SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct baton_host);
} baton_state SEC(".maps");

/* By enum baton_direction. User space writes, XDP looks. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 3);
	__type(key, __u32);
	__type(value, struct baton_link);
} baton_links SEC(".maps");

static __always_inline void count(__u32 reason)
{
	__u64 *value = bpf_map_lookup_elem(&baton_counters, &reason);

	if (value)
		*value += 1;
}

#endif
