// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The redirect program for tcx that hands frames to the peer of their target directly where that
 * skips nothing. For kernels with BTF.
 */
#include "tcx.h"
#include "peer.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* Frames that went to the peer of their target directly. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} to_peers SEC(".maps");

/* As the target's driver judges: a frame of many segments is cut to size later. */
static __always_inline int fits(const struct __sk_buff *skb, const struct net_device *peer)
{
	return skb->gso_size || skb->len <= peer->mtu + ETH_HLEN + TAG_BYTES;
}

/* Any other address is a matter for the target's driver, which tells the peer's stack. */
static __always_inline int is_for(const struct __sk_buff *skb, const struct net_device *peer)
{
	struct ether_header *eth = (void *)(long)skb->data;
	__u64 mac = 0;

	if ((void *)(eth + 1) > (void *)(long)skb->data_end)
		return 0;
	__builtin_memcpy(&mac, eth->addresses.destination, ETH_ALEN);
	return mac == mac_of(peer);
}

static __always_inline void count(__u64 frames)
{
	__u32 zero = 0;
	__u64 *sum = config.counters ? bpf_map_lookup_elem(&to_peers, &zero) : NULL;

	if (sum)
		*sum += frames;
}

SEC("tc")
int devmapd_tcx(struct __sk_buff *skb)
{
	struct ingress_frame frame = {};
	struct bpf_devmap_val *value;
	struct net_device *peer;
	int action;

	value = find_target(skb, &frame, &action);
	if (!value)
		return action;
	if (judge_peer(device_of(value), &peer) != DEVMAPD_PEER_USED || !fits(skb, peer) ||
	    !is_for(skb, peer))
		return bpf_redirect(value->ifindex, 0);
	/* As the target's driver leaves a frame; older kernels do not here. */
	if (skb->pkt_type != PACKET_HOST)
		bpf_skb_change_type(skb, PACKET_HOST);
	skb->mark = 0;
	count(frame.packets);
	return bpf_redirect_peer(value->ifindex, 0);
}

/* For a test run: the judgement on the target of the key with which the frame begins. */
SEC("tc")
int devmapd_peer(struct __sk_buff *skb)
{
	__u32 *key = (void *)(long)skb->data;
	struct bpf_devmap_val *value;
	__u32 which = place_of(read_state());
	struct net_device *peer;
	void *devmap;

	if ((void *)(key + 1) > (void *)(long)skb->data_end)
		return DEVMAPD_PEER_NO_ENTRY;
	devmap = bpf_map_lookup_elem(&slots, &which);
	value = devmap ? bpf_map_lookup_elem(devmap, key) : NULL;
	return value ? judge_peer(device_of(value), &peer) : DEVMAPD_PEER_NO_ENTRY;
}
