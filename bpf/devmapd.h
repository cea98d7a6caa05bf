/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Layouts that the BPF programs share with user space. Every struct has a mirror in
 * src/ControlPlane.Kernel/Native/Devmapd.Layouts.cs under the same name; the kernel tests compare
 * size and offsets.
 *
 * A change of layout or meaning raises DEVMAPD_VERSION: objects that an older daemon left pinned
 * are recognised by it.
 */
#ifndef DEVMAPD_H
#define DEVMAPD_H

#include <linux/types.h>

#define DEVMAPD_MAGIC 0x706d7664 /* "dvmp" in memory, little-endian */
#define DEVMAPD_VERSION 6	 /* 5: no room for two tables; 4: without actions */
#define DEVMAPD_OLDEST_VERSION 1 /* 2: without devmapd_more_totals, 1: without missed keys */

/* Kinds of programs that a config belongs to */
enum devmapd_kind {
	DEVMAPD_REDIRECT = 1,
	DEVMAPD_EGRESS = 2,
	DEVMAPD_DROPS = 3,
	DEVMAPD_PASS = 4,
	DEVMAPD_TCX = 5,
};

/* The key of a frame. Mirror: the members of ControlPlane.Core.Model.KeySelector */
enum devmapd_selector {
	DEVMAPD_INGRESS_INTERFACE = 0,
	DEVMAPD_VLAN = 1,
	DEVMAPD_IPV4_DESTINATION = 2,
};

/* The action of an egress program. Mirror: ControlPlane.Core.Model.EgressTemplate */
enum devmapd_template {
	DEVMAPD_COUNT = 0,
	DEVMAPD_DROP = 1,
	DEVMAPD_REWRITE_MAC = 2,
	DEVMAPD_PUSH_VLAN = 3,
	DEVMAPD_POP_VLAN = 4,
};

/* Settings of a redirect program */
struct devmapd_redirect_config {
	__u32 magic;
	__u32 version;
	__u32 kind;	   /* DEVMAPD_REDIRECT */
	__u32 selector;	   /* enum devmapd_selector */
	__u32 miss_action; /* XDP_ABORTED, XDP_DROP or XDP_PASS */
	__u32 counters;	   /* 0: count nothing */
	__s32 numa_node;   /* of the devmap, -1 for any; for adoption: no bpf(2) call tells it */
	__u32 egress_programs; /* 0: the devmap's values are an ifindex alone */
};
_Static_assert(sizeof(struct devmapd_redirect_config) == 32, "mirrored in user space");

/* Settings of a redirect program for tcx */
struct devmapd_tcx_config {
	__u32 magic;
	__u32 version;
	__u32 kind;	   /* DEVMAPD_TCX */
	__u32 selector;	   /* enum devmapd_selector */
	__u32 miss_action; /* as for XDP: XDP_PASS lets later programs and the stack have the frame
			    */
	__u32 counters;	   /* 0: count nothing */
	__u32 egress_programs; /* 0: the devmap's values are an ifindex alone */
	__u32 redirect_peer;   /* 0: no frame goes to a target's peer directly */
};
_Static_assert(sizeof(struct devmapd_tcx_config) == 32, "mirrored in user space");

/* Settings of an egress program */
struct devmapd_egress_config {
	__u32 magic;
	__u32 version;
	__u32 kind;	/* DEVMAPD_EGRESS */
	__u32 template; /* enum devmapd_template */
	__u16 vlan_id;	/* push-vlan: 1 .. 4094 */
	__u8 set_source;
	__u8 set_destination;
	__u8 source_mac[6];
	__u8 destination_mac[6];
};
_Static_assert(sizeof(struct devmapd_egress_config) == 32, "mirrored in user space");

/* One CPU's share of a count */
struct devmapd_counter {
	__u64 packets;
	__u64 bytes; /* ctx->data to ctx->data_end, so from the Ethernet header on */
};
_Static_assert(sizeof(struct devmapd_counter) == 16, "mirrored in user space");

/*
 * Each entry has an id, and its counters stand under the id. Id 0 counts the frames of elements
 * that no table knows. A part of the counters is an array of DEVMAPD_PART_IDS elements for each
 * CPU, one CPU after the other, and then those from which user space counts on.
 */
