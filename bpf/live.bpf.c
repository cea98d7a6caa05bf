// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Follows frames that the daemon itself sends through a redirect program
 * (BPF_F_TEST_XDP_LIVE_FRAMES). Attached only while the daemon sends; nothing is pinned.
 *
 * The tracepoints show no frames. The kernel runs the program, queues the frames and gives them to
 * the target's driver in the thread that sends, so the thread and the devices tell these frames
 * from all others but one kind: live frames between the same devices that arrive by a soft
 * interrupt on top of that thread. User space sees that by the sum, which is then more than it has
 * sent.
 */
#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "devmapd.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct net_device {
	int ifindex;
} __attribute__((preserve_access_index));

struct bpf_prog;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct devmapd_live_run);
} run SEC(".maps");

static __always_inline struct devmapd_live_run *own_run(void)
{
	__u32 zero = 0;
	struct devmapd_live_run *own = bpf_map_lookup_elem(&run, &zero);

	return own && own->thread == bpf_get_current_pid_tgid() ? own : NULL;
}

/* The calling thread is about to send. Only the kernel knows its id in all pid namespaces. */
SEC("syscall")
int devmapd_begin(struct devmapd_live_run *begin)
{
	struct devmapd_live_run fresh = {
		.thread = bpf_get_current_pid_tgid(),
		.map_id = begin->map_id,
		.key = begin->key,
		.from = begin->from,
		.to = begin->to,
	};
	__u32 zero = 0;

	bpf_map_update_elem(&run, &zero, &fresh, BPF_ANY);
	return 0;
}

/* The kernel refused a frame before it reached the target's driver. */
SEC("tp_btf/xdp_redirect_err")
int BPF_PROG(devmapd_refused, const struct net_device *dev, const struct bpf_prog *xdp,
	     const void *tgt, int err, enum bpf_map_type map_type, __u32 map_id, __u32 index)
{
	struct devmapd_live_run *own = own_run();

	if (!own || own->map_id != map_id || own->key != index)
		return 0;
	own->refused++;
	own->refusal = -err;
	return 0;
}

/* A burst went to the target's driver. */
SEC("tp_btf/xdp_devmap_xmit")
int BPF_PROG(devmapd_sent, const struct net_device *from_dev, const struct net_device *to_dev,
	     int sent, int drops, int err)
{
	struct devmapd_live_run *own = own_run();

	if (!own || !from_dev || !to_dev || own->from != from_dev->ifindex ||
	    own->to != to_dev->ifindex)
		return 0;
	if (sent > 0)
		own->sent += sent;
	if (drops > 0) {
		own->dropped += drops;
		own->drop_error = -err;
	}
	return 0;
}
