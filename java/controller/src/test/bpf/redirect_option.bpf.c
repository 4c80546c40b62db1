// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a target could run to learn who the client is: reads the REDIRECT option (docs/wire.md) out
 * of the saved SYN of each accepted connection, and the client's port out of the urgent pointer.
 */
#include <stdbool.h>
#include <linux/bpf.h>
#include <linux/in.h>
#include <linux/tcp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include "baton.h"

#ifndef SOL_TCP
#define SOL_TCP 6
#endif

struct option {
	__u8 kind;
	__u8 len;
	__be16 exid;
	__u8 version_and_scale;
	__u8 address[16];
} __attribute__((packed));

struct client {
	__u8 address[16];
	__be16 port;
	__u8 option_len;
	__u8 version_and_scale;
};

/* By the DMZ node's port of the target leg, host order. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, struct client);
} clients SEC(".maps");

/* Accepted connections without the option. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} without SEC(".maps");

static __always_inline void learn(struct bpf_sock_ops *ops)
{
	struct option option = {
		.kind = BATON_OPTION_KIND,
		.len = 4, /* of what is looked for: kind, length, ExID */
		.exid = bpf_htons(BATON_OPTION_EXID),
	};
	struct client client = {};
	__u32 port = ops->remote_port, zero = 0;
	__u8 syn[60];
	__u64 *none;
	long len;

	len = bpf_load_hdr_opt(ops, &option, sizeof(option), BPF_LOAD_HDR_OPT_TCP_SYN);
	if (len != BATON_OPTION_LEN_V4 && len != BATON_OPTION_LEN_V6) {
		none = bpf_map_lookup_elem(&without, &zero);
		if (none)
			*none += 1;
		return;
	}
	client.option_len = len;
	client.version_and_scale = option.version_and_scale;
	__builtin_memcpy(client.address, option.address, sizeof(client.address));
	if (bpf_getsockopt(ops, SOL_TCP, TCP_BPF_SYN, syn, sizeof(syn)) >= 20)
		__builtin_memcpy(&client.port, syn + 18, sizeof(client.port));
	port = bpf_ntohl(port);
	bpf_map_update_elem(&clients, &port, &client, BPF_ANY);
}

SEC("sockops")
int redirect_option(struct bpf_sock_ops *ops)
{
	int save = 1;

	if (ops->op == BPF_SOCK_OPS_TCP_LISTEN_CB)
		bpf_setsockopt(ops, SOL_TCP, TCP_SAVE_SYN, &save, sizeof(save));
	else if (ops->op == BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB)
		learn(ops);
	return 1;
}

char _license[] SEC("license") = "GPL";
