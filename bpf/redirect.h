/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Shared by the programs of a devmap: settings, maps, the key of a frame, and counting. Each
 * object file that includes this has the maps; user space makes all of them use the same ones.
 */
#ifndef DEVMAPD_REDIRECT_H
#define DEVMAPD_REDIRECT_H

#include <linux/bpf.h>
#include <linux/ip.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "actions.h"
#include "devmapd.h"
#include "frame.h"

/* The settings of an object. All kinds have a selector, a miss action and counters. */
#ifndef DEVMAPD_CONFIG
#define DEVMAPD_CONFIG struct devmapd_redirect_config
#endif

/* Set before load; the verifier then drops every branch that is not taken. */
const volatile DEVMAPD_CONFIG config;

/*
 * The slots have two places. A frame reads which of them is active once, so a devmap and its entry
 * table give way to others between two frames. User space makes all maps; the inner maps here are
 * only their shape.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 2);
	__type(key, __u32);
	__array(
		values, struct {
			__uint(type, BPF_MAP_TYPE_DEVMAP_HASH);
			__uint(max_entries, 1);
			__uint(key_size, sizeof(__u32));
			__uint(value_size, sizeof(struct bpf_devmap_val));
		});
} slots SEC(".maps");

/* Entry tables: key to id. BPF_F_INNER_MAP lets a larger one take the place of a smaller one. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 2);
	__type(key, __u32);
	__array(
		values, struct {
			__uint(type, BPF_MAP_TYPE_ARRAY);
			__uint(map_flags, BPF_F_MMAPABLE | BPF_F_INNER_MAP);
			__uint(max_entries, 2);
			__uint(key_size, sizeof(__u32));
			__uint(value_size, sizeof(struct devmapd_bucket));
		});
} tables SEC(".maps");

/* A global variable, which costs a program no lookup. */
volatile struct devmapd_switch places;

/* The counters of the first ids. max_entries is set by user space, which knows the CPUs. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct devmapd_counter);
} first_counts SEC(".maps");

/* The counters of the others, in parts that user space adds as ids are needed. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1);
	__type(key, __u32);
	__array(
		values, struct {
			__uint(type, BPF_MAP_TYPE_ARRAY);
			__uint(map_flags, BPF_F_MMAPABLE);
			__uint(max_entries, 1);
			__uint(key_size, sizeof(__u32));
			__uint(value_size, sizeof(struct devmapd_counter));
		});
} more_counts SEC(".maps");

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

/*
 * The actions of entries by id, in parts that user space adds as entries get actions. A part has
 * two slots, one for each place of the other slots.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 2);
	__type(key, __u32);
	__array(
		values, struct {
			__uint(type, BPF_MAP_TYPE_ARRAY);
			__uint(map_flags, BPF_F_MMAPABLE);
			__uint(max_entries, DEVMAPD_PART_IDS);
			__uint(key_size, sizeof(__u32));
			__uint(value_size, sizeof(struct devmapd_actions));
		});
} action_parts SEC(".maps");

/* The element that changes together with its actions. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct devmapd_change);
} action_change SEC(".maps");

/* Frames that actions could not be applied to, by key. User space makes it with the first part. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1);
	__type(key, __u32);
	__array(
		values, struct {
			__uint(type, BPF_MAP_TYPE_LRU_PERCPU_HASH);
			__uint(max_entries, DEVMAPD_ACTION_COUNTS);
			__uint(key_size, sizeof(__u32));
			__uint(value_size, sizeof(struct devmapd_action_count));
		});
} action_counts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct devmapd_action_totals);
} action_totals SEC(".maps");

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
	struct ether_header *eth = frame->data;
	struct vlan_hdr *tag;

	if (frame->has_tag) {
		*key = frame->tci & VLAN_VID_MASK;
		return 1;
	}
	if ((void *)(eth + 1) > frame->end)
		return 0;
	*key = 0;
	if (!is_vlan(eth->proto))
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

/* The totals of frames that are not redirected: those of the others are the sum over all ids. */
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

/* The state that a frame goes by. Read once, and then once more to see whether it has changed. */
union state {
	__u64 word;
	struct {
		__u32 which;
		__u32 changes;
	};
};

static __always_inline union state read_state(void)
{
	union state state = {.word = *(volatile __u64 *)&places};

	return state;
}

/* Whether nothing has changed since this state was read. */
static __always_inline int is_same(union state state)
{
	/* The compiler must not move reads over this; the processor does not (x86). */
	asm volatile("" ::: "memory");
	return read_state().word == state.word;
}

/* The place of the slots that a frame goes by. */
static __always_inline __u32 place_of(union state state)
{
	return state.which & 1;
}

static __always_inline int has_actions(union state state)
{
	return state.which & DEVMAPD_HAS_ACTIONS;
}

static __always_inline __u32 find_in_bucket(void *table, __u64 product, __u32 shift, __u32 key)
{
	__u32 index = product >> (shift & 63);
	struct devmapd_bucket *bucket = bpf_map_lookup_elem(table, &index);

	if (!bucket)
		return 0;
#pragma unroll
	for (int i = 0; i < DEVMAPD_BUCKET_PLACES; i++) {
		/* One load, so that key and id belong together. An empty place has id 0. */
		__u64 place = *(volatile __u64 *)&bucket->places[i];

		if ((__u32)place == key && place >> 32)
			return place >> 32;
	}
	return 0;
}

