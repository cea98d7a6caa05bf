/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Completes partial checksums. A sender with transmit checksum offload, which a veth or tap guest
 * has unless it is turned off, leaves the sum of the pseudo-header in the checksum field and tells
 * the rest beside the frame, where XDP does not see it. A redirect in native mode throws that away,
 * and the receiver drops the frame.
 */
#ifndef DEVMAPD_CHECKSUM_H
#define DEVMAPD_CHECKSUM_H

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <stddef.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "frame.h"

/* bpf_csum_diff() of 5.15 takes 512 bytes at a time. 16 KiB are more than native mode takes without
 * frags. */
#define PIECE_BYTES 512
#define MAX_PIECES 32
#define STEP_BYTES 64
#define WORD_BYTES 4
#define MAX_HEADERS 0xfff /* before the transport header */
#define MAX_OFFSET 0x7fff /* says to the verifier how far it can be */
#define MAX_EXTENSION_HEADERS 3
#define IP_MF 0x2000
#define IP_OFFSET 0x1fff

enum checksum_result {
	CHECKSUM_WHOLE, /* nothing to do, as far as can be seen */
	CHECKSUM_COMPLETED,
	CHECKSUM_INCOMPLETE, /* partial, or perhaps partial, and left as it was */
};

struct ipv6_extension {
	__u8 nexthdr;
	__u8 length; /* in 8 bytes, without the first 8 */
};

struct sctp_common_hdr {
	__be16 source;
	__be16 dest;
	__be32 vtag;
	__be32 checksum;
};

/* Where the transport header of a frame is, and the sum of its pseudo-header. */
struct transport {
	__u32 offset; /* from the start of the frame */
	__u32 length;
	__u32 protocol;
	__u64 pseudo;
};

