/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Whether a frame may go to the peer of its target directly, past the target's egress.
 *
 * Each frame asks the kernel's own structs. So a hook at the egress counts from the first frame
 * after it was set, whoever set it, and whether the daemon runs or not.
 */
#ifndef DEVMAPD_PEER_H
#define DEVMAPD_PEER_H

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "device.h"
#include "devmapd.h"
#include "redirect.h"

#define IFF_UP 1
#define PACKET_HOST 0
#define XDP_MODE_DRV 1

static __always_inline int has_listener(struct net_device *dev)
{
	struct net *net = dev->nd_net.net;

	if (dev->ptype_all.next != &dev->ptype_all)
		return 1;
	return bpf_core_field_exists(net->ptype_all) && net->ptype_all.next != &net->ptype_all;
}

/*
 * Whether the kernel would skip something, or drop the frame, on the way to the peer. Hooks of
 * netfilter at the egress do not matter: they see no frame that was redirected at an ingress,
 * whichever way it goes.
 */
static __always_inline enum devmapd_peer_use judge_peer(struct net_device *dev,
							struct net_device **found)
{
	struct net_device *peer;

	*found = NULL;
	if (!is_veth(dev))
		return DEVMAPD_PEER_NOT_VETH;
	peer = peer_of(dev);
	if (!peer)
		return DEVMAPD_PEER_UNSEEN;
	if (peer->nd_net.net == dev->nd_net.net)
		return DEVMAPD_PEER_SAME_NAMESPACE;
	if (!(dev->flags & IFF_UP) || !(peer->flags & IFF_UP))
		return DEVMAPD_PEER_DOWN;
	if (dev->qdisc->enqueue)
		return DEVMAPD_PEER_QDISC;
	if (dev->tcx_egress)
		return DEVMAPD_PEER_EGRESS_PROGRAM;
	if (has_listener(dev))
		return DEVMAPD_PEER_LISTENER;
	if (peer->xdp_state[XDP_MODE_DRV].prog || peer->xdp_state[XDP_MODE_DRV].link)
		return DEVMAPD_PEER_XDP;
	*found = peer;
	return DEVMAPD_PEER_USED;
}

#endif
