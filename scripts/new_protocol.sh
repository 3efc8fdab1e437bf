#!/bin/sh
# Starts a protocol: a folder from scripts/protocol_template/ that compiles and passes, and its line in the table.
#
# usage: scripts/new_protocol.sh [--plant] NAME [NUMBER]      scripts/new_protocol.sh --plant s7comm 117
#   --plant of plants, hospitals or railways: it says what is done to which points (parsers/core/ot.h)
#   NAME    lower case letters, digits, underscores: folder, C++ namespace, word in a rule's header, EVE's event_type
#   NUMBER  of its field in export/proto/picket/v1/event.proto, from 100 on: for ever. Without it the two lines there
#           are left to you, and the tests `spec` and `corpus_NAME` wait for them
set -eu
cd "$(dirname "$0")/.."

fail() { echo "new_protocol.sh: $*" >&2; exit 2; }
case ${1-} in
  '' | -h | --help) sed -n '2,9s/^# \{0,1\}//p' scripts/new_protocol.sh; exit 2 ;;
esac
plant=
if [ "$1" = --plant ]; then
  plant=yes
  shift
fi
name=${1-}
number=${2-}
echo "$name" | grep -Eqx '[a-z][a-z0-9_]*' || fail "'$name' is no name; try small letters, digits, underscores: s7comm"
[ ! -e "parsers/$name" ] || fail "parsers/$name is there already"
[ "$name" != core ] || fail "parsers/core is what all protocols share"
event=export/proto/picket/v1/event.proto
table=parsers/meson.build
if [ -n "$number" ]; then
  echo "$number" | grep -Eqx '[1-9][0-9]{2,3}' || fail "'$number' is no field number; try one from 100 to 4095"
  if grep -Eq "= $number( |;)" "$event" || grep -Eq "reserved .*\\b$number\\b" "$event"; then
    fail "$event has used $number already; a number is used once"
  fi
fi

# modbus_tcp → ModbusTcp
type=$(echo "$name" | awk -F_ '{ for (i = 1; i <= NF; i++) printf "%s%s", toupper(substr($i, 1, 1)), substr($i, 2) }')

mkdir -p "parsers/$name/corpus"
: > "parsers/$name/corpus/.gitkeep"
for from in scripts/protocol_template/*.in; do
  to=parsers/$name/$(basename "$from" .in | sed "s/^NAME/$name/")
  case $plant$from in
    yes*) keep='s| *[/#][/]*@plant$||' base=OtTransaction core=ot ;;
    *NAME_ot.cc.in) continue ;;
    *) keep='/@plant$/d' base=Transaction core=protocol ;;
  esac
  sed -e "$keep" -e "s/@Transaction@/$base/" -e "s/@core@/$core/" -e "s/@name@/$name/g" -e "s/@Name@/$type/g" "$from" > "$to"
done

if command -v clang-format > /dev/null; then clang-format -i "parsers/$name"/*.cc "parsers/$name"/*.h; fi

# The table stays sorted: the line goes before the first name that is greater, or to the end of the list.
awk -v name="$name" '
  /^protocols = \[/ { inside = 1 }
  inside && !placed {
    other = $0; gsub(/[ ,'"'"']/, "", other)
    if ($0 ~ /^\]/ || ($0 ~ /^  '"'"'/ && other > name)) { printf "  '"'"'%s'"'"',\n", name; placed = 1 }
  }
  { print }
' "$table" > "$table.new" && mv "$table.new" "$table"

if [ -n "$number" ]; then
  awk -v name="$name" -v type="$type" -v number="$number" '
    /^import "parsers\// {
      if (!imported && $0 > "import \"parsers/" name "/" name ".proto\";") {
        print "import \"parsers/" name "/" name ".proto\";"; imported = 1
      }
      last_import = 1; print; next
    }
    last_import && !imported { print "import \"parsers/" name "/" name ".proto\";"; imported = 1 }
    /^message Event \{/ { in_event = 1 }
    in_event && /^\}/ { print "  " type " " name " = " number ";"; in_event = 0 }
    { last_import = 0; print }
  ' "$event" > "$event.new" && mv "$event.new" "$event"
fi

echo "parsers/$name is there and stands in $table. What is left:"
if [ -z "$number" ]; then
  echo "  - $event: import \"parsers/$name/$name.proto\"; and in Event"
  echo "    '$type $name = N;' with a number never used before"
fi
cat <<STEPS
  - $name.h first: the frame's picture, limits, events; then $name.cc, and the probe (it says no until it is written)
  - ${name}_spec.cc: ports, limits, events, buffers and integers for rules, memory
  - $name.proto and ${name}_export.cc: the record; (keyword) ties a field to a rule keyword
  - with --plant ${name}_ot.cc: operations, classes, techniques, addresses, values
  - ${name}_assets.cc: which fields tell who a host is: maker, model, versions, names, roles (export/assets/clues.h)
  - a few seeds: scripts/make_seed.py tcp parsers/$name/corpus/CASE < turns.txt
  - pcaps/$name/CASE/: input.pcap, expect.json, README
  - ninja -C build && meson test -C build parsers_$name corpus_$name mutation_$name spec
STEPS