/* A key moves from its first bucket to its second and never back, so it is seen in one of them. */
static __always_inline __u32 find_in_table(__u32 which, __u32 key)
{
	void *table = bpf_map_lookup_elem(&tables, &which);
	volatile struct devmapd_hash *hash;
	__u32 id;

	if (!table)
		return 0;
	/* The verifier has forgotten the bounds of a variable whose address was taken. */
	asm volatile("%0 &= 1" : "+r"(which));
	hash = &places.hashes[which];
	id = find_in_bucket(table, key * hash->first, hash->shift, key);
	return id ? id : find_in_bucket(table, key * hash->second, hash->shift, key);
}

static __always_inline __u32 find_id(__u32 which, __u32 key)
{
	if (config.selector != DEVMAPD_IPV4_DESTINATION && key < DEVMAPD_OWN_IDS)
		return key + 1;
	return find_in_table(which, key);
}

/* This CPU's counter of an id. */
static __always_inline struct devmapd_counter *own_counter(__u32 id)
{
	__u32 part = id >> DEVMAPD_PART_SHIFT;
	__u32 index = id % DEVMAPD_PART_IDS + bpf_get_smp_processor_id() * DEVMAPD_PART_IDS;
	struct devmapd_counter *counter;
	void *counts;

	if (!part) {
		counter = bpf_map_lookup_elem(&first_counts, &index);
		/*
		 * Keeps the compiler from making one call of the two lookups. The kernel replaces
		 * a lookup by a few instructions only where its call is for one map: else it is
		 * an indirect call, which costs 25 ns.
		 */
		asm volatile("" : "+r"(counter));
		return counter;
	}
	part--;
	counts = bpf_map_lookup_elem(&more_counts, &part);
	return counts ? bpf_map_lookup_elem(counts, &index) : NULL;
}

/* The entry that a frame goes by. */
struct hit {
	struct devmapd_actions actions;
	__u32 id;
} __attribute__((aligned(8)));

/* All zero where the id has none. */
static __always_inline void read_actions(__u32 which, __u32 id, struct devmapd_actions *actions)
{
	__u32 slot = (id >> DEVMAPD_PART_SHIFT) * 2 + which, index = id % DEVMAPD_PART_IDS;
	void *part = bpf_map_lookup_elem(&action_parts, &slot);
	volatile __u64 *words = part ? bpf_map_lookup_elem(part, &index) : NULL;
	__u64 *to = (void *)actions;

	to[0] = words ? words[0] : 0;
	to[1] = words ? words[1] : 0;
}

/* Whether an element is that of a version. */
static __always_inline int is_of(const volatile struct devmapd_version *version,
				 const struct bpf_devmap_val *value)
{
	return version->ifindex == value->ifindex &&
	       (!config.egress_programs || version->program == value->bpf_prog.id);
}

/* The change that is under way, if it is one of the element of this key and its actions. */
static __always_inline volatile struct devmapd_change *change_of(union state state, __u32 key)
{
	volatile struct devmapd_change *change;
	__u32 zero = 0;

	if (!(state.changes & 1))
		return NULL;
	change = bpf_map_lookup_elem(&action_change, &zero);
	return change && change->key == key ? change : NULL;
}

/* The actions that belong to an element. */
static __always_inline void read_actions_of(const volatile struct devmapd_change *change,
					    const struct bpf_devmap_val *value,
					    struct devmapd_actions *actions)
{
	const volatile struct devmapd_version *version =
		is_of(&change->after, value) ? &change->after : &change->before;
	const volatile __u64 *words = (const volatile void *)&version->actions;
	__u64 *to = (void *)actions;

	to[0] = words[0];
	to[1] = words[1];
}

/* Whether an element gives way to another one: the kernel takes the old one away first. */
static __always_inline int is_replaced(const volatile struct devmapd_change *change)
{
	return change && change->before.ifindex && change->after.ifindex;
}

/* How often a frame looks again that meets changes. Most changes are over after a few. */
#define MAX_TRIES 32

/* Counts a frame for the entry that it was redirected by. */
static __always_inline void count_hit(const struct ingress_frame *frame, __u32 id)
{
	struct devmapd_counter *counter = own_counter(id);

	if (counter)
		add_frames(counter, frame->packets, frame->bytes);
}

/* Counts what could not be changed, or has expired. */
static __always_inline void count_refusal(__u32 key, enum act_result result, __u64 packets)
{
	struct devmapd_action_count *count;
	struct devmapd_action_totals *sum;
	__u32 zero = 0;
	void *counts;

	if (!config.counters)
		return;
	sum = bpf_map_lookup_elem(&action_totals, &zero);
	if (sum && result == ACT_EXPIRED)
		sum->expired += packets;
	else if (sum)
		sum->failed += packets;
	counts = bpf_map_lookup_elem(&action_counts, &zero);
	if (!counts)
		return;
	count = bpf_map_lookup_elem(counts, &key);
	if (!count) {
		struct devmapd_action_count fresh = {};

		/* Another CPU may have been first: what counts is that it is there now. */
		bpf_map_update_elem(counts, &key, &fresh, BPF_NOEXIST);
		count = bpf_map_lookup_elem(counts, &key);
		if (!count)
			return;
	}
	if (result == ACT_EXPIRED) {
		count->expired += packets;
		return;
	}
	count->failed += packets;
	count->last_failed_ns = bpf_ktime_get_coarse_ns();
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

#ifdef DEVMAPD_REHEARSES
#include "rehearse.h"
#else
static __always_inline void rehearse(const struct ingress_frame *frame, __u32 key)
{
}
#endif

#endif
