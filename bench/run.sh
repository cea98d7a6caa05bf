#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs the benchmarks, all or those named, in a network namespace of their own, which takes every interface with it when
# it ends. Usage: run.sh CONFIGURATION [NAME ...]
set -euo pipefail
cd "$(dirname "$0")/.."

configuration=${1:-Release}
shift || true
export DEVMAPD=$PWD/src/ControlPlane.Daemon/bin/$configuration/net10.0/devmapd

# etcd runs beside the daemon in the benchmark 'durable'. Debian's package is taken apart here and not installed: that would
# start a service.
if [[ $# = 0 || " $* " == *" durable "* ]]; then
    ETCD=$(command -v etcd || echo "$PWD/artifacts/etcd/usr/bin/etcd")
    export ETCD
    if [ ! -x "$ETCD" ]; then
        echo "fetching Debian's etcd-server"
        mkdir -p artifacts/etcd
        (
            cd artifacts/etcd
            apt-get -qq update
            apt-get -qq -o APT::Sandbox::User=root download etcd-server
            dpkg-deb -x etcd-server_*.deb .
            rm etcd-server_*.deb
        )
    fi
fi

exec unshare --net -- "bench/ControlPlane.Bench/bin/$configuration/net10.0/ControlPlane.Bench" "$@"
