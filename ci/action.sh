#!/usr/bin/env bash
# What action.yml runs: installs leaklint from npm and checks. In come INPUT_* and the variables of GitHub Actions, out go
# the outputs, and the exit code of leaklint.
set -euo pipefail

fail() {
    echo "::error title=leaklint::$1"
    exit 2
}

here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
scratch=$(mktemp -d "${RUNNER_TEMP:-${TMPDIR:-/tmp}}/leaklint.XXXXXX")
trap 'rm -rf "$scratch"' EXIT

# --- the program ---
version=${INPUT_VERSION:-}
if [ -z "$version" ]; then
    version=$(sed -n 's/^  "version": "\(.*\)",$/\1/p' "$here/npm/leaklint/package.json")
fi
if [ "$version" = installed ]; then
    leaklint=$(command -v leaklint) || fail "version is 'installed', and there is no leaklint on the path"
else
    # What may stand behind `leaklint@` and is no flag, no path and no URL.
    [[ $version =~ ^[0-9A-Za-z][0-9A-Za-z.+-]*$ ]] || fail "'version' is not a version: $version"
    command -v npm >/dev/null || fail "npm is needed to install leaklint: set up Node first, or use version 'installed'"
    npm install --prefix "$scratch" --no-save --ignore-scripts --no-audit --no-fund --loglevel=error "leaklint@$version" >&2
    leaklint="$scratch/node_modules/.bin/leaklint"
fi

# --- the arguments ---
case "${INPUT_ANNOTATIONS:=true}" in true | false) ;; *) fail "'annotations' is true or false, not $INPUT_ANNOTATIONS" ;; esac
format=${INPUT_FORMAT:-}
if [ -z "$format" ]; then
    if [ "$INPUT_ANNOTATIONS" = true ]; then format=github; else format=pretty; fi
fi
read -r -d '' -a args <<<"${INPUT_ARGS:-.}" || true
args+=(--format "$format" --no-suppressed -o "jsonl=$scratch/findings")
if [ "$INPUT_ANNOTATIONS" = true ] && [ "$format" != github ]; then
    args+=(-o "github=$scratch/annotations")
fi
if [ -n "${INPUT_CONFIG:-}" ]; then args+=(--config "$INPUT_CONFIG"); fi
if [ -n "${INPUT_SARIF_FILE:-}" ]; then args+=(-o "sarif=$INPUT_SARIF_FILE"); fi
case "${INPUT_FAIL_ON:-}" in
"") ;;
never) args+=(--exit-zero) ;;
*) args+=(--fail-on "$INPUT_FAIL_ON") ;;
esac

# --- the run ---
cd "${INPUT_WORKING_DIRECTORY:-.}" || fail "there is no folder ${INPUT_WORKING_DIRECTORY:-.}"
code=0
"$leaklint" check "${args[@]}" || code=$?
if [ -f "$scratch/annotations" ]; then cat "$scratch/annotations"; fi

# --- the outputs ---
if [ -n "${GITHUB_OUTPUT:-}" ]; then
    findings=""
    if [ -f "$scratch/findings" ]; then findings=$(wc -l <"$scratch/findings" | tr -d ' '); fi
    sarif=""
    if [ -n "${INPUT_SARIF_FILE:-}" ] && [ -f "$INPUT_SARIF_FILE" ]; then
        case "$INPUT_SARIF_FILE" in
        /* | [A-Za-z]:*) sarif=$INPUT_SARIF_FILE ;;
        *) sarif=${INPUT_WORKING_DIRECTORY:-.}/$INPUT_SARIF_FILE ;;
        esac
    fi
    # Names of files may have line ends, which would be further outputs.
    printf 'findings=%s\nsarif-file=%s\n' "$findings" "${sarif//[$'\r\n']/}" >>"$GITHUB_OUTPUT"
fi
exit "$code"
