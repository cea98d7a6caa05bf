#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Boots a real systemd as process 1 of its own namespaces, over a throw-away overlay of this machine's root file system, in half a second.
# Usage: systemd-sandbox.sh start NAME | exec NAME COMMAND [ARGUMENT ...] | pid NAME | stop NAME
#   start   boots it and waits until it runs
#   exec    runs a command inside
#   pid     prints the pid of its systemd, as this machine sees it; /proc/PID/root is its root
#   stop    kills all its processes and removes it
# Environment: TMPDIR (where its files lie)
#
# Inside, everything is as on a host but for this: MemoryMax and TasksMax are not enforced, and ids of BPF objects are those of the machine.
# Files are copies: nothing that is written inside reaches the machine, whose /tmp and /run are hidden. Of file systems other than the
# root, nothing is visible. Needs root and systemd 250 or later.
set -euo pipefail

self=$(readlink -f "$0")
action=${1:?start, exec, pid or stop}
name=${2:?a name}
shift 2
folder=${TMPDIR:-/tmp}/sandbox-$name
cgroup=$(findmnt -nt cgroup2 -o TARGET | head -n1)/sandbox-$name

init_pid() {
    local outer inner
    outer=$(<"$folder/pid")
    inner=$(<"/proc/$outer/task/$outer/children")
    [ -n "$inner" ] && echo "${inner% }"
}

stop() {
    if [ -d "$cgroup" ]; then
        echo 1 >"$cgroup/cgroup.kill"
        for _ in {1..2000}; do
            grep -q 'populated 0' "$cgroup/cgroup.events" && break
            sleep 0.005
        done
        find "$cgroup" -depth -type d -exec rmdir {} +
    fi
    rm -rf --one-file-system "$folder"
}

start() {
    if [ -e "$folder" ]; then
        echo "systemd-sandbox: $name exists" >&2
        exit 1
    fi
    mkdir -p "$folder" "$cgroup"
    # It is in the cgroup before --cgroup, so that the cgroup becomes the root of its namespace.
    # shellcheck disable=SC2016
    setsid bash -c 'echo 0 >"$1/cgroup.procs"; shift; exec unshare --mount --pid --uts --ipc --net --cgroup --fork --kill-child \
        --propagation private "$@"' - "$cgroup" "$self" __init "$name" </dev/null >"$folder/console" 2>&1 &
    echo $! >"$folder/pid"
    disown
    local pid='' state
    for _ in {1..1000}; do
        pid=$(init_pid 2>/dev/null) && [ "$(cat "/proc/$pid/comm")" = systemd ] && nsenter -t "$pid" -m test -S /run/systemd/private && break
        if [ ! -d "/proc/$(<"$folder/pid")" ]; then
            cat "$folder/console" >&2
            stop
            exit 1
        fi
        sleep 0.02
    done
    state=$(timeout 60 nsenter -t "$pid" -a systemctl is-system-running --wait) || true
    if [ "$state" != running ]; then
        nsenter -t "$pid" -a systemctl --failed --no-pager >&2
        cat "$folder/console" >&2
        stop
        exit 1
    fi
}

# Runs as process 1 inside, until systemd takes over.
init() {
    local root=$folder/root layers=$folder/layers options=nosuid,nodev,noexec node device major minor unit
    mkdir -p "$root" "$layers"
    mount -t tmpfs -o size=75%,mode=755 sandbox "$layers"
    mkdir "$layers"/{upper,work}
    mount -t overlay -o "lowerdir=/,upperdir=$layers/upper,workdir=$layers/work" overlay "$root"
    cd "$root"
    mount -t proc -o $options proc proc
    # Sysctls belong to the machine, except those of the network namespace.
    mount --bind proc/sys proc/sys
    mount --bind proc/sys/net proc/sys/net
    mount -o remount,bind,ro proc/sys
    mount -t sysfs -o $options sysfs sys
    mount -t cgroup2 -o $options cgroup2 sys/fs/cgroup
    mount -t bpf -o $options,mode=700 bpf sys/fs/bpf # the mode that systemd gives it on a host
    mount -t tmpfs -o nosuid,mode=755 dev dev
    for node in null:1:3 zero:1:5 full:1:7 random:1:8 urandom:1:9 tty:5:0; do
        IFS=: read -r device major minor <<<"$node"
        mknod -m 666 "dev/$device" c "$major" "$minor"
    done
    ln -s /proc/self/fd dev/fd
    ln -s fd/0 dev/stdin
    ln -s fd/1 dev/stdout
    ln -s fd/2 dev/stderr
    mkdir dev/pts dev/shm
    ln -s pts/ptmx dev/ptmx
    mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts dev/pts
    mount -t tmpfs -o nosuid,nodev,mode=1777 shm dev/shm
    mount -t tmpfs -o nosuid,nodev,mode=755 run run
    mount -t tmpfs -o nosuid,nodev,mode=1777 tmp tmp
    hostname "$name"
    echo "$name" >etc/hostname
    tr -d - </proc/sys/kernel/random/uuid >etc/machine-id
    # None of the machine's services, and no unit that would work on the machine.
    rm -rf etc/systemd/system/*.wants var/log/journal
    for unit in systemd-{sysctl,modules-load,remount-fs,sysusers,update-utmp,tmpfiles-setup-dev,journal-flush}.service \
        modprobe@.service kmod-static-nodes.service sys-kernel-{debug,tracing,config}.mount sys-fs-fuse-connections.mount \
        dev-{hugepages,mqueue}.mount systemd-journald-audit.socket systemd-initctl.socket \
        systemd-ask-password-console.path systemd-tmpfiles-clean.timer; do
        ln -sf /dev/null "etc/systemd/system/$unit"
    done
    printf '[Unit]\nRequires=basic.target\nAfter=basic.target\nAllowIsolate=yes\n' >etc/systemd/system/sandbox.target
    ip link set lo up
    mkdir -p .old
    pivot_root . .old
    cd /
    umount -l /.old
    rmdir /.old
    mount --make-rshared /
    exec env -i container=sandbox PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 \
        /lib/systemd/systemd --system --unit=sandbox.target --show-status=no --log-target=journal-or-kmsg
}

case $action in
    start) start ;;
    exec) exec env --unset=TMPDIR nsenter -t "$(init_pid)" -a "$@" ;;
    pid) init_pid ;;
    stop) stop ;;
    __init) init ;;
    *)
        echo "systemd-sandbox: unknown action $action" >&2
        exit 64
        ;;
esac
