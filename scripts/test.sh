#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs the test projects and adds up their results.
# Usage: test.sh [--group GROUP] [NAME ...]
#   --group GROUP   run only tests with the trait Group=GROUP: truth, losses, soak, snapshot, fuzz, powercut, systemd, packages. The last two run only so
#   NAME            run only tests whose full name contains one of the names
# Environment: CONFIGURATION; DOTNET (the command, with what gives it root); HANG_TIMEOUT (of one test)
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

read -ra dotnet <<<"${DOTNET:-dotnet}"
configuration=${CONFIGURATION:-Release}
group=''
if [ "${1:-}" = --group ]; then
    group=$2
    shift 2
fi
filter=''
for name in "$@"; do
    filter+="${filter:+|}FullyQualifiedName~$name"
done
results=$PWD/artifacts/test-results
rm -rf "$results"
mkdir -p "$results"

# Joins filters: all must hold.
all() {
    local joined='' part
    for part in "$@"; do
        [ -z "$part" ] || joined+="${joined:+&}($part)"
    done
    printf '%s' "$joined"
}

# Prints an attribute of the <Counters> element of a trx file; prints nothing if there is no such file.
counter() { grep -o '<Counters [^>]*' "$2" 2>/dev/null | sed -n "s/.* $1=\"\([0-9]*\)\".*/\1/p"; }

# Runs the tests of a project that a filter selects. The output goes to files named after the run, so that runs beside each other do not mix.
run() {
    local name=$1 project=tests/$2/$2.csproj only begin=$SECONDS
    only=$(all "${group:+Group=$group}" "$filter" "${3:-}")
    [ -n "$group" ] || only=$(all "$only" 'Group!=systemd&Group!=packages&Group!=kinds')
    # Background jobs ignore SIGINT, and so would the daemons that the tests interrupt. Processes that live for seconds gain nothing from
    # the runtime's profiles of their code, which take a quarter of their time.
    env --default-signal=INT,QUIT DOTNET_TieredPGO=0 "${dotnet[@]}" test "$project" -c "$configuration" --no-build --nologo \
        --logger "console;verbosity=minimal" --logger "trx;LogFileName=$results/$name.trx" --blame-hang-timeout "${HANG_TIMEOUT:-10m}" \
        ${only:+--filter "$only"} >"$results/$name.log" 2>&1
    echo "$? $((SECONDS - begin))" >"$results/$name.end"
}

# Runs the tests of the clients in other languages, if nothing selects others. With root, as all tests: one of their daemons uses the kernel.
run_clients() {
    local begin=$SECONDS
    "${dotnet[@]:0:${#dotnet[@]}-1}" clients/test.py >"$results/clients.log" 2>&1
    echo "$? $((SECONDS - begin))" >"$results/clients.end"
}

# Prints the output of a run and adds its results.
report() {
    local name=$1 status seconds p f t s
    printf '\n== %s\n' "$name"
    cat "$results/$name.log"
    read -r status seconds <"$results/$name.end"
    if [ "$name" = clients ]; then
        [[ $(tail -n 1 "$results/clients.log") =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed$ ]]
        p=${BASH_REMATCH[1]:-0} f=${BASH_REMATCH[2]:-0} t=$((${BASH_REMATCH[1]:-0} + ${BASH_REMATCH[2]:-0}))
    else
        p=$(counter passed "$results/$name.trx") f=$(counter failed "$results/$name.trx") t=$(counter total "$results/$name.trx")
    fi
    p=${p:-0} f=${f:-0} s=$((${t:-0} - p - f))
    # A run that ended with an error has failed, whatever its file says. So has a run without a file, unless its filter selects no test.
    if [ "$status" -ne 0 ] && [ "$f" -eq 0 ]; then
        f=1
    fi
    passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
    rows+=("$(printf '%-36s %5d passed %4d failed %4d skipped %5d s' "$name" "$p" "$f" "$s" "$seconds")")
}

# The runs, each a name, a project and a filter, the longest first. The end-to-end tests wait most of their time, so three runs go on at once.
runs=(
    'ControlPlane.EndToEndTests ControlPlane.EndToEndTests Group!=truth&Group!=losses&Group!=nic'
    'ControlPlane.EndToEndTests-losses ControlPlane.EndToEndTests Group=losses'
    'ControlPlane.FunctionalTests ControlPlane.FunctionalTests'
    'ControlPlane.EndToEndTests-truth ControlPlane.EndToEndTests Group=truth'
)
for project in tests/*Tests; do
    name=$(basename "$project")
    [[ " ${runs[*]} " == *" $name "* ]] || runs+=("$name $name")
done

if [ -z "$group" ] && [[ ${filter:-clients} == *clients* ]]; then
    runs+=('clients')
fi

passed=0 failed=0 skipped=0 rows=()
trap 'trap - INT TERM; kill 0' INT TERM
active=0
for line in "${runs[@]}"; do
    if [ $active -ge 3 ]; then
        wait -n
        active=$((active - 1))
    fi
    read -r name project only <<<"$line"
    if [ "$name" = clients ]; then
        run_clients &
    else
        run "$name" "$project" "$only" &
    fi
    active=$((active + 1))
done
wait
for line in "${runs[@]}"; do
    report "${line%% *}"
done

summary="$passed passed, $failed failed"
[ $skipped -eq 0 ] || summary+=", $skipped skipped"
# The names of the failed tests stand at the end, where they are found without the whole log.
printf '\n'
for file in "$results"/*.trx; do
    [ ! -e "$file" ] || scripts/results.py "$file"
done
printf '%s\n' "${rows[@]}" "$summary"
printf '%s\n' "$summary" >"$results/summary"
# A skipped test needs a feature that this kernel lacks. Here nothing may be missing: `make kernels` is for other kernels.
if [ $skipped -ne 0 ]; then
    printf 'test.sh: %s tests were skipped; no test may be skipped on the kernel of this machine\n' "$skipped" >&2
    exit 1
fi
[ $failed -eq 0 ] && [ $passed -gt 0 ]
