/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Shared by the redirect programs for tcx: the same table as for XDP, but the kernel keeps the
 * frame as its sender made it, with checksum and segmentation offload and the VLAN tag beside it.
 */
#ifndef DEVMAPD_TCX_H
#define DEVMAPD_TCX_H

#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <stddef.h>
#include <bpf/bpf_helpers.h>

#define DEVMAPD_CONFIG struct devmapd_tcx_config

#include "actions.h"
#include "devmapd.h"
#include "frame.h"
#include "redirect.h"

/* enum tcx_action_base, which the headers of older kernels lack */
#define TCX_NEXT -1
#define TCX_DROP 2

#define TAG_BYTES 4
#define MAX_HEADER_BYTES (ETH_HLEN + MAX_VLAN_TAGS * TAG_BYTES + sizeof(struct ipv6hdr))

/* XDP_PASS lets later programs and the stack have the frame. */
static __always_inline int miss_action(void)
{
	return config.miss_action == XDP_PASS ? TCX_NEXT : TCX_DROP;
}

/* A frame of many segments counts as those, as far as the sender says how many they are. */
static __always_inline void look_at(const struct __sk_buff *skb, struct ingress_frame *frame)
{
	frame->data = (void *)(long)skb->data;
	frame->end = (void *)(long)skb->data_end;
	frame->ifindex = skb->ifindex;
	frame->has_tag = skb->vlan_present;
	frame->tci = skb->vlan_tci;
	frame->packets = skb->gso_segs > 1 ? skb->gso_segs : 1;
	frame->bytes = skb->len + (skb->vlan_present ? TAG_BYTES : 0);
}

/*
 * Lowers the TTL or hop limit of a packet. The checksum that the kernel keeps beside the frame
 * stays right: the TTL and the checksum of the IPv4 header add up to the same.
 */
static __always_inline int lower_skb_hops(struct __sk_buff *skb)
{
	void *end = (void *)(long)skb->data_end;
	void *data = (void *)(long)skb->data;
	__u32 offset, has_tag = skb->vlan_present;
	struct ipv6hdr *ip6;
	struct iphdr *ip;
	__be16 proto, from;
	void *header;
	__u8 hops;

	/* The outer tag counts as one of them. Constants, for the sake of the loop. */
	if (has_tag)
		header = skip_link_headers(data, end, MAX_VLAN_TAGS - 1, &proto);
	else
		header = skip_link_headers(data, end, MAX_VLAN_TAGS, &proto);
	if (!header)
		return ACT_FAILED;
	offset = header - data;
	if (proto == bpf_htons(ETH_P_IP)) {
		ip = header;
		if ((void *)(ip + 1) > end)
			return ACT_FAILED;
		if (ip->ttl <= 1)
			return ACT_EXPIRED;
		/* A word of the checksum has the TTL and the protocol. */
		from = bpf_htons(ip->ttl << 8 | ip->protocol);
		hops = ip->ttl - 1;
		if (bpf_l3_csum_replace(skb, offset + offsetof(struct iphdr, check), from,
					from - bpf_htons(0x0100), sizeof(from)) ||
		    bpf_skb_store_bytes(skb, offset + offsetof(struct iphdr, ttl), &hops, 1, 0))
			return ACT_FAILED;
	} else if (proto == bpf_htons(ETH_P_IPV6)) {
		ip6 = header;
		if ((void *)(ip6 + 1) > end)
			return ACT_FAILED;
		if (ip6->hop_limit <= 1)
			return ACT_EXPIRED;
		hops = ip6->hop_limit - 1;
		if (bpf_skb_store_bytes(skb, offset + offsetof(struct ipv6hdr, hop_limit), &hops, 1,
					BPF_F_RECOMPUTE_CSUM))
			return ACT_FAILED;
	}
	return ACT_DONE;
}

/* Sets, adds or takes away the outer tag, which stands beside the frame. */
static __always_inline int act_on_tag(struct __sk_buff *skb, const struct devmapd_actions *actions)
{
	struct ether_header *eth = (void *)(long)skb->data;
	struct vlan_hdr *tag = (void *)(eth + 1);
	__u32 tci = 0;
	__be16 tpid = 0;

	if (skb->vlan_present) {
		tci = skb->vlan_tci;
		tpid = skb->vlan_proto;
	} else {
		if ((void *)(eth + 1) > (void *)(long)skb->data_end)
			return ACT_FAILED;
		if (is_vlan(eth->proto)) {
			if ((void *)(tag + 1) > (void *)(long)skb->data_end)
				return ACT_FAILED;
			tci = bpf_ntohs(tag->tci);
			tpid = eth->proto;
		}
	}
	if (actions->flags & DEVMAPD_ADD_VLAN) {
		tci = (tci & VLAN_PRIORITY_MASK) | actions->vlan_id;
		return bpf_skb_vlan_push(skb, bpf_htons(ETH_P_8021Q), tci) ? ACT_FAILED : ACT_DONE;
	}
	if (!tpid || bpf_skb_vlan_pop(skb))
		return ACT_FAILED;
	if (actions->flags & DEVMAPD_REMOVE_VLAN)
		return ACT_DONE;
	tci = (tci & ~VLAN_VID_MASK) | actions->vlan_id;
	return bpf_skb_vlan_push(skb, tpid, tci) ? ACT_FAILED : ACT_DONE;
}

