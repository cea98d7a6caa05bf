#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs the benchmarks, all or those named, in a network namespace of their own, which takes every interface with it when
# it ends. Usage: run.sh CONFIGURATION [NAME ...]
set -euo pipefail
cd "$(dirname "$0")/.."

configuration=${1:-Release}
shift || true
export DEVMAPD=$PWD/src/ControlPlane.Daemon/bin/$configuration/net10.0/devmapd
exec unshare --net -- "bench/ControlPlane.Bench/bin/$configuration/net10.0/ControlPlane.Bench" "$@"
