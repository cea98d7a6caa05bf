#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs tests on other kernels: boots Debian's own, emulated in software, over the root file system of this machine.
# Usage: kernels.sh [--quick] [VERSION ...]
#   VERSION   6.1 (Debian 12) or 6.12 (Debian 13, Debian 12 backports); both without one
#   --quick   only the kernel tests that load and run the BPF programs
# Environment: CONFIGURATION; FILTER (names, as of test.sh); GUEST_SECONDS (limit of one guest)
#
# The guest sees this file system read-only below an overlay in its memory. Files that a test writes disappear with it; results come
# back through artifacts/kernels/VERSION. Emulation is 5 to 20 times slower than the machine, and uses one thread: a kernel that
# patches its own code under the multi-threaded emulator has crashed.
set -euo pipefail
cd "$(dirname "$0")/.."

configuration=${CONFIGURATION:-Release}
cache=${KERNELS_CACHE:-$PWD/artifacts/kernels/cache}
quick=''
if [ "${1:-}" = --quick ]; then
    quick=1
    shift
fi
versions=("$@")
[ ${#versions[@]} -gt 0 ] || versions=(6.1 6.12)

say() { printf 'kernels: %s\n' "$*"; }

install_tools() {
    local pair missing=()
    for pair in qemu-system-x86_64:qemu-system-x86 busybox:busybox-static cpio:cpio depmod:kmod; do
        command -v "${pair%:*}" >/dev/null || missing+=("${pair#*:}")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    say "installing from Debian: ${missing[*]}"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# Fetches a kernel of Debian and unpacks it under the cache. Nothing is installed.
fetch_kernel() {
    local version=$1 meta package
    [ -e "$cache/$version/done" ] && return
    meta=linux-image-$version-amd64
    # Debian 12 calls its own kernel by no version.
    apt-cache show "$meta" >/dev/null 2>&1 || apt-get update -qq
    apt-cache show "$meta" >/dev/null 2>&1 || meta=linux-image-amd64
    package=$(apt-cache depends "$meta" | awk '/Depends: linux-image-/ { print $2; exit }')
    case $package in
        linux-image-"$version".*) ;;
        *)
            say "this Debian has no kernel $version: $meta is ${package:-unknown}"
            return 1
            ;;
    esac
    say "fetching $package"
    mkdir -p "$cache/$version"
    (cd "$cache/$version" && apt-get download -qq -o APT::Sandbox::User=root "$package" && dpkg-deb -x "$package"_*.deb . && rm "$package"_*.deb)
    touch "$cache/$version/done"
}

# An initial file system that only loads the drivers of the shared root and goes there.
make_initramfs() {
    local version=$1 root=$cache/$1/init release module number=10
    [ -e "$cache/$version/init.gz" ] && return
    release=$(ls "$cache/$version/lib/modules")
    rm -rf "$root"
    mkdir -p "$root"/{bin,proc,sys,dev,host,memory,root,modules}
    cp "$(command -v busybox)" "$root/bin/"
    depmod -b "$cache/$version" "$release" 2>/dev/null || true
    for module in virtio_pci 9p 9pnet_virtio overlay; do
        modprobe -d "$cache/$version" -S "$release" --show-depends "$module" 2>/dev/null
    done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' | while read -r file; do
        cp "$file" "$root/modules/$number-$(basename "$file")"
        number=$((number + 1))
    done
    cat >"$root/init" <<'EOF'
#!/bin/busybox sh
b=/bin/busybox
$b mount -t proc proc /proc
$b mount -t sysfs sys /sys
$b mount -t devtmpfs dev /dev
for m in /modules/*; do
    case $m in
        *.xz) $b unxz -c $m >/module.ko && $b insmod /module.ko ;;
        *) $b insmod $m ;;
    esac
done
share='trans=virtio,version=9p2000.L,msize=1048576'
$b mount -t 9p -o $share,cache=loose,ro host /host &&
    $b mount -t tmpfs -o size=6g memory /memory && $b mkdir /memory/upper /memory/work &&
    $b mount -t overlay -o lowerdir=/host,upperdir=/memory/upper,workdir=/memory/work overlay /root || $b poweroff -f
$b mkdir -p /root/run
for d in proc sys dev; do $b mount --move /$d /root/$d; done
$b mount -t tmpfs run /root/run
$b mkdir /root/run/results
$b mount -t 9p -o $share results /root/run/results
exec $b switch_root /root /bin/bash /run/results/guest.sh
EOF
    chmod +x "$root/init"
    (cd "$root" && find . | cpio -o -H newc 2>/dev/null | gzip -1) >"$cache/$version/init.gz"
}

# The first process of the guest.
write_guest() {
    local version=$1 results=$2
    cat >"$results/guest.sh" <<EOF
export HOME=/root PATH=$PATH DOTNET_ROOT=$(dirname "$(readlink -f "$(command -v dotnet)")") DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1
export TERM=dumb LAB_NIC='nic0 nic1' DEVMAPD_TEST_PATIENCE=10
mount -t bpf bpf /sys/fs/bpf
mount -t tracefs tracing /sys/kernel/tracing
mkdir -p /dev/shm /dev/pts /lib/modules
mount -t tmpfs shm /dev/shm
mount -t devpts pts /dev/pts
mount -t cgroup2 cgroup /sys/fs/cgroup
ln -sfn $cache/$version/lib/modules/* /lib/modules/
ip link set lo up
for m in virtio_net veth bridge 8021q bonding vrf macvlan ipvlan vxlan wireguard dummy ifb tun nlmon sch_ingress cls_bpf; do modprobe \$m 2>/dev/null; done
number=0
for path in /sys/class/net/*/device/driver; do
    case \$(readlink \$path) in *virtio_net) ;; *) continue ;; esac
    ip link set dev \$(basename \${path%/device/driver}) name nic\$number && number=\$((number + 1))
