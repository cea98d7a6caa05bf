#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs the test projects and sums up their results.
# Usage: test.sh [NAME ...]: only tests whose full name contains one of these. Environment: CONFIGURATION, DOTNET (the command, with whatever gives it root), HANG_TIMEOUT (of one test).
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

read -ra dotnet <<<"${DOTNET:-dotnet}"
configuration=${CONFIGURATION:-Release}
filter=''
for name in "$@"; do
    filter+="${filter:+|}FullyQualifiedName~$name"
done
results=$PWD/artifacts/test-results
rm -rf "$results"
mkdir -p "$results"

# Prints an attribute of the one <Counters> element of a trx file; nothing when there is no such file.
counter() { grep -o '<Counters [^>]*' "$2" 2>/dev/null | sed -n "s/.* $1=\"\([0-9]*\)\".*/\1/p"; }

# Runs a project; what it says goes into a file, so that two at once do not mix.
run() {
    local name begin=$SECONDS
    name=$(basename "$1" .csproj)
    "${dotnet[@]}" test "$1" -c "$configuration" --no-build --nologo \
        --logger "console;verbosity=minimal" --logger "trx;LogFileName=$results/$name.trx" --blame-hang-timeout "${HANG_TIMEOUT:-10m}" \
        ${filter:+--filter "$filter"} >"$results/$name.log" 2>&1
    echo "$? $((SECONDS - begin))" >"$results/$name.end"
}

# Prints what a project said, and adds its results.
tell() {
    local name status seconds p f t s
    name=$(basename "$1" .csproj)
    printf '\n== %s\n' "$name"
    cat "$results/$name.log"
    read -r status seconds <"$results/$name.end"
    p=$(counter passed "$results/$name.trx") f=$(counter failed "$results/$name.trx") t=$(counter total "$results/$name.trx")
    p=${p:-0} f=${f:-0} s=$((${t:-0} - p - f))
    # A run that broke off has failed, whatever its file says; so has one that left no file, unless the filter left nothing to run.
    if [ "$status" -ne 0 ] && [ "$f" -eq 0 ]; then
        f=1
    fi
    passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
    rows+=("$(printf '%-32s %5d passed %4d failed %4d skipped %5d s' "$name" "$p" "$f" "$s" "$seconds")")
}

passed=0 failed=0 skipped=0 rows=()
trap 'trap - INT TERM; kill 0' INT TERM
# The end-to-end tests wait most of their time: the others run beside them, one after another.
run tests/ControlPlane.EndToEndTests/ControlPlane.EndToEndTests.csproj &
for project in tests/*Tests/*.csproj; do
    case $project in
    *EndToEndTests*) continue ;;
    esac
    run "$project"
    tell "$project"
done
wait
tell tests/ControlPlane.EndToEndTests/ControlPlane.EndToEndTests.csproj

summary="$passed passed, $failed failed"
[ $skipped -eq 0 ] || summary+=", $skipped skipped"
printf '\n'
printf '%s\n' "${rows[@]}" "$summary"
printf '%s\n' "$summary" >"$results/summary"
[ $failed -eq 0 ] && [ $passed -gt 0 ]