/* The actions of an entry, as for XDP. */
static __always_inline int act(struct __sk_buff *skb, const struct devmapd_actions *actions)
{
	int result;

	if (actions->flags & DEVMAPD_DECREMENT_TTL) {
		result = lower_skb_hops(skb);
		if (result != ACT_DONE)
			return result;
	}
	if (actions->flags & DEVMAPD_SET_SOURCE &&
	    bpf_skb_store_bytes(skb, ETH_ALEN, actions->source_mac, ETH_ALEN, 0))
		return ACT_FAILED;
	if (actions->flags & DEVMAPD_SET_DESTINATION &&
	    bpf_skb_store_bytes(skb, 0, actions->destination_mac, ETH_ALEN, 0))
		return ACT_FAILED;
	if (actions->flags & (DEVMAPD_SET_VLAN | DEVMAPD_ADD_VLAN | DEVMAPD_REMOVE_VLAN))
		return act_on_tag(skb, actions);
	return ACT_DONE;
}

/* One try of decide(). A change that is under way, or began just now, is looked at again. */
static __always_inline struct bpf_devmap_val *try_to_decide(__u32 key, struct hit *hit, int *again)
{
	union state state = read_state();
	volatile struct devmapd_change *change = has_actions(state) ? change_of(state, key) : NULL;
	__u32 which = place_of(state);
	void *devmap = bpf_map_lookup_elem(&slots, &which);
	struct bpf_devmap_val *value = devmap ? bpf_map_lookup_elem(devmap, &key) : NULL;

	*again = 0;
	if (!value) {
		*again = is_replaced(change) || (has_actions(state) && !is_same(state));
		return NULL;
	}
	if (config.counters || has_actions(state))
		hit->id = find_id(which, key);
	if (!has_actions(state))
		return value;
	if (change)
		read_actions_of(change, value, &hit->actions);
	else
		read_actions(which, hit->id, &hit->actions);
	*again = !is_same(state);
	return value;
}

/*
 * Returns the element of a key together with what belongs to it; NULL if there is none, or if
 * changes never let the frame see both together. The element that was found is the one that the
 * frame goes by, so its value says which actions are its own while it is being changed.
 */
static __always_inline struct bpf_devmap_val *decide(__u32 key, struct hit *hit, int *settled)
{
	int tries = MAX_TRIES, again;
	struct bpf_devmap_val *value;

	/* See decide_again() of XDP for the form of the loop. */
#pragma clang loop unroll(disable)
	do {
		value = try_to_decide(key, hit, &again);
	} while (again && --tries);
	*settled = !value;
	return again ? NULL : value;
}

/*
 * Finds the element that a frame follows, changes the frame as its actions say, and counts it. NULL
 * with the action for all others.
 */
static __always_inline struct bpf_devmap_val *find_target(struct __sk_buff *skb,
							  struct ingress_frame *frame, int *action)
{
	int settled = 1, result = ACT_DONE;
	struct devmapd_more_totals *more;
	struct bpf_devmap_val *value;
	struct devmapd_totals *sum;
	struct hit hit = {};
	__u32 key = 0;

	*action = miss_action();
	/* The headers of a frame from a device may be beside its linear part. */
	if ((void *)(long)skb->data + MAX_HEADER_BYTES > (void *)(long)skb->data_end)
		bpf_skb_pull_data(skb, skb->len < MAX_HEADER_BYTES ? skb->len : MAX_HEADER_BYTES);
	look_at(skb, frame);
	if (!find_key(frame, &key)) {
		sum = own_totals();
		if (sum)
			add_frames(&sum->unkeyed, frame->packets, frame->bytes);
		return NULL;
	}
	rehearse(frame, key);
	value = decide(key, &hit, &settled);
	if (!value && settled) {
		sum = own_totals();
		if (sum) {
			add_frames(&sum->missed, frame->packets, frame->bytes);
			sample_miss(key);
		}
		return NULL;
	}
	if (!value) {
		count_refusal(key, ACT_FAILED, frame->packets);
		*action = TCX_DROP;
		return NULL;
	}
	/* The kernel does not run the egress program here, and it may be there to drop frames. */
	if (config.egress_programs && value->bpf_prog.id) {
		if (config.counters)
			count_hit(frame, hit.id);
		more = own_more_totals();
		if (more)
			more->egress_programs += frame->packets;
		*action = TCX_DROP;
		return NULL;
	}
	if (hit.actions.flags)
		result = act(skb, &hit.actions);
	if (result != ACT_DONE) {
		count_refusal(key, result, frame->packets);
		*action = result == ACT_EXPIRED ? TCX_NEXT : TCX_DROP;
		return NULL;
	}
	if (config.counters)
		count_hit(frame, hit.id);
	return value;
}

#endif
