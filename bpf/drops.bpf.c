// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Counts frames that the kernel drops after a redirect: bpf_redirect_map() had said XDP_REDIRECT by
 * then, so these tracepoints are the only word of it. A good redirect fires none of them but
 * xdp_devmap_xmit, which comes once for each burst.
 *
 * BTF tracepoints, so that the kernel itself checks what the arguments are (the map's id and the
 * key are among them since 5.13). The structs below are what is read of the kernel's own; their
 * offsets are those of the running kernel, put in at load.
 */
#include <linux/bpf.h>
#include <asm/errno.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "devmapd.h"

#define MAX_DEVMAPS 1024
#define MAX_REDIRECT_ERRORS 4096
#define MAX_TRANSMIT_DROPS 1024
#define MAX_EXCEPTIONS 256

char LICENSE[] SEC("license") = "Dual BSD/GPL";

const volatile struct devmapd_drops_config config;

struct ns_common {
	unsigned int inum;
} __attribute__((preserve_access_index));

struct net {
	struct ns_common ns;
} __attribute__((preserve_access_index));

typedef struct {
	struct net *net;
} __attribute__((preserve_access_index)) possible_net_t;

struct net_device {
	int ifindex;
	possible_net_t nd_net;
} __attribute__((preserve_access_index));

struct bpf_prog_aux {
	__u32 id;
} __attribute__((preserve_access_index));

struct bpf_prog {
	struct bpf_prog_aux *aux;
} __attribute__((preserve_access_index));

/* The devmaps that are ours, by id, with exact totals. User space makes and removes the elements.
 */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, MAX_DEVMAPS);
	__type(key, __u32);
	__type(value, struct devmapd_redirect_errors);
} devmaps SEC(".maps");

/* LRU: what is dropped most stays, whatever number of keys there is. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_PERCPU_HASH);
	__uint(max_entries, MAX_REDIRECT_ERRORS);
	__type(key, struct devmapd_redirect_error_key);
	__type(value, struct devmapd_drop);
} redirect_errors SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_PERCPU_HASH);
	__uint(max_entries, MAX_TRANSMIT_DROPS);
	__type(key, struct devmapd_transmit_drop_key);
	__type(value, struct devmapd_drop);
} transmit_drops SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_PERCPU_HASH);
	__uint(max_entries, MAX_EXCEPTIONS);
	__type(key, struct devmapd_exception_key);
	__type(value, struct devmapd_drop);
} exceptions SEC(".maps");

/*
 * The clock is asked once a tick: reading it can cost more than all else here, and the coarse one
 * (bpf_ktime_get_coarse_ns) is not for tracepoints.
 */
static __always_inline void add(void *map, const void *key, __u64 packets)
{
	struct devmapd_drop *drop = bpf_map_lookup_elem(map, key);
	__u64 tick = bpf_jiffies64();

	if (!drop) {
		struct devmapd_drop fresh = {};

		/* Another CPU may have been first: what counts is that it is there now. */
		bpf_map_update_elem(map, key, &fresh, BPF_NOEXIST);
		drop = bpf_map_lookup_elem(map, key);
		if (!drop)
			return;
	}
	drop->packets += packets;
	if (drop->last_tick != tick) {
		drop->last_tick = tick;
		drop->last_ns = bpf_ktime_get_ns();
	}
}

/* Tracepoints know no namespaces, and indexes mean nothing outside of theirs. */
static __always_inline int is_here(const struct net_device *dev)
{
	/* Without CONFIG_NET_NS there is only one. */
	if (!bpf_core_field_exists(dev->nd_net.net))
		return 1;
	return dev->nd_net.net->ns.inum == config.netns;
}

/* In both modes: the frame was refused before it reached the target's driver. */
SEC("tp_btf/xdp_redirect_err")
int BPF_PROG(devmapd_err, const struct net_device *dev, const struct bpf_prog *xdp, const void *tgt,
	     int err, enum bpf_map_type map_type, __u32 map_id, __u32 index)
{
	struct devmapd_redirect_error_key key = {
		.map_id = map_id,
		.key = index,
		.error = -err,
	};
	struct devmapd_redirect_errors *sum;

	if (map_type != BPF_MAP_TYPE_DEVMAP_HASH)
		return 0;
	sum = bpf_map_lookup_elem(&devmaps, &map_id);
	if (!sum)
		return 0;
	switch (-err) {
	case ENETDOWN:
		sum->target_down++;
		break;
	case EMSGSIZE:
		sum->too_long++;
		break;
	case EOPNOTSUPP:
		sum->not_accepted++;
		break;
	default:
		sum->other++;
	}
	add(&redirect_errors, &key, 1);
	return 0;
}

/* Native mode, once for each burst that goes to a device, all devmaps together. */
SEC("tp_btf/xdp_devmap_xmit")
int BPF_PROG(devmapd_xmit, const struct net_device *from_dev, const struct net_device *to_dev,
	     int sent, int drops, int err)
{
	struct devmapd_transmit_drop_key key = {};

	if (drops <= 0 || !from_dev || !to_dev || !is_here(to_dev))
		return 0;
	key.from = from_dev->ifindex;
	key.to = to_dev->ifindex;
	key.error = -err;
	add(&transmit_drops, &key, drops);
	return 0;
}

/* A program returned XDP_ABORTED or what no driver knows; an egress program, anything but XDP_PASS
 * and XDP_DROP. */
SEC("tp_btf/xdp_exception")
int BPF_PROG(devmapd_except, const struct net_device *dev, const struct bpf_prog *xdp, __u32 act)
{
	struct devmapd_exception_key key = {};

	if (!dev || !xdp || !is_here(dev))
		return 0;
	key.ifindex = dev->ifindex;
	key.program_id = xdp->aux->id;
	key.action = act;
	add(&exceptions, &key, 1);
	return 0;
}
