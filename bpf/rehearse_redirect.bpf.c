// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The programs of redirect.bpf.c for the time of a rehearsal. */
#define DEVMAPD_REHEARSES

#include "redirect.bpf.c"