static __always_inline __u32 fold(__u64 sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

/* Whether this many bytes are there. The compiler must not see through it: it would compare other
 * pointers than the verifier wants. */
static __always_inline int has(void *cursor, __u64 bytes, void *end)
{
	void *past = cursor + bytes;

	asm volatile("" : "+r"(past));
	return past <= end;
}

static __always_inline int find_transport4(void *data, struct iphdr *ip, void *end,
					   struct transport *to)
{
	__u32 header, total;

	if ((void *)(ip + 1) > end)
		return CHECKSUM_WHOLE;
	header = ip->ihl * 4;
	total = bpf_ntohs(ip->tot_len);
	/* The sender's stack completes the sum before it cuts a packet into fragments. */
	if (header < sizeof(*ip) || total < header || ip->frag_off & bpf_htons(IP_MF | IP_OFFSET))
		return CHECKSUM_WHOLE;
	to->offset = (void *)ip - data + header;
	to->length = total - header;
	to->protocol = ip->protocol;
	to->pseudo = (__u64)ip->saddr + ip->daddr;
	return CHECKSUM_COMPLETED;
}

static __always_inline int find_transport6(void *data, struct ipv6hdr *ip, void *end,
					   struct transport *to)
{
	struct ipv6_extension *extension;
	__u32 offset, length, size;
	__u8 next;

	if ((void *)(ip + 1) > end)
		return CHECKSUM_WHOLE;
	offset = (void *)(ip + 1) - data;
	length = bpf_ntohs(ip->payload_len);
	next = ip->nexthdr;
	for (int i = 0; i < MAX_EXTENSION_HEADERS; i++) {
		if (next != IPPROTO_HOPOPTS && next != IPPROTO_DSTOPTS)
			break;
		if (offset > MAX_HEADERS)
			return CHECKSUM_INCOMPLETE;
		extension = data + (offset & MAX_HEADERS);
		if (!has(extension, sizeof(*extension), end))
			return CHECKSUM_WHOLE;
		size = (extension->length + 1) * 8;
		if (size > length)
			return CHECKSUM_WHOLE;
		next = extension->nexthdr;
		offset += size;
		length -= size;
	}
	/* The pseudo-header has the last address of a routing header, not that of the IPv6 header.
	 */
	if (offset > MAX_HEADERS || next == IPPROTO_ROUTING || next == IPPROTO_HOPOPTS ||
	    next == IPPROTO_DSTOPTS)
		return CHECKSUM_INCOMPLETE;
	to->offset = offset;
	to->length = length;
	to->protocol = next;
	to->pseudo = 0;
#pragma unroll
	for (int i = 0; i < 4; i++)
		to->pseudo += (__u64)ip->saddr.in6_u.u6_addr32[i] + ip->daddr.in6_u.u6_addr32[i];
	return CHECKSUM_COMPLETED;
}

/*
 * The functions below are not inlined and not static: the verifier then checks each once, and not
 * once for each way to it. An offset is one from the start of the frame.
 */

/* Returns the folded sum of less than PIECE_BYTES bytes, or -1 if they are not all there. */
__noinline int sum_rest(struct xdp_md *ctx, __u32 offset, __u32 length)
{
	void *end = (void *)(long)ctx->data_end;
	void *cursor = (void *)(long)ctx->data + (offset & MAX_OFFSET);
	__u64 left = length, sum = 0;

	for (int i = 0; i < PIECE_BYTES / STEP_BYTES; i++) {
		__u32 *words = cursor;

		if (left < STEP_BYTES)
			break;
		if (!has(cursor, STEP_BYTES, end))
			return -1;
#pragma unroll
		for (int word = 0; word < STEP_BYTES / WORD_BYTES; word++)
			sum += words[word];
		cursor += STEP_BYTES;
		left -= STEP_BYTES;
	}
	for (int i = 0; i < STEP_BYTES / WORD_BYTES; i++) {
		if (left < WORD_BYTES)
			break;
		if (!has(cursor, WORD_BYTES, end))
			return -1;
		sum += *(__u32 *)cursor;
		cursor += WORD_BYTES;
		left -= WORD_BYTES;
	}
	if (left & 2) {
		if (!has(cursor, 2, end))
			return -1;
		sum += *(__u16 *)cursor;
		cursor += 2;
	}
	if (left & 1) {
		if (!has(cursor, 1, end))
			return -1;
		sum += bpf_htons(*(__u8 *)cursor << 8);
	}
	return fold(sum);
}

/* Returns the folded sum of the bytes from an offset on, or -1 if they are not all there, or too
 * many. */
__noinline int sum_bytes(struct xdp_md *ctx, __u32 offset, __u32 length)
{
	void *end = (void *)(long)ctx->data_end;
	void *cursor = (void *)(long)ctx->data + (offset & MAX_OFFSET);
	__u64 left = length, sum = 0;
	int rest;

	for (int i = 0; i < MAX_PIECES; i++) {
		if (left < PIECE_BYTES)
			break;
		if (!has(cursor, PIECE_BYTES, end))
			return -1;
		sum += (__u32)bpf_csum_diff(NULL, 0, cursor, PIECE_BYTES, 0);
		cursor += PIECE_BYTES;
		offset += PIECE_BYTES;
		left -= PIECE_BYTES;
	}
	if (left >= PIECE_BYTES)
		return -1;
	rest = sum_rest(ctx, offset, left);
	return rest < 0 ? rest : (int)fold(sum + rest);
}

/*
 * Completes the checksum of TCP or UDP if it is partial: if its field holds the folded sum of the
 * pseudo-header. One whole checksum in 65,536 does so by chance; then the result is what was there.
 */
__noinline int complete_checksum(struct xdp_md *ctx)
{
	void *end = (void *)(long)ctx->data_end;
	void *data = (void *)(long)ctx->data;
	struct transport to = {};
	__u32 field;
	void *network;
	__u16 *check;
	__be16 proto;
	int found, sum;

	network = skip_link_headers(data, end, MAX_VLAN_TAGS, &proto);
	if (!network)
		return CHECKSUM_WHOLE;
	if (proto == bpf_htons(ETH_P_IP))
		found = find_transport4(data, network, end, &to);
	else if (proto == bpf_htons(ETH_P_IPV6))
		found = find_transport6(data, network, end, &to);
	else
		return CHECKSUM_WHOLE;
	if (found != CHECKSUM_COMPLETED)
		return found;

	switch (to.protocol) {
	case IPPROTO_TCP:
		field = offsetof(struct tcphdr, check);
		break;
	case IPPROTO_UDP:
		field = offsetof(struct udphdr, check);
		break;
	case IPPROTO_SCTP:
		field = offsetof(struct sctp_common_hdr, checksum);
		break;
	default:
		return CHECKSUM_WHOLE;
	}
	check = data + (to.offset & MAX_HEADERS) + field;
	/* The sum of SCTP is a CRC, which takes too long here. Its sender leaves zero in its place.
	 */
	if (to.protocol == IPPROTO_SCTP) {
		if (!has(check, 2 * sizeof(*check), end) || check[0] || check[1])
			return CHECKSUM_WHOLE;
		return CHECKSUM_INCOMPLETE;
	}
	if (!has(check, sizeof(*check), end))
		return CHECKSUM_WHOLE;
	if (check[0] != fold(to.pseudo + bpf_htons(to.protocol) + bpf_htons(to.length)))
		return CHECKSUM_WHOLE;
	/* The field's own value is the sum of the pseudo-header, so it is just one of the bytes. */
	sum = sum_bytes(ctx, to.offset, to.length);
	if (sum < 0)
		return CHECKSUM_INCOMPLETE;
	check[0] = sum == 0xffff ? sum : ~sum;
	return CHECKSUM_COMPLETED;
}

#endif
