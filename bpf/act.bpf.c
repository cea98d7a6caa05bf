// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The actions of an entry alone, for a test run on a frame that nobody sends. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "actions.h"
#include "devmapd.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

const volatile struct devmapd_actions config;

/* XDP_TX: the frame goes on. XDP_DROP: an action failed. XDP_PASS: the frame has expired. */
SEC("xdp")
int devmapd_act(struct xdp_md *ctx)
{
	struct devmapd_actions actions = config;
	int result = rewrite(ctx, &actions);

	if (result == ACT_DONE)
		result = resize(ctx, &actions);
	switch (result) {
	case ACT_DONE:
		return XDP_TX;
	case ACT_EXPIRED:
		return XDP_PASS;
	default:
		return XDP_DROP;
	}
}
