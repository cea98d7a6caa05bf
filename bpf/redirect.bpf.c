// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The redirect programs for XDP: they find the key of a frame and send it where the devmap says. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "actions.h"
#include "checksum.h"
#include "devmapd.h"
#include "frame.h"
#include "redirect.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* No action of XDP: changes never let the frame see an element and its actions together. */
#define UNSETTLED -1
/* Nor is this: the kernel has taken an element away that it is about to replace. */
#define MISSED_IN_A_GAP -2

/*
 * The same as decide() for a frame that meets a change of actions: one try. An element that is the
 * same before and after the redirect is the one that the kernel sends the frame by: each update
 * makes another. So if it is being changed, its own value says which actions belong to it.
 */
static __always_inline int try_again(__u32 key, struct hit *hit)
{
	union state state = read_state();
	volatile struct devmapd_change *change = change_of(state, key);
	__u32 which = place_of(state);
	void *devmap = bpf_map_lookup_elem(&slots, &which);
	struct bpf_devmap_val *value;
	int action;

	if (!devmap)
		return config.miss_action;
	value = bpf_map_lookup_elem(devmap, &key);
	action = bpf_redirect_map(devmap, key, config.miss_action);
	if (action != XDP_REDIRECT)
		return is_replaced(change) ? MISSED_IN_A_GAP : action;
	if (!value || value != bpf_map_lookup_elem(devmap, &key))
		return UNSETTLED;
	hit->id = find_id(which, key);
	if (change)
		read_actions_of(change, value, &hit->actions);
	else
		read_actions(which, hit->id, &hit->actions);
	return is_same(state) ? XDP_REDIRECT : UNSETTLED;
}

/*
 * The loop ends with its condition, whose jump is the way back: kernels before 6.7 refuse a loop
 * whose last instruction only runs on into its first.
 */
__noinline int decide_again(__u32 key, struct hit *hit)
{
	int tries = MAX_TRIES, action = UNSETTLED;

	if (!hit)
		return UNSETTLED;
#pragma clang loop unroll(disable)
	do {
		action = try_again(key, hit);
	} while (action < 0 && --tries);
	return action == MISSED_IN_A_GAP ? config.miss_action : action;
}

/* Returns XDP_REDIRECT with what the frame goes by, or the miss action. */
static __always_inline int decide(__u32 key, struct hit *hit)
{
	union state state = read_state();
	__u32 which = place_of(state);
	void *devmap = bpf_map_lookup_elem(&slots, &which);
	int action =
		devmap ? bpf_redirect_map(devmap, key, config.miss_action) : config.miss_action;

	if (action == XDP_REDIRECT) {
		if (config.counters || has_actions(state))
			hit->id = find_id(which, key);
		if (has_actions(state))
			read_actions(which, hit->id, &hit->actions);
	}
	if (has_actions(state) && (state.changes & 1 || !is_same(state)))
		return decide_again(key, hit);
	return action;
}

static __always_inline void complete(struct xdp_md *ctx)
{
	int result = complete_checksum(ctx);
	struct devmapd_more_totals *sum;

	if (result == CHECKSUM_WHOLE)
		return;
	sum = own_more_totals();
	if (!sum)
		return;
	if (result == CHECKSUM_COMPLETED)
		sum->checksums_completed++;
	else
		sum->checksums_incomplete++;
}

static __always_inline int redirect(struct xdp_md *ctx, int completes)
{
	struct ingress_frame frame = {
		.data = (void *)(long)ctx->data,
		.end = (void *)(long)ctx->data_end,
		.ifindex = ctx->ingress_ifindex,
		.packets = 1,
		.bytes = ctx->data_end - ctx->data,
	};
	int action, result = ACT_DONE;
	struct devmapd_totals *sum;
	struct hit hit = {};
	__u32 key = 0;

	if (!find_key(&frame, &key)) {
		sum = own_totals();
		if (sum)
			add_frame(&sum->unkeyed, ctx);
		return config.miss_action;
	}
	rehearse(&frame, key);
	action = decide(key, &hit);
	if (action == UNSETTLED) {
		result = ACT_FAILED;
	} else if (action != XDP_REDIRECT) {
		sum = own_totals();
		if (sum) {
			add_frame(&sum->missed, ctx);
			sample_miss(key);
		}
		return action;
	} else if (hit.actions.flags) {
		result = rewrite(ctx, &hit.actions);
	}
	/* Before the frame has one more tag, which could be too many. */
	if (completes && result == ACT_DONE)
		complete(ctx);
	if (hit.actions.flags && result == ACT_DONE)
		result = resize(ctx, &hit.actions);
	if (result != ACT_DONE) {
		count_refusal(key, result, frame.packets);
		return result == ACT_EXPIRED ? XDP_PASS : XDP_DROP;
	}
	if (config.counters)
		count_hit(&frame, hit.id);
	return XDP_REDIRECT;
}

SEC("xdp")
int devmapd_ingress(struct xdp_md *ctx)
{
	return redirect(ctx, 0);
}

/*
 * The same for an ingress in native mode whose frames can carry partial checksums. In generic mode,
 * and for a frame that is not redirected, the kernel still knows that a checksum is partial.
 */
SEC("xdp")
int devmapd_complete(struct xdp_md *ctx)
{
	return redirect(ctx, 1);
}
