/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * What the data plane and the controller share: map names, keys, values, events, reasons and the
 * REDIRECT option. eBPF programs include this file and jextract reads it, so there is one truth.
 * docs/maps.md explains each map; a change of any layout here raises BATON_SCHEMA.
 *
 * Every struct has fixed-width members and no implicit padding. Network byte order shows in the
 * type (__be16, __be32); everything else is in host order.
 */
#ifndef BATON_H
#define BATON_H

#include <linux/types.h>

#define BATON_SCHEMA 2

/* Map names, as libbpf pins them below <pin-path>/v<BATON_SCHEMA>/. At most 15 characters. */
#define BATON_MAP_FLOWS	   "baton_flows"
#define BATON_MAP_REPLAYS  "baton_replays"
#define BATON_MAP_RINGS	   "baton_rings"
#define BATON_MAP_COUNTERS "baton_counters"
#define BATON_MAP_HOST	   "baton_state"
#define BATON_MAP_LINKS	   "baton_links"

/* Program names, as in the object file. */
#define BATON_PROGRAM_INGRESS "baton_ingress"
#define BATON_PROGRAM_GUARD   "baton_guard"
#define BATON_PROGRAM_XDP     "baton_xdp"

/* Marks of packets that the guard lets pass: translated ones, those of which it also learns the
 * next hop for XDP, and those that Baton itself sends. */
#define BATON_MARK_TRANSLATED 0x4254f10fu
#define BATON_MARK_OWN	      0x4254f110u
#define BATON_MARK_LEARN      0x4254f111u

/* tc: our own place among the filters of an interface. Each schema has one, ahead of the older
 * schemas', whose programs go on beside it until their flows are gone. */
#define BATON_TC_PRIORITY (0xba80 - 0x10 * BATON_SCHEMA)
#define BATON_TC_HANDLE	  0xba70

/* The REDIRECT option (docs/wire.md): experimental kind, RFC 6994 ExID. */
#define BATON_OPTION_KIND    254
#define BATON_OPTION_EXID    0x5244
#define BATON_OPTION_VERSION 1
#define BATON_OPTION_LEN_V4  9
#define BATON_OPTION_LEN_V6  21
#define BATON_SCALE_NONE     15

/* At most so many event loops have a ring of their own. */
#define BATON_RINGS_MAX 64

enum baton_action {
	BATON_ACTION_PENDING = 1,   /* a SYN is out: its answer goes to user space */
	BATON_ACTION_TRANSLATE = 2, /* live: rewrite and forward */
};

enum baton_direction {
	BATON_TO_TARGET = 1, /* key: client -> DMZ node's public address */
	BATON_TO_CLIENT = 2, /* key: target -> DMZ node's cluster address */
};

/* baton_flow.options */
enum baton_flow_option {
	BATON_FLOW_TIMESTAMPS = 1,
	BATON_FLOW_REPLAY = 2,	  /* look into baton_replays until the flow is gone from there */
	BATON_FLOW_REWRITTEN = 4, /* the replay has other bytes than the client sent */
};

/* baton_flow_state.flags; written by eBPF only. */
enum baton_state_flag {
	BATON_STATE_SEEN = 1,		/* seq_end and ack_max hold something */
	BATON_STATE_FIN = 2,		/* this direction has sent its FIN */
	BATON_STATE_PEER_FIN = 4,	/* the other direction has: peer_fin_end says where */
	BATON_STATE_PEER_FIN_ACKED = 8, /* and this direction has acknowledged it */
	BATON_STATE_RST = 16, /* this direction has sent a RST; CLOSED: at the expected sequence */
	BATON_STATE_TS_LEARNED = 32,	/* ts_learned_add holds something */
	BATON_STATE_REPLAY_DONE = 64,	/* baton_replays no longer names this flow */
	BATON_STATE_CLOSED = 128,	/* both FINs acknowledged, or a RST: the pair lingers */
	BATON_STATE_MAY_FRAGMENT = 256, /* to the client, IPv4: leaves without DF */
};

enum baton_event_type {
	BATON_EVENT_SYNACK = 1,	      /* the target answered a pending SYN */
	BATON_EVENT_RST = 2,	      /* ... refused it */
	BATON_EVENT_CHALLENGE = 3,    /* ... still knows the tuple */
	BATON_EVENT_ACK = 4,	      /* the target acknowledged, while the replay is unfinished */
	BATON_EVENT_SYNACK_AGAIN = 5, /* our ACK was lost: replay at once */
	BATON_EVENT_CLOSED = 6,	      /* the pair lingers from now on */
	BATON_EVENT_UNREACHABLE = 7,  /* ICMP: a pending SYN cannot be delivered */
	BATON_EVENT_TOO_BIG = 8,      /* ICMP: replayed segments must be smaller; see mtu */
};

