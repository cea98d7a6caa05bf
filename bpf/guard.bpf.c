// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Guards a switch of a devmap to a candidate: takes the table back when a time is over that nobody
 * confirmed in, or when the kernel has refused so many frames of the candidate. The kernel does so
 * by itself; user space may be dead by then.
 *
 * The timer has a map of its own, because a write of its element from user space cancels it, and
 * so does the end of the last pin or descriptor of that map. All else is in memory that user space
 * shares. The first to change the phase from ARMED decides the end: the timer, the tracepoint, or
 * user space.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "devmapd.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define CLOCK_MONOTONIC 1

struct net_device;
struct bpf_prog;

struct timer_element {
	struct bpf_timer timer;
};

/* The word that frames go by, as in redirect.h. User space gives the map of the devmap. */
volatile struct devmapd_switch places;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct devmapd_guard);
} guard SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct timer_element);
} timers SEC(".maps");

/* Changes only the place: user space counts changes in the same word meanwhile. */
static __always_inline void use_place(__u32 place)
{
	volatile __u64 *word = (volatile __u64 *)&places;

	if (place)
		__sync_fetch_and_or(word, 1ull);
	else
		__sync_fetch_and_and(word, ~1ull);
}

/* The end is only complete with its time: until then, the place may not be back yet. */
static __always_inline void take_back(struct devmapd_guard *own, __u64 phase)
{
	if (__sync_val_compare_and_swap(&own->phase, DEVMAPD_GUARD_ARMED, phase) !=
	    DEVMAPD_GUARD_ARMED)
		return;
	use_place(own->place);
	__sync_lock_test_and_set(&own->ended_ns, bpf_ktime_get_ns());
}

static int expire(void *map, __u32 *key, struct timer_element *element)
{
	__u32 zero = 0;
	struct devmapd_guard *own = bpf_map_lookup_elem(&guard, &zero);

	if (own)
		take_back(own, DEVMAPD_GUARD_EXPIRED);
	return 0;
}

/*
 * Switches to the candidate and starts the timer, for a test run by user space. One run, so there
 * is no moment in which the candidate is active and unguarded, wherever user space ends. The order
 * is the frame. XDP_TX: done. Else nothing has changed.
 */
SEC("xdp")
int devmapd_arm(struct xdp_md *ctx)
{
	struct devmapd_guard_order *order = (void *)(long)ctx->data;
	struct timer_element *element;
	struct devmapd_guard *own;
	__u32 zero = 0;

	if ((void *)(order + 1) > (void *)(long)ctx->data_end)
		return XDP_DROP;
	own = bpf_map_lookup_elem(&guard, &zero);
	element = bpf_map_lookup_elem(&timers, &zero);
	if (!own || !element || own->phase != DEVMAPD_GUARD_UNARMED)
		return XDP_DROP;
	if (bpf_timer_init(&element->timer, &timers, CLOCK_MONOTONIC) ||
	    bpf_timer_set_callback(&element->timer, expire))
		return XDP_DROP;
	own->place = places.which & 1;
	own->map_id = order->map_id;
	own->most_errors = order->most_errors;
	own->deadline_ns = bpf_ktime_get_ns() + order->timeout_ns;
	__sync_lock_test_and_set(&own->phase, DEVMAPD_GUARD_ARMED);
	/* First the switch: a timer that comes at once finds what it takes back. */
	use_place(own->place ^ 1);
	if (bpf_timer_start(&element->timer, order->timeout_ns, 0)) {
		take_back(own, DEVMAPD_GUARD_CANCELLED);
		return XDP_DROP;
	}
	return XDP_TX;
}

/* The kernel refused a frame of the candidate. The last one that it may refuse ends the switch. */
SEC("tp_btf/xdp_redirect_err")
int BPF_PROG(devmapd_watch, const struct net_device *dev, const struct bpf_prog *xdp,
	     const void *tgt, int err, enum bpf_map_type map_type, __u32 map_id, __u32 index)
{
	__u32 zero = 0;
	struct devmapd_guard *own = bpf_map_lookup_elem(&guard, &zero);

	if (!own || own->phase != DEVMAPD_GUARD_ARMED || own->map_id != map_id)
		return 0;
	if (__sync_fetch_and_add(&own->errors, 1) + 1 >= own->most_errors)
		take_back(own, DEVMAPD_GUARD_DROPPED);
	return 0;
}
