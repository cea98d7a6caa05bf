// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The programs of tcx.bpf.c for the time of a rehearsal. */
#define DEVMAPD_REHEARSES

#include "tcx.bpf.c"