/*
 * Every refusal, drop and fallback. The data plane counts its own in baton_counters; the
 * controller goes on from BATON_REASON_USER. docs/reasons.md has a line for each.
 */
enum baton_reason {
	BATON_REASON_NONE = 0,
	BATON_TRANSLATED = 1,
	BATON_TO_USER = 2,
	BATON_DROP_WRONG_INTERFACE = 3,
	BATON_DROP_MALFORMED = 4,
	BATON_DROP_IP_OPTIONS = 5,
	BATON_DROP_FRAGMENT = 6,
	BATON_DROP_TTL = 7,
	BATON_DROP_PENDING_OTHER = 8,
	BATON_DROP_SYN_IN_FLOW = 9,
	BATON_DROP_OPTION_FROM_OUTSIDE = 10,
	BATON_DROP_GUARD = 11,
	BATON_DROP_RING_FULL = 12,
	BATON_DROP_BAD_ACK = 13,
	BATON_PASS_EXPIRED = 14,
	BATON_PASS_SYN_AFTER_CLOSE = 15,
	BATON_DROP_REWRITE = 16,
	BATON_DROP_EXTENSION = 17,
	BATON_DROP_UNACCEPTABLE = 18,
	BATON_TOO_BIG_ANSWERED = 19,
	BATON_DROP_TOO_BIG = 20,
	BATON_ICMP_TRANSLATED = 21,
	BATON_DROP_ICMP = 22,
	BATON_REVIVED = 23,
	BATON_XDP_TRANSLATED = 24,
	BATON_XDP_TO_TC = 25,
	BATON_MAY_FRAGMENT = 26,
	BATON_DROP_DENIED = 28,
	BATON_DROP_REPEATED = 29,
	BATON_REASON_KERNEL_MAX = 32,

	BATON_REASON_USER = 64,
	BATON_UNKNOWN_HOST = 64,
	BATON_NO_NODE_UP = 65,
	BATON_TARGET_SILENT = 66,
	BATON_TARGET_REFUSED = 67,
	BATON_TARGET_NO_TIMESTAMPS = 68,
	BATON_TARGET_CHALLENGED = 69,
	BATON_HEAD_MALFORMED = 70,
	BATON_HEAD_TOO_LARGE = 71,
	BATON_HEAD_TOO_SLOW = 72,
	BATON_NO_HOST = 73,
	BATON_CLIENT_GONE = 74,
	BATON_PORTS_EXHAUSTED = 75,
	BATON_FLOWS_EXHAUSTED = 76,
	BATON_NOT_THROUGH_PROGRAM = 77,
	BATON_REPLAY_TIMED_OUT = 78,
	BATON_REPLAY_ORPHANED = 79,
	BATON_TARGET_RESET_IN_REPLAY = 80,
	BATON_SNAPSHOT_FAILED = 81,
	BATON_UNSUPPORTED_REQUEST = 82,
	BATON_SHUTTING_DOWN = 83,
	BATON_TOO_MANY_CONNECTIONS = 84,
	BATON_TARGET_UNROUTABLE = 85,
	BATON_TARGET_NO_ECN = 86,
	BATON_TARGET_UNREACHABLE = 87,
	BATON_NO_ADDRESS_IN_FAMILY = 88,
	BATON_NO_SERVER_NAME = 96,
	BATON_HTTP2_WAITS = 97,
	BATON_WRONG_PROTOCOL = 98,
	BATON_REDIRECTED_TO_HTTPS = 100,
	BATON_LOCATION_TOO_LONG = 101,
	BATON_PROXY_HEADER_MISSING = 102,
	BATON_PROXY_HEADER_UNTRUSTED = 103,
	BATON_DENIED_SOURCE = 104,
	BATON_NO_FIRST_BYTE = 105,
	BATON_TOO_MANY_FROM_CLIENT = 106,
	BATON_NODE_IS_ELSEWHERE = 107,
	BATON_REDIRECTED_TO_PUBLIC = 108,
	BATON_NO_COMPLETE_COPY = 109,
	BATON_NODES_FULL = 110,
	BATON_SECOND_REQUEST = 113,
	BATON_BAD_PATH = 114,
	BATON_NO_PART = 115,
	BATON_RANGE_UNSATISFIABLE = 116,
	BATON_TOO_MANY_ASSEMBLED = 117,
	BATON_PIECE_LOST = 118,
	BATON_REASON_MAX = 128,
};

/* IPv4 addresses stand in word 0, the other words are zero. */
struct baton_flow_key {
	__be32 saddr[4];
	__be32 daddr[4];
	__be16 sport;
	__be16 dport;
	__u8 family; /* AF_INET, AF_INET6 */
	__u8 pad[3];
};

/* Written by eBPF only, after user space has put in zeroes. Sequence numbers are those of the
 * packets as they arrive, before translation. */
