// SPDX-License-Identifier: Apache-2.0
/*
 * The cost of map operations in plain C: one thread, one devmap_hash, nothing around it.
 * Usage: map_ops IFINDEX COUNT. Prints "operation nanoseconds" a line, per operation.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <bpf/bpf.h>

struct devmap_value {
	__u32 ifindex;
	__u32 program;
};

static __u64 now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

static void check(int result, const char *what)
{
	if (result >= 0)
		return;
	fprintf(stderr, "map_ops: %s: %d\n", what, result);
	exit(1);
}

static void report(const char *operation, __u64 begin, __u32 count)
{
	printf("%s %.1f\n", operation, (double)(now_ns() - begin) / count);
}

static void update_all(int map, __u32 ifindex, __u32 count)
{
	struct devmap_value value = {.ifindex = ifindex};

	for (__u32 key = 0; key < count; key++)
		check(bpf_map_update_elem(map, &key, &value, BPF_ANY), "update");
}

static void lookup_all(int map, __u32 count)
{
	struct devmap_value value;

	for (__u32 key = 0; key < count; key++)
		check(bpf_map_lookup_elem(map, &key, &value), "lookup");
}

static void walk(int map, __u32 count)
{
	struct devmap_value value;
	__u32 seen = 0, key;
	void *after = NULL;

	for (; seen <= count && bpf_map_get_next_key(map, after, &key) == 0; seen++) {
		check(bpf_map_lookup_elem(map, &key, &value), "lookup");
		after = &key;
	}
	check(seen == count ? 0 : -1, "walk");
}

static void delete_all(int map, __u32 count)
{
	for (__u32 key = 0; key < count; key++)
		check(bpf_map_delete_elem(map, &key), "delete");
}

int main(int argc, char **argv)
{
	__u32 ifindex, count;
	__u64 begin;
	int map;

	if (argc != 3)
		return 2;
	ifindex = strtoul(argv[1], NULL, 0);
	count = strtoul(argv[2], NULL, 0);
	map = bpf_map_create(BPF_MAP_TYPE_DEVMAP_HASH, "bench", sizeof(__u32),
			     sizeof(struct devmap_value), count, NULL);
	check(map, "create");

	begin = now_ns();
	update_all(map, ifindex, count);
	report("insert", begin, count);
	begin = now_ns();
	update_all(map, ifindex, count);
	report("replace", begin, count);
	begin = now_ns();
	lookup_all(map, count);
	report("lookup", begin, count);
	begin = now_ns();
	walk(map, count);
	report("walk", begin, count);
	begin = now_ns();
	delete_all(map, count);
	report("delete", begin, count);
	return 0;
}
