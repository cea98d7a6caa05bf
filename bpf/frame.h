/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Frame parsing that both programs share. */
#ifndef DEVMAPD_FRAME_H
#define DEVMAPD_FRAME_H

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "devmapd.h"

#define VLAN_VID_MASK 0x0fff

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
 * Plain additions do: the maps are per CPU, and XDP programs of one CPU do not
 * interrupt each other.
 */
static __always_inline void add_frame(struct devmapd_counter *counter, const struct xdp_md *ctx)
{
	counter->packets++;
	counter->bytes += ctx->data_end - ctx->data;
}

#endif
