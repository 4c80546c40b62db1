/* SPDX-License-Identifier: GPL-2.0-only */
/* The header of an ICMP or ICMPv6 error, and what is used of the two: linux/icmp.h would bring the
 * C library's headers along, which this target has none of. */
#ifndef BATON_ICMP_HEADER_H
#define BATON_ICMP_HEADER_H

#include <linux/types.h>

/* RFC 792. */
#define ICMP_UNREACHABLE	  3
#define ICMP_FRAGMENTATION_NEEDED 4 /* a code of the former; RFC 1191 */
#define ICMP_TIME_EXCEEDED	  11
#define ICMP_PARAMETER_PROBLEM	  12

/* RFC 4443. */
#define ICMPV6_UNREACHABLE	 1
#define ICMPV6_PACKET_TOO_BIG	 2
#define ICMPV6_PARAMETER_PROBLEM 4

struct icmp_header {
	__u8 type;
	__u8 code;
	__sum16 check;
	union {
		struct {
			__be16 unused;
			__be16 mtu;
		} v4;
		__be32 mtu_v6;
	};
};

#endif
