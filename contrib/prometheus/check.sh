#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Checks the alert rules by promtool, and that the daemon has every metric in them. Takes promtool out of Debian's package, because an
# installation would start a server on this host.
# Environment: DEVMAPD_SOCKET; PROMTOOL_FOLDER, where promtool stays.
set -euo pipefail
rules=$(cd "$(dirname "$0")" && pwd)
folder=${PROMTOOL_FOLDER:-$rules/../../artifacts/promtool}
promtool=$(command -v promtool || echo "$folder/usr/bin/promtool")
if [ ! -x "$promtool" ]; then
    mkdir -p "$folder"
    (cd "$folder" && { apt-get download -qq prometheus 2>/dev/null || { apt-get update -qq && apt-get download -qq prometheus; }; } &&
        dpkg-deb --fsys-tarfile prometheus_*.deb | tar -x ./usr/bin/promtool && rm prometheus_*.deb)
fi
"$promtool" check rules "$rules/devmapd.rules.yml"
(cd "$rules" && "$promtool" test rules devmapd.rules.test.yml)
metrics=$(curl -sS --unix-socket "${DEVMAPD_SOCKET:-/run/devmapd/devmapd.sock}" http://localhost/metrics)
"$promtool" check metrics <<<"$metrics" || [ $? = 3 ] # 3: what it would name otherwise
grep -oE 'devmapd_[a-z_]+' "$rules/devmapd.rules.yml" | sort -u | while read -r name; do
    # Some come only with what they count, and are in the documents.
    grep -q "^# TYPE $name " <<<"$metrics" || grep -q "^| .$name[{\`]" "$rules/../../docs/operation.md" || { echo "the daemon has no $name" >&2; exit 1; }
done
