// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The redirect programs for XDP: they find the key of a frame and send it where the devmap says. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "checksum.h"
#include "devmapd.h"
#include "frame.h"
#include "redirect.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

static __always_inline int redirect(struct xdp_md *ctx)
{
	struct ingress_frame frame = {
		.data = (void *)(long)ctx->data,
		.end = (void *)(long)ctx->data_end,
		.ifindex = ctx->ingress_ifindex,
		.packets = 1,
		.bytes = ctx->data_end - ctx->data,
	};
	__u32 which = active_place(), key = 0;
	struct devmapd_totals *sum;
	void *devmap;
	int action;

	if (!find_key(&frame, &key)) {
		sum = own_totals();
		if (sum)
			add_frame(&sum->unkeyed, ctx);
		return config.miss_action;
	}
	devmap = bpf_map_lookup_elem(&slots, &which);
	action = devmap ? bpf_redirect_map(devmap, key, config.miss_action) : config.miss_action;
	if (action != XDP_REDIRECT) {
		sum = own_totals();
		if (sum) {
			add_frame(&sum->missed, ctx);
			sample_miss(key);
		}
		return action;
	}
	if (config.counters)
		count_hit(&frame, which, key);
	return action;
}

SEC("xdp")
int devmapd_ingress(struct xdp_md *ctx)
{
	return redirect(ctx);
}

/*
 * The same for an ingress in native mode whose frames can carry partial checksums. In generic mode,
 * and for a frame that is not redirected, the kernel still knows that a checksum is partial.
 */
SEC("xdp")
int devmapd_complete(struct xdp_md *ctx)
{
	int action = redirect(ctx), result;
	struct devmapd_more_totals *sum;

	if (action != XDP_REDIRECT)
		return action;
	result = complete_checksum(ctx);
	if (result == CHECKSUM_WHOLE)
		return action;
	sum = own_more_totals();
	if (!sum)
		return action;
	if (result == CHECKSUM_COMPLETED)
		sum->checksums_completed++;
	else
		sum->checksums_incomplete++;
	return action;
}
