/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The actions of an entry on a frame, for programs of XDP: a frame is bytes, its tags among them. A
 * frame that has expired is as it came. A frame that failed is dropped, so what was done to it does
 * not matter.
 */
#ifndef DEVMAPD_ACTIONS_H
#define DEVMAPD_ACTIONS_H

#include <linux/bpf.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "devmapd.h"
#include "frame.h"

#define VLAN_PRIORITY_MASK 0xe000

enum act_result {
	ACT_DONE,
	ACT_FAILED,  /* an action cannot be applied: the frame must not leave */
	ACT_EXPIRED, /* the next hop would be one too many: a matter for the stack */
};

/* RFC 1624, as the kernel does it: the checksum of the header follows the TTL. */
static __always_inline void lower_ttl(struct iphdr *ip)
{
	__u32 check = ip->check;

	check += bpf_htons(0x0100);
	ip->check = check + (check >= 0xffff);
	ip->ttl--;
}

/* Lowers the TTL or hop limit of a packet by one. Only IP has such; all else goes on. */
static __always_inline int lower_hops(void *data, void *end)
{
	struct ipv6hdr *ip6;
	struct iphdr *ip;
	__be16 proto;
	void *header;

	header = skip_link_headers(data, end, MAX_VLAN_TAGS, &proto);
	if (!header)
		return ACT_FAILED;
	if (proto == bpf_htons(ETH_P_IP)) {
		ip = header;
		if ((void *)(ip + 1) > end)
			return ACT_FAILED;
		if (ip->ttl <= 1)
			return ACT_EXPIRED;
		lower_ttl(ip);
	} else if (proto == bpf_htons(ETH_P_IPV6)) {
		ip6 = header;
		if ((void *)(ip6 + 1) > end)
			return ACT_FAILED;
		if (ip6->hop_limit <= 1)
			return ACT_EXPIRED;
		ip6->hop_limit--;
	}
	return ACT_DONE;
}

/* All actions that leave a frame's length as it is. */
static __always_inline int rewrite(struct xdp_md *ctx, const struct devmapd_actions *actions)
{
	void *end = (void *)(long)ctx->data_end;
	void *data = (void *)(long)ctx->data;
	struct ether_header *eth = data;
	struct vlan_hdr *tag = (void *)(eth + 1);
	int result;

	if ((void *)(eth + 1) > end)
		return ACT_FAILED;
	if (actions->flags & DEVMAPD_DECREMENT_TTL) {
		result = lower_hops(data, end);
		if (result != ACT_DONE)
			return result;
	}
	if (actions->flags & (DEVMAPD_SET_VLAN | DEVMAPD_REMOVE_VLAN)) {
		if (!is_vlan(eth->proto) || (void *)(tag + 1) > end)
			return ACT_FAILED;
		if (actions->flags & DEVMAPD_SET_VLAN)
			tag->tci = (tag->tci & ~bpf_htons(VLAN_VID_MASK)) |
				   bpf_htons(actions->vlan_id);
	}
	if (actions->flags & DEVMAPD_SET_SOURCE)
		__builtin_memcpy(eth->addresses.source, actions->source_mac, ETH_ALEN);
	if (actions->flags & DEVMAPD_SET_DESTINATION)
		__builtin_memcpy(eth->addresses.destination, actions->destination_mac, ETH_ALEN);
	return ACT_DONE;
}

/* Adds a tag before the others, with the priority of the outer one. */
static __always_inline int add_tag(struct xdp_md *ctx, __u16 vlan_id)
{
	__be16 tpid = bpf_htons(ETH_P_8021Q), tci = bpf_htons(vlan_id);
	void *end = (void *)(long)ctx->data_end;
	struct ether_header *eth = (void *)(long)ctx->data;
	struct vlan_hdr *tag = (void *)(eth + 1);
	struct ether_addresses addresses;

	if ((void *)(eth + 1) > end)
		return ACT_FAILED;
	if (is_vlan(eth->proto)) {
		if ((void *)(tag + 1) > end)
			return ACT_FAILED;
		tci |= tag->tci & bpf_htons(VLAN_PRIORITY_MASK);
	}
	addresses = eth->addresses;
	if (bpf_xdp_adjust_head(ctx, -(int)sizeof(struct vlan_hdr)))
		return ACT_FAILED; /* no headroom */
	eth = (void *)(long)ctx->data;
	tag = (void *)(eth + 1);
	if ((void *)(tag + 1) > (void *)(long)ctx->data_end)
		return ACT_FAILED; /* cannot be, but the verifier wants it said */
	eth->addresses = addresses;
	eth->proto = tpid;
	tag->tci = tci;
	return ACT_DONE;
}

/* Takes away the outer tag, which is there. */
static __always_inline int remove_tag(struct xdp_md *ctx)
{
	struct ether_header *eth = (void *)(long)ctx->data;
	struct ether_addresses addresses;

	if ((void *)(eth + 1) > (void *)(long)ctx->data_end)
		return ACT_FAILED;
	addresses = eth->addresses;
	if (bpf_xdp_adjust_head(ctx, sizeof(struct vlan_hdr)))
		return ACT_FAILED;
	eth = (void *)(long)ctx->data;
	if ((void *)(eth + 1) > (void *)(long)ctx->data_end)
		return ACT_FAILED; /* cannot be, but the verifier wants it said */
	eth->addresses = addresses;
	return ACT_DONE;
}

/* The other actions, after those. */
static __always_inline int resize(struct xdp_md *ctx, const struct devmapd_actions *actions)
{
	if (actions->flags & DEVMAPD_ADD_VLAN)
		return add_tag(ctx, actions->vlan_id);
	if (actions->flags & DEVMAPD_REMOVE_VLAN)
		return remove_tag(ctx);
	return ACT_DONE;
}

#endif
