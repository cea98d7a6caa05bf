// SPDX-License-Identifier: Apache-2.0
/*
 * Follows an interface in plain C: listens to rtnetlink and, when the interface appears, writes
 * the entries that point at it. Usage: hotplug PIN INTERFACE FIRST_KEY COUNT. Pins its map, says
 * "ready", and ends when it has written.
 */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <bpf/bpf.h>

#define MAX_ENTRIES 131072

struct devmap_value {
	__u32 ifindex;
	__u32 program;
};

static void check(int result, const char *what)
{
	if (result >= 0)
		return;
	fprintf(stderr, "hotplug: %s: %d (%s)\n", what, result, strerror(errno));
	exit(1);
}

static int listen_to_links(void)
{
	struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK};
	struct timeval limit = {.tv_sec = 60};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	check(fd, "socket");
	check(bind(fd, (struct sockaddr *)&address, sizeof(address)), "bind");
	check(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)), "SO_RCVTIMEO");
	return fd;
}

/* The index of the interface if the message says that it is there; 0 for any other message. */
static __u32 appeared(struct nlmsghdr *message, const char *name)
{
	struct ifinfomsg *info = NLMSG_DATA(message);
	struct rtattr *attribute = IFLA_RTA(info);
	int left = IFLA_PAYLOAD(message);

	if (message->nlmsg_type != RTM_NEWLINK)
		return 0;
	for (; RTA_OK(attribute, left); attribute = RTA_NEXT(attribute, left)) {
		if (attribute->rta_type == IFLA_IFNAME && strcmp(RTA_DATA(attribute), name) == 0)
			return info->ifi_index;
	}
	return 0;
}

static __u32 wait_for(int fd, const char *name)
{
	static char buffer[65536];
	struct nlmsghdr *message;
	__u32 ifindex;
	int length;

	for (;;) {
		length = recv(fd, buffer, sizeof(buffer), 0);
		check(length, "recv");
		message = (struct nlmsghdr *)buffer;
		for (; NLMSG_OK(message, length); message = NLMSG_NEXT(message, length)) {
			ifindex = appeared(message, name);
			if (ifindex)
				return ifindex;
		}
	}
}

int main(int argc, char **argv)
{
	struct devmap_value value = {};
	__u32 first, count, key;
	int fd, map;

	if (argc != 5)
		return 2;
	first = strtoul(argv[3], NULL, 0);
	count = strtoul(argv[4], NULL, 0);
	map = bpf_map_create(BPF_MAP_TYPE_DEVMAP_HASH, "bench", sizeof(key), sizeof(value),
			     MAX_ENTRIES, NULL);
	check(map, "create");
	check(bpf_obj_pin(map, argv[1]), "pin");
	fd = listen_to_links();
	puts("ready");
	fflush(stdout);

	value.ifindex = wait_for(fd, argv[2]);
	for (key = first; key < first + count; key++)
		check(bpf_map_update_elem(map, &key, &value, BPF_ANY), "update");
	return 0;
}