#define DEVMAPD_PART_SHIFT 12
#define DEVMAPD_PART_IDS (1 << DEVMAPD_PART_SHIFT)

/* In a small key space the keys below this one are their own ids, plus one. */
#define DEVMAPD_OWN_IDS (DEVMAPD_PART_IDS - 1)

/* A bucket of an entry table */
#define DEVMAPD_BUCKET_PLACES 4
struct devmapd_bucket {
	__u64 places[DEVMAPD_BUCKET_PLACES]; /* key, and the id in the upper half; 0: empty */
};
_Static_assert(sizeof(struct devmapd_bucket) == 32, "known to user space");

/* A key is in one of two buckets: the upper bits of its product with a multiplier */
struct devmapd_hash {
	__u64 first;
	__u64 second;
	__u32 shift; /* 64 less the bits of the number of buckets */
	__u32 padding;
};
_Static_assert(sizeof(struct devmapd_hash) == 24, "mirrored in user space");

/* Set in devmapd_switch.which: an entry has actions, or one had. */
#define DEVMAPD_HAS_ACTIONS 2

/*
 * The word that a frame goes by: which and changes. The place is the last thing written when a
 * devmap and its entry table give way to others.
 */
struct devmapd_switch {
	__u32 which;   /* bit 0: the place of the slots that is active; DEVMAPD_HAS_ACTIONS */
	__u32 changes; /* odd while an element and its actions change */
	struct devmapd_hash hashes[2]; /* of the entry table in each place */
};
_Static_assert(sizeof(struct devmapd_switch) == 56, "mirrored in user space");

/* The phases of a guarded switch to a candidate. Ends are final. */
enum devmapd_guard_phase {
	DEVMAPD_GUARD_UNARMED = 0,   /* nothing was switched */
	DEVMAPD_GUARD_ARMED = 1,     /* the candidate is active */
	DEVMAPD_GUARD_CONFIRMED = 2, /* the candidate stays */
	DEVMAPD_GUARD_CANCELLED = 3, /* user space took the table back */
	DEVMAPD_GUARD_EXPIRED = 4,   /* the timer did */
	DEVMAPD_GUARD_DROPPED = 5,   /* redirect errors did */
};

/* A guarded switch. User space shares the memory, and writes phase, ended_ns and since. */
struct devmapd_guard {
	__u64 phase;	   /* enum devmapd_guard_phase */
	__u64 ended_ns;	   /* CLOCK_MONOTONIC of the end, when the place is back; 0 before */
	__u64 deadline_ns; /* CLOCK_MONOTONIC */
	__u64 errors;	   /* frames of the candidate that the kernel refused, while it is watched */
	__u64 most_errors; /* the number of these that ends the switch */
	__u32 place;	   /* of the slots, which was active before */
	__u32 map_id;	   /* the candidate devmap */
	__u64 since;	   /* for user space: the revision of the table before */
};
_Static_assert(sizeof(struct devmapd_guard) == 56, "mirrored in user space");

/* An order to a guard */
struct devmapd_guard_order {
	__u64 timeout_ns;
	__u64 most_errors;
	__u32 map_id;
	__u32 padding;
};
_Static_assert(sizeof(struct devmapd_guard_order) == 24, "mirrored in user space");

/* The verdicts on a rehearsed frame: what the candidate would do with it */
enum devmapd_verdict {
	DEVMAPD_SAME = 0,	  /* goes to the same target, with the same egress program */
	DEVMAPD_OTHER_TARGET = 1, /* would go to another one, or with another egress program */
	DEVMAPD_WOULD_MISS = 2,
	DEVMAPD_WOULD_HIT = 3,	  /* misses now */
	DEVMAPD_STILL_MISSES = 4,
};
#define DEVMAPD_VERDICTS 5

/* The most keys whose frames would go elsewhere that a rehearsal counts by key */
#define DEVMAPD_REHEARSED_KEYS 16384

/* Key of the counters of a rehearsal */
struct devmapd_rehearsed_key {
	__u32 key;
	__u32 verdict; /* enum devmapd_verdict; none of those that change nothing */
};
_Static_assert(sizeof(struct devmapd_rehearsed_key) == 8, "mirrored in user space");

