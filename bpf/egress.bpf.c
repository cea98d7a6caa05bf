// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Templates of egress programs: each runs on a frame that a devmap entry sends out, on the target
 * device. One program of this object is loaded per instance, with its parameters fixed in config
 * and with counters of its own.
 *
 * XDP_PASS lets the frame leave; the kernel takes everything else as a drop.
 */
#include <linux/bpf.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "devmapd.h"
#include "frame.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

const volatile struct devmapd_egress_config config;

/* Frames as they come in, before the template changes or drops them. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct devmapd_counter);
} counters SEC(".maps");

static __always_inline void count(const struct xdp_md *ctx)
{
	__u32 zero = 0;
	struct devmapd_counter *counter = bpf_map_lookup_elem(&counters, &zero);

	if (counter)
		add_frame(counter, ctx);
}

SEC("xdp/devmap")
int devmapd_count(struct xdp_md *ctx)
{
	count(ctx);
	return XDP_PASS;
}

SEC("xdp/devmap")
int devmapd_drop(struct xdp_md *ctx)
{
	count(ctx);
	return XDP_DROP;
}

SEC("xdp/devmap")
int devmapd_rewrite(struct xdp_md *ctx)
{
	const volatile __u16 *destination = (const volatile __u16 *)config.destination_mac;
	const volatile __u16 *source = (const volatile __u16 *)config.source_mac;
	struct ether_header *eth = (void *)(long)ctx->data;

	count(ctx);
	if ((void *)(eth + 1) > (void *)(long)ctx->data_end)
		return XDP_DROP; /* no Ethernet header to rewrite */
#pragma unroll
	for (int i = 0; i < ETH_ALEN / 2; i++) {
		if (config.set_source)
			eth->addresses.source[i] = source[i];
		if (config.set_destination)
			eth->addresses.destination[i] = destination[i];
	}
	return XDP_PASS;
}

/* Puts a tag between the addresses and what followed them: the outer one, if the frame has tags
 * already. */
SEC("xdp/devmap")
int devmapd_push(struct xdp_md *ctx)
{
	struct ether_header *eth = (void *)(long)ctx->data;
	struct ether_addresses addresses;
	struct vlan_hdr *tag;

	count(ctx);
	if ((void *)(eth + 1) > (void *)(long)ctx->data_end)
		return XDP_DROP; /* no Ethernet header to tag */
	addresses = eth->addresses;
	if (bpf_xdp_adjust_head(ctx, -(int)sizeof(struct vlan_hdr)))
		return XDP_DROP; /* no headroom: sending it untagged would put it into another VLAN
				  */
	eth = (void *)(long)ctx->data;
	tag = (void *)(eth + 1);
	if ((void *)(tag + 1) > (void *)(long)ctx->data_end)
		return XDP_DROP; /* cannot be, but the verifier wants it said */
	eth->addresses = addresses;
	eth->proto = bpf_htons(ETH_P_8021Q);
	tag->tci = bpf_htons(config.vlan_id);
	return XDP_PASS;
}

SEC("xdp/devmap")
int devmapd_pop(struct xdp_md *ctx)
{
	struct ether_header *eth = (void *)(long)ctx->data;
	void *end = (void *)(long)ctx->data_end;
	struct vlan_hdr *tag = (void *)(eth + 1);
	struct ether_addresses addresses;

	count(ctx);
	if ((void *)(eth + 1) > end)
		return XDP_DROP; /* no Ethernet header */
	if (!is_vlan(eth->proto))
		return XDP_PASS; /* nothing to remove */
	if ((void *)(tag + 1) > end)
		return XDP_DROP; /* cut off within the tag */
	addresses = eth->addresses;
	if (bpf_xdp_adjust_head(ctx, sizeof(struct vlan_hdr)))
		return XDP_DROP; /* still tagged */
	eth = (void *)(long)ctx->data;
	if ((void *)(eth + 1) > (void *)(long)ctx->data_end)
		return XDP_DROP; /* cannot be, but the verifier wants it said */
	eth->addresses = addresses;
	return XDP_PASS;
}
