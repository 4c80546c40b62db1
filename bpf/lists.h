/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Whose new connections do not reach a listener. Only SYNs to one of the controller's listeners are
 * judged: what else the host serves is not ours, and living flows go on.
 */
#ifndef BATON_LISTS_H
#define BATON_LISTS_H

#include "maps.h"
#include "segment.h"

#define LIST_DENY 1 /* the value of a prefix; any other allows */

/* struct bpf_lpm_trie_key, with the family in front of the address, so that ::/0 is not everybody.
 * Bits are counted from the family's first one. */
struct list_key {
	__u32 prefix;
	__u32 family;
	__be32 address[4];
};

/* Where a listener is; an address of zeroes: everywhere, of its family. */
struct door_key {
	__be32 address[4];
	__be16 port;
	__u16 family;
};

struct baton_list {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1);
	/* Sizes, since clang leaves the layout of an inner map's types out of the BTF. */
	__uint(key_size, sizeof(struct list_key));
	__uint(value_size, sizeof(__u32));
};

/* The controller puts another whole list in the place of the first, so none is ever half there. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1);
	__type(key, __u32);
	__array(values, struct baton_list);
} baton_lists SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, struct door_key);
	__type(value, __u32);
} baton_doors SEC(".maps");

static __always_inline int is_for_a_door(const struct segment *seg)
{
	struct door_key door = {};

	door.port = seg->key.dport;
	door.family = seg->key.family;
	if (bpf_map_lookup_elem(&baton_doors, &door))
		return 1;
	__builtin_memcpy(door.address, seg->key.daddr, sizeof(door.address));
	return !!bpf_map_lookup_elem(&baton_doors, &door);
}

/* 1: the longest prefix that its source is in denies it. Not static: the verifier then judges it by
 * itself, once. */
__noinline int is_denied(const struct segment *seg)
{
	struct list_key key = {};
	__u32 zero = 0, *verdict;
	void *list;

	if (!seg)
		return 0;
	list = bpf_map_lookup_elem(&baton_lists, &zero);
	if (!list || !is_for_a_door(seg))
		return 0;
	key.prefix = 8 * (sizeof(key) - offsetof(struct list_key, family));
	key.family = seg->key.family;
	__builtin_memcpy(key.address, seg->key.saddr, sizeof(key.address));
	verdict = bpf_map_lookup_elem(list, &key);
	return verdict && *verdict == LIST_DENY;
}

#endif
