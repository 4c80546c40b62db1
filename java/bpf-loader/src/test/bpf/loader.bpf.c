// SPDX-License-Identifier: GPL-2.0-only
/* What the loader's tests load: one map of each kind they use, and small tc, XDP and sock_ops
 * programs. */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>

struct loader_value {
	__u64 packets;
	__u32 mark;
	__u16 port;
	__u8 pad[2];
	union {
		__u32 word;
		__u8 bytes[4];
	};
	struct {
		__u32 inner;
	} named;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, __u32);
	__type(value, struct loader_value);
} values SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
} counters SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} ring SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u32);
} rings SEC(".maps");

const volatile __u8 a_byte = 1;
const volatile __u32 verdict = TC_ACT_OK;
const volatile __u64 big = 2;
const volatile __u8 some_bytes[4] = { 1, 2, 3, 4 };
__u32 runs;

static __always_inline void count(__u32 index)
{
	__u64 *counter = bpf_map_lookup_elem(&counters, &index);

	if (counter)
		*counter += 1;
}

SEC("tc")
int tc_verdict(struct __sk_buff *skb)
{
	count(0);
	runs += 1;
	skb->mark = skb->mark + (__u32)big + a_byte + some_bytes[0];
	return verdict;
}

SEC("tc")
int tc_swap_macs(struct __sk_buff *skb)
{
	void *data = (void *)(long)skb->data;
	void *end = (void *)(long)skb->data_end;
	struct ethhdr *eth = data;
	__u8 source[ETH_ALEN];

	if (data + sizeof(*eth) > end)
		return TC_ACT_SHOT;
	__builtin_memcpy(source, eth->h_source, ETH_ALEN);
	__builtin_memcpy(eth->h_source, eth->h_dest, ETH_ALEN);
	__builtin_memcpy(eth->h_dest, source, ETH_ALEN);
	return TC_ACT_OK;
}

/* A record of 24 bytes with the mark in it; an odd cb[0] discards it. */
SEC("tc")
int tc_emit(struct __sk_buff *skb)
{
	__u64 *record = bpf_ringbuf_reserve(&ring, 24, 0);

	if (!record)
		return TC_ACT_SHOT;
	record[0] = skb->mark;
	record[1] = skb->len;
	record[2] = ~(__u64)skb->mark;
	if (skb->cb[0] & 1)
		bpf_ringbuf_discard(record, 0);
	else
		bpf_ringbuf_submit(record, 0);
	return TC_ACT_OK;
}

SEC("tc")
int tc_emit_inner(struct __sk_buff *skb)
{
	__u32 index = skb->mark;
	void *inner = bpf_map_lookup_elem(&rings, &index);

	if (!inner)
		return TC_ACT_SHOT;
	bpf_ringbuf_output(inner, &index, sizeof(index), 0);
	return TC_ACT_OK;
}

SEC("tc")
int tc_store(struct __sk_buff *skb)
{
	struct loader_value value = { .packets = skb->len, .mark = skb->mark };
	__u32 key = skb->mark;

	bpf_map_update_elem(&values, &key, &value, BPF_ANY);
	return TC_ACT_OK;
}

SEC("xdp")
int xdp_pass_all(struct xdp_md *ctx)
{
	count(1);
	return XDP_PASS;
}

SEC("xdp")
int xdp_other(struct xdp_md *ctx)
{
	count(2);
	return XDP_PASS;
}

SEC("sockops")
int count_connects(struct bpf_sock_ops *ops)
{
	if (ops->op == BPF_SOCK_OPS_TCP_CONNECT_CB)
		count(3);
	return 1;
}

char _license[] SEC("license") = "GPL";
