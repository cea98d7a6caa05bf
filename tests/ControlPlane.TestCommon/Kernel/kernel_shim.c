// SPDX-License-Identifier: Apache-2.0
/*
 * A library for LD_PRELOAD that stands between a program and the kernel's BPF maps:
 *
 *   KERNEL_SHIM_REFUSE  while this file exists, updates of map elements are counted: the first N, which the
 * file names, succeed, and the M after them, the second number, fail with ENOMEM
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

static atomic_long updates;

/* Whether the next update must fail. */
static int refuses(void)
{
	const char *path = getenv("KERNEL_SHIM_REFUSE");
	FILE *file = path ? fopen(path, "r") : NULL;
	long first, count, number;
	int read;

	if (!file)
		return 0;
	read = fscanf(file, "%ld %ld", &first, &count);
	fclose(file);
	if (read != 2)
		return 0;
	number = atomic_fetch_add(&updates, 1);
	return number >= first && number < first + count;
}

long syscall(long number, ...)
{
	long (*real)(long, ...) = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
	long a[6];
	va_list list;

	va_start(list, number);
	for (int i = 0; i < 6; i++)
		a[i] = va_arg(list, long);
	va_end(list);
	if (number == SYS_bpf && a[0] == BPF_MAP_UPDATE_ELEM && refuses()) {
		errno = ENOMEM;
		return -1;
	}
	return real(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}
