#!/bin/bash
# clang-format on every source file, clang-tidy on those that changed since BASE (default: all).
# usage: scripts/check_style.sh [BASE]
set -euo pipefail
cd "$(dirname "$0")/.."
mapfile -t all < <(git ls-files '*.cc' '*.h')
bad=$(clang-format --dry-run -Werror "${all[@]}" 2>&1 | grep -c 'error:' || true)
if [ "$bad" != 0 ]; then
  clang-format --dry-run -Werror "${all[@]}" 2>&1 | grep 'error:' | cut -d: -f1 | sort | uniq -c >&2
  echo "check_style: $bad places differ from .clang-format; run: clang-format -i FILE" >&2
  exit 1
fi
echo "check_style: format of ${#all[@]} files is right"
mapfile -t tidy < <(if [ $# -gt 0 ]; then git diff --name-only "$1" -- '*.cc'; else git ls-files '*.cc'; fi | grep -v -e 'test' -e '_fuzz\.cc$')
if [ ${#tidy[@]} -gt 0 ]; then
  printf '%s\n' "${tidy[@]}" | xargs -P "$(nproc)" -n 4 clang-tidy -p build --quiet 2>/tmp/picket-tidy.$$ || { cat /tmp/picket-tidy.$$ >&2; exit 1; }
  rm -f /tmp/picket-tidy.$$
fi
echo "check_style: clang-tidy has nothing to say of ${#tidy[@]} files"
