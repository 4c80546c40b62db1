// SPDX-License-Identifier: GPL-2.0-only
/*
 * Gives a packet the VLAN tag that a test run cannot set, where the kernel keeps it beside the
 * packet, and goes on to the program under test.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

char _license[] SEC("license") = "GPL";

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u32));
} under_test SEC(".maps");

/* The tag (priority and VLAN) is in the context's first control word. */
SEC("tc")
int push_vlan(struct __sk_buff *skb)
{
	if (bpf_skb_vlan_push(skb, bpf_htons(ETH_P_8021Q), skb->cb[0]))
		return TC_ACT_SHOT;
	bpf_tail_call(skb, &under_test, 0);
	return TC_ACT_SHOT;
}
