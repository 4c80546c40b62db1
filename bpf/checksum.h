/* SPDX-License-Identifier: GPL-2.0-only */
/* The internet checksum's arithmetic (RFC 1071, RFC 1624): one's complement, in network order. */
#ifndef BATON_CHECKSUM_H
#define BATON_CHECKSUM_H

#include <linux/types.h>
#include <bpf/bpf_helpers.h>

/* A sum of words, in 32 bits. */
static __always_inline __u32 csum_carry(__u64 sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	return sum + (sum >> 32);
}

/* A sum of words, as a header holds it. */
static __always_inline __u16 csum_fold(__u64 sum)
{
	sum = csum_carry(sum);
	sum = (sum & 0xffff) + (sum >> 16);
	return ~(sum + (sum >> 16));
}

/* By how much the words that become others now sum up to more. */
static __always_inline __u64 csum_difference(const __be32 *from, const __be32 *to, int words)
{
	__u64 sum = 0;
	int i;

#pragma unroll
	for (i = 0; i < words; i++)
		sum += (__u64)(__u32)~from[i] + to[i];
	return sum;
}

#endif
