// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Shows what the peer of a veth leaves to others, in whichever network namespace the peer is: the
 * kernel tells nobody outside. For a test run; it never sees a frame of the network. The devmap has
 * one element, the veth. The answer takes the place of the frame's beginning.
 */
#include "device.h"
#include "devmapd.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP_HASH);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(struct bpf_devmap_val));
} veth SEC(".maps");

SEC("xdp")
int devmapd_peek(struct xdp_md *ctx)
{
	struct devmapd_peer *answer = (void *)(long)ctx->data;
	struct bpf_devmap_val *value;
	struct net_device *dev, *peer;
	__u32 zero = 0;

	if ((void *)(answer + 1) > (void *)(long)ctx->data_end)
		return XDP_ABORTED;
	value = bpf_map_lookup_elem(&veth, &zero);
	if (!value)
		return XDP_DROP;
	dev = device_of(value);
	peer = is_veth(dev) ? peer_of(dev) : NULL;
	if (!peer)
		return XDP_DROP;
	answer->features = peer->features;
	answer->ifindex = peer->ifindex;
	return XDP_PASS;
}