done
cd $PWD
bash scripts/kernels.guest.sh ${quick:+--quick} $configuration /run/results ${FILTER:-}
echo "\$?" >/run/results/status
sync
$cache/$version/init/bin/busybox poweroff -f
EOF
}

# Boots a kernel and prints what its guest printed.
boot() {
    local version=$1 results=$2
    # Two NICs on one hub. Native XDP refuses a virtio NIC whose host merges segments or leaves checksums open.
    local plain=guest_csum=off,guest_tso4=off,guest_tso6=off,guest_ecn=off,guest_ufo=off,ctrl_guest_offloads=off
    timeout "${GUEST_SECONDS:-3000}" qemu-system-x86_64 -accel tcg,thread=single,tb-size=1024 -cpu max -M q35 -m 8192 -smp 2 \
        -nographic -no-reboot -kernel "$cache/$version"/boot/vmlinuz-* -initrd "$cache/$version/init.gz" \
        -append "console=ttyS0 quiet panic=-1 net.ifnames=0" \
        -netdev hubport,id=a,hubid=0 -device "virtio-net-pci,netdev=a,romfile=,$plain" \
        -netdev hubport,id=b,hubid=0 -device "virtio-net-pci,netdev=b,romfile=,$plain" \
        -virtfs local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap \
        -virtfs "local,path=$results,mount_tag=results,security_model=none" </dev/null
}

install_tools
failed=0
for version in "${versions[@]}"; do
    results=$PWD/artifacts/kernels/$version
    rm -rf "$results"
    mkdir -p "$results"
    fetch_kernel "$version"
    make_initramfs "$version"
    write_guest "$version" "$results"
    say "booting Linux $version"
    boot "$version" "$results" | sed -u "s/^/$version: /" || true
    say "Linux $version:"
    for file in "$results"/*.trx; do
        [ ! -e "$file" ] || scripts/results.py --counts "$file" || true
    done
    if [ "$(cat "$results/status" 2>/dev/null)" != 0 ]; then
        say "failed on Linux $version; results are in ${results#"$PWD/"}"
        failed=1
    fi
done
exit $failed
