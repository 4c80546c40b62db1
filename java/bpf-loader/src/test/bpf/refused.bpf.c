// SPDX-License-Identifier: GPL-2.0-only
/* The verifier refuses one of these two: it reads the packet without a look at its end. */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>

SEC("tc")
int fine(struct __sk_buff *skb)
{
	return TC_ACT_OK;
}

SEC("tc")
int reads_too_far(struct __sk_buff *skb)
{
	return *((volatile __u8 *)(long)skb->data + 5);
}

char _license[] SEC("license") = "GPL";
