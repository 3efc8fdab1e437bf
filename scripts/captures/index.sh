#!/usr/bin/env bash
# Writes pcaps/INDEX.md from the README of each case, and reports captures that tshark finds empty, large or malformed
# (some are meant to be). index.sh --check only looks.
set -euo pipefail
cd "$(dirname "$0")/../../pcaps"
out=$(mktemp)
trap 'rm -f "$out"' EXIT
{
  printf '# Captures\n\nWritten by `scripts/captures/index.sh` from the README of each case. All are our own: Apache-2.0.\n\n'
  printf '| case | origin | frames | what it shows |\n| --- | --- | ---: | --- |\n'
  for readme in */*/README.md; do
    case=$(dirname "$readme")
    capture=$(ls "$case"/input.pcap* 2>/dev/null | head -1 || true)
    [ -n "$capture" ] || { echo "$case: no capture" >&2; continue; }
    # tshark fails on a capture that is cut off, after it has printed what there is.
    frames=$( (tshark -n -r "$capture" -T fields -e frame.number 2>/dev/null || true) | wc -l)
    malformed=$( (tshark -n -r "$capture" -Y _ws.malformed 2>/dev/null || true) | wc -l)
    [ "$frames" -gt 0 ] || echo "$case: no frames" >&2
    [ "$malformed" -eq 0 ] || echo "$case: $malformed malformed frames" >&2
    [ "$(stat -c %s "$capture")" -lt 1000000 ] || echo "$case: larger than 1 MB" >&2
    title=$(sed -n '1s/^# [^:]*: //p' "$readme")
    origin=$(sed -n 's/^- Origin: \([^;]*\);.*/\1/p' "$readme")
    echo "| [$case]($case/) | $origin | $frames | $title |"
  done
} >"$out"
[ "${1-}" = --check ] || cp "$out" INDEX.md
