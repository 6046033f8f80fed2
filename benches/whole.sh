#!/usr/bin/env bash
# The whole process against another command over the same tree, in turns: the median ratio of user plus system time.
#
#   benches/whole.sh TREE COMMAND...
#
# TREE is appended to both command lines. LEAKLINT names the binary (target/release/leaklint), ROUNDS how often (9),
# LEAKLINT_ARGS the arguments (check --exit-zero --quiet).
set -euo pipefail
[ $# -ge 2 ] || { sed -n '2,7s/^# \{0,1\}//p' "$0" >&2; exit 2; }

here=$(cd "$(dirname "$0")/.." && pwd)
tree=$1
shift
binary=${LEAKLINT:-$here/target/release/leaklint}
read -r -a args <<<"${LEAKLINT_ARGS:-check --exit-zero --quiet}"
rounds=${ROUNDS:-9}
[ -d "$tree" ] || { echo "no folder $tree" >&2; exit 2; }
[ -x "$binary" ] || { echo "no $binary: cargo build --release" >&2; exit 2; }
export LC_ALL=C

# User plus system seconds of a command.
cpu() {
    local TIMEFORMAT='%U %S' said code=0
    said=$({ time "$@" >/dev/null 2>&1; } 2>&1) || code=$?
    # leaklint says 2 for trees with paths it cannot read; a command that is not there says 127.
    [ "$code" -lt 126 ] || { echo "cannot run $1" >&2; return 1; }
    awk '{ print $1 + $2 }' <<<"$said"
}

cpu "$binary" "${args[@]}" "$tree" >/dev/null
cpu "$@" "$tree" >/dev/null
ratios=()
for ((round = 1; round <= rounds; round++)); do
    ours=$(cpu "$binary" "${args[@]}" "$tree")
    base=$(cpu "$@" "$tree")
    ratio=$(awk -v a="$ours" -v b="$base" 'BEGIN { if (b == 0) exit 1; printf "%.3f", a / b }') ||
        { echo "the base took no measurable time: take a larger tree" >&2; exit 1; }
    ratios+=("$ratio")
    printf '%2d  ours %ss  base %ss  ratio %s\n' "$round" "$ours" "$base" "$ratio"
done
printf '%s\n' "${ratios[@]}" | sort -n | awk '{ it[NR] = $1 } END { print "median ratio", NR % 2 ? it[(NR + 1) / 2] : (it[NR / 2] + it[NR / 2 + 1]) / 2 }'
