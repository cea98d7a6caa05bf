/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Shared by the programs of a devmap: settings, maps, the key of a frame, and counting. Each
 * object file that includes this has the maps; user space makes all of them use the same ones.
 */
#ifndef DEVMAPD_REDIRECT_H
#define DEVMAPD_REDIRECT_H

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "devmapd.h"
#include "frame.h"

/* The settings of an object. All kinds have a selector, a miss action and counters. */
#ifndef DEVMAPD_CONFIG
#define DEVMAPD_CONFIG struct devmapd_redirect_config
#endif

/* Set before load; the verifier then drops every branch that is not taken. */
const volatile DEVMAPD_CONFIG config;

/*
 * One slot that holds the active devmap, so that a whole table can be replaced between two frames.
 * User space makes it from the devmap that it holds; this is only the shape.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1);
	__type(key, __u32);
	__array(
		values, struct {
			__uint(type, BPF_MAP_TYPE_DEVMAP_HASH);
			__uint(max_entries, 1);
			__uint(key_size, sizeof(__u32));
			__uint(value_size, sizeof(struct bpf_devmap_val));
		});
} slot SEC(".maps");

/*
 * Frames and bytes of each entry, by kernel key. Elements are made here on the first hit and
 * removed by user space with the entry. max_entries is set to the devmap's before load. Not
 * preallocated: most entries of a large table are idle.
 */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct devmapd_counter);
} counters SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct devmapd_totals);
} totals SEC(".maps");

/* A sample of the keys that had no entry, each in the place of its hash. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, DEVMAPD_MISSED_KEYS);
	__type(key, __u32);
	__type(value, struct devmapd_missed_key);
} missed SEC(".maps");

/* Totals that layout version 3 added. A map of its own, so that an upgrade keeps the other totals.
 */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct devmapd_more_totals);
} more_totals SEC(".maps");

/* A frame at its ingress, as XDP and tcx programs see it. */
struct ingress_frame {
	void *data; /* from the Ethernet header on */
	void *end;
	__u32 ifindex;
	__u32 has_tag; /* the outer VLAN tag stands beside the frame and not in it */
	__u32 tci;     /* that tag */
	__u64 packets; /* how many frames it counts as */
	__u64 bytes;
};

/* The outer VLAN id, 0 if untagged. False for a frame cut off before it. */
static __always_inline int vlan_key(const struct ingress_frame *frame, __u32 *key)
{
	struct ethhdr *eth = frame->data;
	struct vlan_hdr *tag;

	if (frame->has_tag) {
		*key = frame->tci & VLAN_VID_MASK;
		return 1;
	}
	if ((void *)(eth + 1) > frame->end)
		return 0;
	*key = 0;
	if (!is_vlan(eth->h_proto))
		return 1;
	tag = (void *)(eth + 1);
	if ((void *)(tag + 1) > frame->end)
		return 0;
	*key = bpf_ntohs(tag->tci) & VLAN_VID_MASK;
	return 1;
}

/* The destination address in host byte order, behind up to two VLAN tags. False without a whole
 * IPv4 header. */
static __always_inline int ipv4_destination_key(const struct ingress_frame *frame, __u32 *key)
{
	struct iphdr *ip;
	__be16 proto;

	/* The outer tag counts as one of them. Constants, for the sake of the loop. */
	if (frame->has_tag)
		ip = skip_link_headers(frame->data, frame->end, MAX_VLAN_TAGS - 1, &proto);
	else
		ip = skip_link_headers(frame->data, frame->end, MAX_VLAN_TAGS, &proto);
	if (!ip || proto != bpf_htons(ETH_P_IP) || (void *)(ip + 1) > frame->end)
		return 0;
	*key = bpf_ntohl(ip->daddr);
	return 1;
}

static __always_inline int find_key(const struct ingress_frame *frame, __u32 *key)
{
	switch (config.selector) {
	case DEVMAPD_INGRESS_INTERFACE:
		*key = frame->ifindex;
		return 1;
	case DEVMAPD_VLAN:
		return vlan_key(frame, key);
	case DEVMAPD_IPV4_DESTINATION:
		return ipv4_destination_key(frame, key);
	default:
		return 0;
	}
}

static __always_inline struct devmapd_totals *own_totals(void)
{
	__u32 zero = 0;

	return config.counters ? bpf_map_lookup_elem(&totals, &zero) : NULL;
}

static __always_inline struct devmapd_more_totals *own_more_totals(void)
{
	__u32 zero = 0;

	return config.counters ? bpf_map_lookup_elem(&more_totals, &zero) : NULL;
}

/* A frame is still redirected when there is no memory to count it with. */
static __always_inline void count_hit(const struct ingress_frame *frame, __u32 key)
{
	struct devmapd_counter *counter = bpf_map_lookup_elem(&counters, &key);

	if (!counter) {
		struct devmapd_counter fresh = {};

		/* Another CPU may have been first: what counts is that it is there now. */
		bpf_map_update_elem(&counters, &key, &fresh, BPF_NOEXIST);
		counter = bpf_map_lookup_elem(&counters, &key);
	}
	if (counter)
		add_frames(counter, frame->packets, frame->bytes);
}

/*
 * The place is the top six bits of a multiplicative hash, which spreads keys that differ in any of
 * their bits. No lock: the places are this CPU's own, and what user space reads of one while it
 * changes hands is wrong by one key.
 */
static __always_inline void sample_miss(__u32 key)
{
	__u32 place = key * 0x9e3779b1u >> 26;
	struct devmapd_missed_key *sample = bpf_map_lookup_elem(&missed, &place);

	if (!sample)
		return;
	if (sample->key != key) {
		sample->key = key;
		sample->packets = 0;
	}
	sample->packets++;
	sample->last_ns = bpf_ktime_get_coarse_ns();
}

#endif
