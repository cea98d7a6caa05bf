#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Makes this machine fit to build, run and test devmapd: installs what is missing from Debian and mounts bpffs.
# Asks nothing, says what it does, and does nothing where nothing is missing.
set -euo pipefail
cd "$(dirname "$0")/.."

packages=(
    clang clang-format libbpf-dev libc6-dev # the BPF programs, and libbpf.so.1
    gcc make                                # C layouts in tests, plain C baselines
    iproute2 ethtool bpftool                # namespaces and veths of tests and demo; to look at the kernel's side
    curl iputils-ping                       # what README's walk-through calls
    chromium                                # the browser that tests the pages
    python3-grpcio python3-protobuf         # scripts/grpcall, which makes the gRPC calls of the documents
    protobuf-compiler openssl               # code and certificates of the clients' tests
    python3-pip python3-setuptools python3-wheel python3-pytest # the Python client
    golang-go golang-google-grpc-dev golang-github-golang-protobuf-1-5-dev golang-google-protobuf-dev golang-google-genproto-dev # the Go client
    protoc-gen-go protoc-gen-go-grpc        # its code
    zsh fish                                # the shells that test the completions, beside bash
    systemd                                 # the sandbox that tests the unit
    ca-certificates
)
command -v npm >/dev/null || packages+=(npm) # the tools that check the contracts; node itself may come from elsewhere

say() { printf 'setup: %s\n' "$*"; }
fail() {
    printf 'setup: %s\n' "$@" >&2
    exit 1
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        fail "'$*' needs root, and there is no sudo here." "Run this script as root."
    fi
}

install_packages() {
    if ! command -v dpkg-query >/dev/null; then
        # Not Debian or of its kin: the package names are others, so look for what they would bring.
        local command missing=()
        for command in clang gcc make ip ethtool bpftool; do
            command -v "$command" >/dev/null || missing+=("$command")
        done
        [ ${#missing[@]} = 0 ] || fail "This is no Debian system; please install what brings: ${missing[*]}, libbpf 1.x with headers, chromium."
        return
    fi

    local installed missing=() package
    installed=" $(dpkg-query -W -f='${db:Status-Status}:${Package} ' "${packages[@]}" 2>/dev/null || true)"
    for package in "${packages[@]}"; do
        [[ $installed == *" installed:$package "* ]] || missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0

    say "installing from Debian: ${missing[*]}"
    as_root apt-get update -qq
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

mount_bpffs() {
    if ! findmnt -n -t bpf /sys/fs/bpf >/dev/null; then
        say "mounting bpffs at /sys/fs/bpf"
        as_root mount -t bpf bpf /sys/fs/bpf || say "bpffs cannot be mounted here: only 'make run ARGS=--simulate' will work"
    fi
}

check_dotnet() {
    local required
    required=$(sed -n 's/.*"version": *"\([^"]*\)".*/\1/p' global.json)
    command -v dotnet >/dev/null && dotnet --version >/dev/null 2>&1 ||
        fail "The .NET SDK $required or a later one of its release is missing; Debian does not have it, so this script cannot install it." \
            "Get it from https://dotnet.microsoft.com/download and put 'dotnet' on the PATH."
}

install_packages
mount_bpffs
check_dotnet
