/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Frame parsing that all programs share. */
#ifndef DEVMAPD_FRAME_H
#define DEVMAPD_FRAME_H

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "devmapd.h"

#define VLAN_VID_MASK 0x0fff
#define MAX_VLAN_TAGS 2

struct ether_addresses {
	__u16 destination[ETH_ALEN / 2];
	__u16 source[ETH_ALEN / 2];
};

/* Not struct ethhdr: that is packed, so the compiler would move addresses byte by byte. */
struct ether_header {
	struct ether_addresses addresses;
	__be16 proto;
};
_Static_assert(sizeof(struct ether_header) == ETH_HLEN, "as on the wire");

/* A VLAN tag and the type that follows it, as they stand in the frame. */
struct vlan_hdr {
	__be16 tci;
	__be16 encapsulated_proto;
};

static __always_inline int is_vlan(__be16 proto)
{
	return proto == bpf_htons(ETH_P_8021Q) || proto == bpf_htons(ETH_P_8021AD);
}

/*
 * Returns the place behind the Ethernet header and up to this many VLAN tags, with the type of
 * what follows. NULL for a frame cut off before that.
 */
static __always_inline void *skip_link_headers(void *data, void *end, int max_tags, __be16 *proto)
{
	struct ether_header *eth = data;
	void *cursor = eth + 1;
	struct vlan_hdr *tag;

	if (cursor > end)
		return NULL;
	*proto = eth->proto;
#pragma unroll
	for (int i = 0; i < MAX_VLAN_TAGS; i++) {
		if (i >= max_tags || !is_vlan(*proto))
			break;
		tag = cursor;
		cursor = tag + 1;
		if (cursor > end)
			return NULL;
		*proto = tag->encapsulated_proto;
	}
	return cursor;
}

/*
 * Plain additions do: the maps are per CPU, and the programs of one CPU do not
 * interrupt each other.
 */
static __always_inline void add_frames(struct devmapd_counter *counter, __u64 packets, __u64 bytes)
{
	counter->packets += packets;
	counter->bytes += bytes;
}

static __always_inline void add_frame(struct devmapd_counter *counter, const struct xdp_md *ctx)
{
	add_frames(counter, 1, ctx->data_end - ctx->data);
}

#endif
