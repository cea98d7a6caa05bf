// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A program that passes every frame. Many drivers take frames redirected to a device only while
 * that device (for a veth its peer) has an XDP program of its own: any will do.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "devmapd.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

const volatile struct devmapd_pass_config config;

/* Frags, so that a large MTU or receive offloads do not stand in its way: since 5.18. */
SEC("xdp.frags")
int devmapd_pass(struct xdp_md *ctx)
{
	return XDP_PASS;
}

/* The same for kernels before. */
SEC("xdp")
int devmapd_pass_old(struct xdp_md *ctx)
{
	return XDP_PASS;
}
