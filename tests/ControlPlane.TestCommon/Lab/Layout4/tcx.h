/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Shared by the redirect programs for tcx: the same table as for XDP, but the kernel keeps the
 * frame as its sender made it, with checksum and segmentation offload and the VLAN tag beside it.
 */
#ifndef DEVMAPD_TCX_H
#define DEVMAPD_TCX_H

#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>

#define DEVMAPD_CONFIG struct devmapd_tcx_config

#include "devmapd.h"
#include "frame.h"
#include "redirect.h"

/* enum tcx_action_base, which the headers of older kernels lack */
#define TCX_NEXT -1
#define TCX_DROP 2

#define TAG_BYTES 4
#define MAX_HEADER_BYTES (ETH_HLEN + MAX_VLAN_TAGS * TAG_BYTES + sizeof(struct iphdr))

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

/* Finds the element that a frame follows, and counts it. NULL with the action for all others. */
static __always_inline struct bpf_devmap_val *find_target(struct __sk_buff *skb,
							  struct ingress_frame *frame, int *action)
{
	__u32 which = active_place(), key = 0;
	struct devmapd_more_totals *more;
	struct bpf_devmap_val *value;
	struct devmapd_totals *sum;
	void *devmap;

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
	devmap = bpf_map_lookup_elem(&slots, &which);
	value = devmap ? bpf_map_lookup_elem(devmap, &key) : NULL;
	if (!value) {
		sum = own_totals();
		if (sum) {
			add_frames(&sum->missed, frame->packets, frame->bytes);
			sample_miss(key);
		}
		return NULL;
	}
	if (config.counters)
		count_hit(frame, which, key);
	/* The kernel does not run the egress program here, and it may be there to drop frames. */
	if (config.egress_programs && value->bpf_prog.id) {
		more = own_more_totals();
		if (more)
			more->egress_programs += frame->packets;
		*action = TCX_DROP;
		return NULL;
	}
	return value;
}

#endif
