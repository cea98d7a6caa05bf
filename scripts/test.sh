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

# Runs a project, or those of its tests that a filter leaves; what it says goes into files of this name, so that several at once do not mix.
run() {
    local name=$1 project=tests/$2/$2.csproj only=${3:-} begin=$SECONDS
    if [ -n "$filter" ]; then
        only="($filter)${only:+&($only)}"
    fi
    # What runs in the background ignores SIGINT, and so would the daemons that the tests interrupt.
    env --default-signal=INT,QUIT "${dotnet[@]}" test "$project" -c "$configuration" --no-build --nologo \
        --logger "console;verbosity=minimal" --logger "trx;LogFileName=$results/$name.trx" --blame-hang-timeout "${HANG_TIMEOUT:-10m}" \
        ${only:+--filter "$only"} >"$results/$name.log" 2>&1
    echo "$? $((SECONDS - begin))" >"$results/$name.end"
}

# Prints what was said under a name, and adds its results.
tell() {
    local name=$1 status seconds p f t s
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
    rows+=("$(printf '%-36s %5d passed %4d failed %4d skipped %5d s' "$name" "$p" "$f" "$s" "$seconds")")
}

passed=0 failed=0 skipped=0 rows=()
trap 'trap - INT TERM; kill 0' INT TERM
# The end-to-end tests wait most of their time: they run in two processes, and the others beside them, one after another.
truth='FullyQualifiedName~LossCauseTests|FullyQualifiedName~RandomTopologyTests|FullyQualifiedName~ExplainTests|FullyQualifiedName~PassProgramTests'
run ControlPlane.EndToEndTests ControlPlane.EndToEndTests "$(sed 's/|/\&/g; s/~/!~/g' <<<"$truth")" &
run ControlPlane.EndToEndTests-truth ControlPlane.EndToEndTests "$truth" &
for project in tests/*Tests; do
    name=$(basename "$project")
    if [ "$name" != ControlPlane.EndToEndTests ]; then
        run "$name" "$name"
        tell "$name"
    fi
done
wait
tell ControlPlane.EndToEndTests-truth
tell ControlPlane.EndToEndTests

summary="$passed passed, $failed failed"
[ $skipped -eq 0 ] || summary+=", $skipped skipped"
printf '\n'
printf '%s\n' "${rows[@]}" "$summary"
printf '%s\n' "$summary" >"$results/summary"
[ $failed -eq 0 ] && [ $passed -gt 0 ]
