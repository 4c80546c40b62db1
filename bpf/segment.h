/* SPDX-License-Identifier: GPL-2.0-only */
/* A TCP segment as the programs see it: parsed once (parse.h) into host order, so that the code
 * that judges does not touch the packet. */
#ifndef BATON_SEGMENT_H
#define BATON_SEGMENT_H

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <stddef.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "baton.h"

#ifndef AF_INET
#define AF_INET	 2
#define AF_INET6 10
#endif

#define TCP_FIN 0x01
#define TCP_SYN 0x02
#define TCP_RST 0x04
#define TCP_ACK 0x10

#define DONT_FRAGMENT 0x4000 /* of the IPv4 header's flags and offset */

/* All that a TCP header's offset can be; with it the verifier sees that it stays in bounds. */
#define TCP_OFFSET_MASK 0x7fff

struct segment {
	struct baton_flow_key key;
	__u32 seq;
	__u32 ack;
	__u32 length;  /* bytes of the IP packet */
	__u32 payload; /* bytes */
	__u16 window;
	__u16 tcp_offset;
	__u8 options_length;
	__u8 flags;
	__u8 ttl;   /* hop limit */
	__u8 unfit; /* enum baton_reason: why it cannot be translated */
};

#endif
