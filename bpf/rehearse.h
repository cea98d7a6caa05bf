/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A rehearsal: programs that steer frames as always, and look each one up in a candidate devmap
 * beside it. Only the rehearse_*.bpf.c have this, so that no other frame pays for it.
 */
#ifndef DEVMAPD_REHEARSE_H
#define DEVMAPD_REHEARSE_H

/* User space gives the map. It is in no slot, so nothing that happens to those touches it. */
struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP_HASH);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(struct bpf_devmap_val));
} candidate SEC(".maps");

/* Exact, by verdict. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, DEVMAPD_VERDICTS);
	__type(key, __u32);
	__type(value, struct devmapd_counter);
} verdicts SEC(".maps");

/* LRU: what has the most frames stays, whatever number of keys there is. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_PERCPU_HASH);
	__uint(max_entries, DEVMAPD_REHEARSED_KEYS);
	__type(key, struct devmapd_rehearsed_key);
	__type(value, struct devmapd_counter);
} rehearsed_keys SEC(".maps");

static __always_inline enum devmapd_verdict compare(const struct bpf_devmap_val *now,
						    const struct bpf_devmap_val *then)
{
	if (!now)
		return then ? DEVMAPD_WOULD_HIT : DEVMAPD_STILL_MISSES;
	if (!then)
		return DEVMAPD_WOULD_MISS;
	if (now->ifindex != then->ifindex)
		return DEVMAPD_OTHER_TARGET;
	if (config.egress_programs && now->bpf_prog.id != then->bpf_prog.id)
		return DEVMAPD_OTHER_TARGET;
	return DEVMAPD_SAME;
}

static __always_inline void count_rehearsed(const struct ingress_frame *frame,
					    const struct devmapd_rehearsed_key *rehearsed)
{
	struct devmapd_counter *counter = bpf_map_lookup_elem(&rehearsed_keys, rehearsed);

	if (!counter) {
		struct devmapd_counter fresh = {};

		/* Another CPU may have been first: what counts is that it is there now. */
		bpf_map_update_elem(&rehearsed_keys, rehearsed, &fresh, BPF_NOEXIST);
		counter = bpf_map_lookup_elem(&rehearsed_keys, rehearsed);
	}
	if (counter)
		add_frames(counter, frame->packets, frame->bytes);
}

/* Counts what a frame of this key does, and what it would do. */
static __always_inline void rehearse(const struct ingress_frame *frame, __u32 key)
{
	__u32 which = place_of(read_state());
	void *devmap = bpf_map_lookup_elem(&slots, &which);
	struct devmapd_rehearsed_key rehearsed = {.key = key};
	struct devmapd_counter *counter;

	rehearsed.verdict = compare(devmap ? bpf_map_lookup_elem(devmap, &key) : NULL,
				    bpf_map_lookup_elem(&candidate, &key));
	counter = bpf_map_lookup_elem(&verdicts, &rehearsed.verdict);
	if (counter)
		add_frames(counter, frame->packets, frame->bytes);
	if (rehearsed.verdict != DEVMAPD_SAME && rehearsed.verdict != DEVMAPD_STILL_MISSES)
		count_rehearsed(frame, &rehearsed);
}

#endif
