// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The redirect program for tcx. */
#include "tcx.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

SEC("tc")
int devmapd_tcx(struct __sk_buff *skb)
{
	struct ingress_frame frame = {};
	struct bpf_devmap_val *value;
	int action;

	value = find_target(skb, &frame, &action);
	return value ? bpf_redirect(value->ifindex, 0) : action;
}
