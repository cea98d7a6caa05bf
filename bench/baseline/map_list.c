// SPDX-License-Identifier: Apache-2.0
/*
 * Lists a pinned devmap_hash in plain C: get_next_key, lookup, a line of JSON to /dev/null.
 * Usage: map_list PIN. Prints "list" and "cpu", in nanoseconds for all of it, and "entries".
 */
#include <stdio.h>
#include <time.h>
#include <bpf/bpf.h>

struct devmap_value {
	__u32 ifindex;
	__u32 program;
};

static __u64 now_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

int main(int argc, char **argv)
{
	LIBBPF_OPTS(bpf_obj_get_opts, opts, .file_flags = BPF_F_RDONLY);
	struct devmap_value value;
	__u32 entries = 0, key;
	void *after = NULL;
	__u64 begin, begin_cpu;
	FILE *out;
	int map;

	if (argc != 2)
		return 2;
	map = bpf_obj_get_opts(argv[1], &opts);
	out = fopen("/dev/null", "w");
	if (map < 0 || !out)
		return 1;

	begin = now_ns(CLOCK_MONOTONIC);
	begin_cpu = now_ns(CLOCK_PROCESS_CPUTIME_ID);
	for (; bpf_map_get_next_key(map, after, &key) == 0; after = &key) {
		if (bpf_map_lookup_elem(map, &key, &value))
			return 1;
		fprintf(out,
			"{\"key\":\"%u.%u.%u.%u\",\"kernelKey\":%u,\"ifindex\":%u,"
			"\"egressProgramId\":%u}\n",
			key >> 24, (key >> 16) & 255, (key >> 8) & 255, key & 255, key,
			value.ifindex, value.program);
		entries++;
	}
	fclose(out);
	printf("list %llu\n", (unsigned long long)(now_ns(CLOCK_MONOTONIC) - begin));
	printf("cpu %llu\n", (unsigned long long)(now_ns(CLOCK_PROCESS_CPUTIME_ID) - begin_cpu));
	printf("entries %u\n", entries);
	return 0;
}