/* Changes of a frame. At most one of those of VLANs. */
#define DEVMAPD_SET_SOURCE 1
#define DEVMAPD_SET_DESTINATION 2
#define DEVMAPD_SET_VLAN 4
#define DEVMAPD_ADD_VLAN 8
#define DEVMAPD_REMOVE_VLAN 16
#define DEVMAPD_DECREMENT_TTL 32

/*
 * The actions of an entry, under its id. A part is an array of DEVMAPD_PART_IDS elements, and
 * exists where an entry of its ids has actions.
 */
struct devmapd_actions {
	__u8 source_mac[6];
	__u8 destination_mac[6];
	__u16 flags;   /* DEVMAPD_SET_SOURCE ...; 0: nothing is done */
	__u16 vlan_id; /* set or add: 1 .. 4094 */
};
_Static_assert(sizeof(struct devmapd_actions) == 16, "mirrored in user space");

/* An element and its actions */
struct devmapd_version {
	__u32 ifindex; /* 0: there is no element */
	__u32 program; /* id of the egress program, 0 for none */
	struct devmapd_actions actions;
};
_Static_assert(sizeof(struct devmapd_version) == 24, "mirrored in user space");

/* An element that changes with its actions while devmapd_switch.changes is odd */
struct devmapd_change {
	__u32 key;
	__u32 padding;
	struct devmapd_version before;
	struct devmapd_version after;
};
_Static_assert(sizeof(struct devmapd_change) == 56, "mirrored in user space");

/* The most keys with counts of frames that could not be changed, or had expired */
#define DEVMAPD_ACTION_COUNTS 4096

/* One CPU's share of what became of a key's frames */
struct devmapd_action_count {
	__u64 failed;	      /* dropped, because an action could not be applied */
	__u64 expired;	      /* went to the stack, because the TTL ran out */
	__u64 last_failed_ns; /* CLOCK_MONOTONIC, to a few milliseconds */
};
_Static_assert(sizeof(struct devmapd_action_count) == 24, "mirrored in user space");

/* The same for all keys */
struct devmapd_action_totals {
	__u64 failed;
	__u64 expired;
};
_Static_assert(sizeof(struct devmapd_action_totals) == 16, "mirrored in user space");

/* One CPU's share of a redirect program's totals */
struct devmapd_totals {
	struct devmapd_counter redirected; /* by programs before layout version 4 */
	struct devmapd_counter missed;	   /* the key had none */
	struct devmapd_counter unkeyed;	   /* the frame has no such key */
};
_Static_assert(sizeof(struct devmapd_totals) == 48, "mirrored in user space");

/* One CPU's share of what else the programs of a devmap count */
struct devmapd_more_totals {
	__u64 checksums_completed;  /* redirected frames whose partial checksum was completed */
	__u64 checksums_incomplete; /* redirected frames whose partial checksum could not be */
	__u64 egress_programs; /* frames dropped in tcx because their entry has an egress program */
};
_Static_assert(sizeof(struct devmapd_more_totals) == 24, "mirrored in user space");

/* Among how many places missed keys are spread, by their hash. */
#define DEVMAPD_MISSED_KEYS 64

/*
 * One CPU's word on a missed key; one that missed with the same place before it has been
 * forgotten
 */
struct devmapd_missed_key {
	__u32 key;
	__u32 padding;
	__u64 packets; /* since the key took the place; 0: nobody has yet */
	__u64 last_ns; /* CLOCK_MONOTONIC of the last one, to a few milliseconds */
};
_Static_assert(sizeof(struct devmapd_missed_key) == 24, "mirrored in user space");

/*
 * Whether frames for a target go to its peer directly, in tcx, and the first reason why not.
 * Mirror: ControlPlane.Core.Model.PeerUse
 */