struct baton_flow_state {
	__u64 last_seen; /* CLOCK_MONOTONIC, nanoseconds */
	__u64 packets;	 /* segments after GSO, as the wire has them */
	__u64 bytes;	 /* of TCP payload */
	__u32 seq_end;
	__u32 ack_max;
	__u32 fin_end;
	__u32 peer_fin_end;   /* the acknowledgment that covers the other direction's FIN; after a
				 RST without one, all that had come from there until then */
	__u32 ts_learned_add; /* to the target: added to TSval; to the client: to TSecr */
	__u32 tsval_newest;   /* as sent on; to the target only */
	__u16 window;	      /* newest, as sent on, host order */
	__u16 pad;
	__u32 flags; /* enum baton_state_flag */
	/* The next hop's MAC in the low 48 bits, first octet lowest; above it when it was learned,
	 * in units of 2^BATON_HOP_SHIFT ns of CLOCK_MONOTONIC, modulo 2^16. 0: not known. For XDP.
	 */
	__u64 hop;
};

#define BATON_HOP_SHIFT 26

/* One direction of a flow. All but the state is written once, by user space. With its key of 40
 * bytes and the kernel's own 48 an element fills a slab of 256. */
struct baton_flow {
	struct baton_flow_state state;
	__be32 new_saddr[4];
	__be32 new_daddr[4];
	__be16 new_sport;
	__be16 new_dport;
	__u8 action;	   /* enum baton_action */
	__u8 direction;	   /* enum baton_direction */
	__s8 window_shift; /* left if positive; saturates at 65535, never turns non-zero into 0 */
	__u8 options;	   /* enum baton_flow_option */
	__u32 ingress;	   /* interface index it may arrive on */
	__u32 egress;	   /* interface index it leaves by */
	__u32 seq_add;
	__u32 ack_add;	 /* applied to SACK blocks too */
	__u32 ts_add;	 /* to the target: added to TSecr; to the client: to TSval */
	__u32 clock_add; /* to the target: its timestamp clock less CLOCK_MONOTONIC's milliseconds
			  */
	__u32 start;	 /* pending: the SYN's sequence number; live: the one expected first */
	__u32 ring;	 /* which event loop is told */
	__u32 instance;	 /* which run of the controller made it */
	__u32 slot;	 /* that event loop's own number for the handoff */
	__u64 expires;	 /* pending: CLOCK_MONOTONIC, nanoseconds */
	__u64 created;	 /* CLOCK_MONOTONIC, nanoseconds */
	__u16 mtu;	 /* bytes of an IP packet that the receiver takes, by its MSS; 0: any */
	__u16 pad;
	__u32 dataset; /* what is served, by its number in the directory; 0: not known */
};

/* Keyed by the flow's target -> DMZ node key; there while the replay is unfinished. */
struct baton_replay {
	__u32 instance;
	__u32 ring;
	struct baton_flow_key to_target; /* the other key, so that both can be reset */
};

struct baton_event {
	__u64 time;		   /* CLOCK_MONOTONIC, nanoseconds */
	struct baton_flow_key key; /* always target -> DMZ node */
	__u32 type;		   /* enum baton_event_type */
	__u32 instance;
	__u32 slot;
	__u32 seq;
	__u32 ack;
	__u32 tsval;
	__u32 tsecr;
	__u16 window;	 /* unscaled, host order */
	__u16 mss;	 /* 0: none given; TOO_BIG: the MTU */
	__u8 wscale;	 /* BATON_SCALE_NONE: none given */
	__u8 tcp_flags;	 /* byte 13 of the TCP header */
	__u8 timestamps; /* 1: tsval and tsecr hold something */
	__u8 sack_permitted;
	__u32 direction; /* of the segment: enum baton_direction */
};

/* One element: what must outlive a controller. */
struct baton_host {
	__u8 secret[16]; /* for RFC 6528 initial sequence numbers and timestamp offsets */
	__u32 schema;
	__u32 clsact_public; /* 1: Baton made the clsact qdisc, and may remove it */
	__u32 clsact_cluster;
	__u32 pad;
};

/* Indexed by enum baton_direction: the interface that the direction's packets leave by. */
struct baton_link {
	__u32 index; /* 0: not set */
	__u32 pad;
	__u64 mac; /* its own, first octet lowest */
};

_Static_assert(sizeof(struct baton_flow_key) == 40, "flow key");
_Static_assert(sizeof(struct baton_flow_state) == 64, "flow state");
_Static_assert(sizeof(struct baton_flow) == 168, "flow");
_Static_assert(sizeof(struct baton_replay) == 48, "replay");
_Static_assert(sizeof(struct baton_event) == 88, "event");
_Static_assert(sizeof(struct baton_host) == 32, "host");
_Static_assert(sizeof(struct baton_link) == 16, "link");

#endif /* BATON_H */
