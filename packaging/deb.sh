#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds a Debian package for this machine's architecture, with the .NET runtime inside.
# Usage: deb.sh VERSION STAGE OUTPUT
#   VERSION   the version of the package
#   STAGE     the folder that `make install` has installed into
#   OUTPUT    the folder for the package
# Environment: COMPRESSION (xz, zstd, none)
set -euo pipefail
cd "$(dirname "$0")/.."

version=$1 stage=$2 output=$3
architecture=$(dpkg --print-architecture)
package=$output/devmapd_${version}_$architecture.deb
documents=$stage/usr/share/doc/devmapd

install -D -m 0644 packaging/debian/copyright "$documents/copyright"
gzip -9n <CHANGELOG.md >"$documents/changelog.gz"

control=$stage/DEBIAN
rm -rf "$control"
mkdir -p "$control" "$output"
size=$(du -sk --apparent-size --exclude=DEBIAN "$stage" | cut -f1)
sed -e "s/@VERSION@/$version/" -e "s/@ARCHITECTURE@/$architecture/" -e "s/@SIZE@/$size/" packaging/debian/control >"$control/control"
install -m 0644 packaging/debian/conffiles "$control/conffiles"
install -m 0755 packaging/debian/{postinst,prerm,postrm} "$control/"
(cd "$stage" && find . -path ./DEBIAN -prune -o -type f ! -path './etc/*' -printf '%P\0' | sort -z | xargs -0 md5sum) >"$control/md5sums"

dpkg-deb --root-owner-group "-Z${COMPRESSION:-xz}" -z2 --build "$stage" "$package" >/dev/null
rm -rf "$control"
echo "$package"