enum devmapd_peer_use {
	DEVMAPD_PEER_USED = 0,
	DEVMAPD_PEER_NO_ENTRY = 1,	 /* the key has none */
	DEVMAPD_PEER_NOT_VETH = 2,	 /* the target has no peer */
	DEVMAPD_PEER_UNSEEN = 3,	 /* the kernel keeps the peer in another place */
	DEVMAPD_PEER_SAME_NAMESPACE = 4, /* the kernel would drop the frames */
	DEVMAPD_PEER_DOWN = 5,		 /* the target or the peer */
	DEVMAPD_PEER_QDISC = 6,		 /* a queueing discipline at the target's egress */
	DEVMAPD_PEER_EGRESS_PROGRAM = 7, /* a tcx program or a clsact qdisc there */
	DEVMAPD_PEER_LISTENER = 8,	 /* a packet socket there, such as that of tcpdump */
	DEVMAPD_PEER_XDP = 9,		 /* a native XDP program on the peer */
};

/* The mark of a pass program, which has no settings */
struct devmapd_pass_config {
	__u32 magic;
	__u32 version;
	__u32 kind; /* DEVMAPD_PASS */
};
_Static_assert(sizeof(struct devmapd_pass_config) == 12, "mirrored in user space");

/* Settings of the programs that count drops */
struct devmapd_drops_config {
	__u32 magic;
	__u32 version;
	__u32 kind;  /* DEVMAPD_DROPS */
	__u32 netns; /* inode number of the network namespace whose devices are counted */
	__u64 build; /* tells builds apart: counters of another one are not gone on with */
};
_Static_assert(sizeof(struct devmapd_drops_config) == 24, "mirrored in user space");

/*
 * One CPU's share of what was redirected by one devmap and refused before the target's driver saw
 * it, by cause
 */
struct devmapd_redirect_errors {
	__u64 target_down;  /* ENETDOWN */
	__u64 too_long;	    /* EMSGSIZE */
	__u64 not_accepted; /* EOPNOTSUPP */
	__u64 other;
};
_Static_assert(sizeof(struct devmapd_redirect_errors) == 32, "mirrored in user space");

/* Key of the redirect error counters */
struct devmapd_redirect_error_key {
	__u32 map_id;
	__u32 key;
	__u32 error; /* errno */
};
_Static_assert(sizeof(struct devmapd_redirect_error_key) == 12, "mirrored in user space");

/* Key of the counters of drops on the way out */
struct devmapd_transmit_drop_key {
	__u32 from;  /* ifindex */
	__u32 to;    /* ifindex */
	__u32 error; /* errno; 0 when the egress program dropped, or the driver's ring was full */
};
_Static_assert(sizeof(struct devmapd_transmit_drop_key) == 12, "mirrored in user space");

/* What XDP exceptions are counted by */
struct devmapd_exception_key {
	__u32 ifindex;
	__u32 program_id;
	__u32 action;
};
_Static_assert(sizeof(struct devmapd_exception_key) == 12, "mirrored in user space");

/* One CPU's share of a count of drops */
struct devmapd_drop {
	__u64 packets;
	__u64 last_ns;	 /* CLOCK_MONOTONIC of the last one, to a tick of the kernel */
	__u64 last_tick; /* jiffies at last_ns */
};
_Static_assert(sizeof(struct devmapd_drop) == 24, "mirrored in user space");

/* Frames that the daemon sends through a redirect program, and what became of them */
struct devmapd_live_run {
	__u64 thread;  /* of the sender, as bpf_get_current_pid_tgid() tells it; 0: nobody sends */
	__u64 sent;    /* the target's driver took the frame */
	__u64 dropped; /* on the way out, by the egress program or the driver */
	__u64 refused; /* before the target's driver saw the frame */
	__u32 drop_error; /* errno of the last drop; 0 where the kernel gives none */
	__u32 refusal;	  /* errno of the last refusal */
	__u32 map_id;	  /* the devmap */
	__u32 key;
	__u32 from; /* ifindex of the ingress */
	__u32 to;   /* ifindex of the target */
};
_Static_assert(sizeof(struct devmapd_live_run) == 56, "mirrored in user space");

/* The answer of the program that peeks at the peer of a veth. */
struct devmapd_peer {
	__u64 features; /* NETIF_F_* of the kernel, whose bits ETH_SS_FEATURES names */
	__u32 ifindex;
	__u32 padding;
};

#endif
