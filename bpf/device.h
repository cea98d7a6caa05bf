/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The kernel's devices, as programs see them: the device of an element of a devmap, and the peer of
 * a veth, in whichever network namespace it is. The structs below are what is read of the kernel's
 * own; their offsets are those of the running kernel, put in at load. Devices stay while a program
 * looks at them (RCU), and a read of an address that is none gives zero.
 */
#ifndef DEVMAPD_DEVICE_H
#define DEVMAPD_DEVICE_H

#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#define NETDEV_ALIGN 32

/* As the bytes stand in memory, with what follows masked out. */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define KIND_VETH 0x0068746576ull /* "veth" and its final zero */
#define KIND_MASK 0xffffffffffull
#define MAC_MASK 0xffffffffffffull
#else
#define KIND_VETH 0x7665746800000000ull
#define KIND_MASK 0xffffffffff000000ull
#define MAC_MASK 0xffffffffffff0000ull
#endif

struct list_head {
	struct list_head *next;
} __attribute__((preserve_access_index));

struct net {
	struct list_head ptype_all; /* listeners on every device, where namespaces have them */
} __attribute__((preserve_access_index));

typedef struct {
	struct net *net;
} __attribute__((preserve_access_index)) possible_net_t;

struct Qdisc {
	int (*enqueue)(void *skb, void *sch, void **to_free); /* NULL: noqueue */
} __attribute__((preserve_access_index));

struct bpf_xdp_entity {
	void *prog;
	void *link;
} __attribute__((preserve_access_index));

struct timespec64 {
	__s64 tv_sec;
} __attribute__((preserve_access_index));

struct rtnl_link_ops {
	const char *kind;
} __attribute__((preserve_access_index));

struct net_device {
	int ifindex;
	unsigned int flags;
	unsigned int mtu;
	void *tcx_egress; /* tcx programs and a clsact qdisc */
	struct Qdisc *qdisc;
	struct list_head ptype_all;
	possible_net_t nd_net;
	const unsigned char *dev_addr;
	const struct rtnl_link_ops *rtnl_link_ops;
	__u64 features; /* NETIF_F_* */
	struct bpf_xdp_entity xdp_state[3];
} __attribute__((preserve_access_index));

struct bpf_dtab_netdev {
	struct net_device *dev;
	struct bpf_devmap_val val;
} __attribute__((preserve_access_index));

extern void *bpf_rdonly_cast(const void *obj, __u32 btf_id) __ksym;

#define AS(type, pointer)                                                                          \
	((struct type *)bpf_rdonly_cast(pointer, bpf_core_type_id_kernel(struct type)))

/* The device of an element: what a program gets of an element is its last member. */
static __always_inline struct net_device *device_of(struct bpf_devmap_val *value)
{
	void *element = (void *)value - bpf_core_field_offset(struct bpf_dtab_netdev, val);

	return AS(bpf_dtab_netdev, element)->dev;
}

/* Eight bytes at an address, in one instruction: any struct that begins with them would do. */
static __always_inline __u64 read_word(const void *address)
{
	return AS(timespec64, address)->tv_sec;
}

static __always_inline int is_veth(const struct net_device *dev)
{
	return (read_word(dev->rtnl_link_ops->kind) & KIND_MASK) == KIND_VETH;
}

static __always_inline __u64 mac_of(const struct net_device *dev)
{
	return read_word(dev->dev_addr) & MAC_MASK;
}

/*
 * The first member of a veth's private data is its peer. BTF does not tell where veth is a module,
 * so what is there must be a device of the same kind.
 */
static __always_inline struct net_device *peer_of(struct net_device *dev)
{
	__u64 size = bpf_core_type_size(struct net_device);
	struct net_device *peer;

	size = (size + NETDEV_ALIGN - 1) & ~(__u64)(NETDEV_ALIGN - 1);
	peer = AS(net_device, (void *)read_word((void *)dev + size));
	return peer->rtnl_link_ops == dev->rtnl_link_ops ? peer : NULL;
}

#endif
