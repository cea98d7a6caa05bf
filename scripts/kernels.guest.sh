#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs inside a guest of kernels.sh, as root.
# Usage: kernels.guest.sh [--quick] CONFIGURATION RESULTS [NAME ...]
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
quick=''
if [ "$1" = --quick ]; then
    quick=1
    shift
fi
configuration=$1 results=$2
shift 2
filter=''
for name in "$@"; do
    filter+="${filter:+|}FullyQualifiedName~$name"
done
uname -r

run() {
    local name=$1 project=tests/$2
    shift 2
    dotnet test "$project" -c "$configuration" --no-build --nologo --logger "console;verbosity=minimal" \
        --logger "trx;LogFileName=$results/$name.trx" "$@"
}

status=0
run KernelTests ControlPlane.KernelTests ${filter:+--filter "$filter"} || status=1
[ -n "$quick" ] || run EndToEndTests ControlPlane.EndToEndTests --filter "(Group=nic|Group=kernels|Group=kinds)${filter:+&($filter)}" || status=1
exit $status
