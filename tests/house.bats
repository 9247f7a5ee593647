#!/usr/bin/env bats
# Rules about the tree itself, so that nobody has to remember them.  Which way
# includes may point, and all that needs a compiler's judgement, is in tools/lint.
# shellcheck disable=SC2016 # the dollars and backquotes here are of patterns

setup() {
  bats_require_minimum_version 1.5.0
  shopt -s nullglob
  cd "$BATS_TEST_DIRNAME/.." || return
}

# Each line of input is a breach.
nothing() { if grep .; then return 1; fi; }

# All our C without its comments, as "file: line".
setup_file() {
  local file
  shopt -s nullglob
  cd "$BATS_TEST_DIRNAME/.." || return
  for file in lib/*/*.[ch] cgi-bin/*.c bin/*.c; do
    gcc -fpreprocessed -dD -E -P -w "$file" | sed "s,^,$file: ,"
  done >"$BATS_FILE_TMPDIR/code"
}

# The part of it that is in files of this pattern.
code() { grep -E "^($1): " "$BATS_FILE_TMPDIR/code"; }

# --- documents ---------------------------------------------------------------

# The rows of conf.c's table, and of README's with three columns: "NAME|default".
conf_variables() {
  grep -A 1 -E '^	\{ "TELLTALE_' lib/base/conf.c | tr -d '\n' |
    grep -oE '"TELLTALE_[A-Z_]+", [A-Z]+, AT\([a-z_]+\),[[:space:]]*"[^"]*"' |
    sed -E 's/"([A-Z_]+)".*"([^"]*)"$/\1|\2/' | sort
}

readme_variables() {
  sed -nE 's/^\| `(TELLTALE_[A-Z_]+)` *\| *(`([^`]*)`)? *\| [^|]*\|$/\1|\3/p' README.md | sort
}

@test "README has the programs' variables with their defaults, and no other" {
  [ "$(conf_variables | wc -l)" -eq "$(grep -c '^	{ "TELLTALE_' lib/base/conf.c)" ]
  diff <(readme_variables) <(conf_variables)
}

@test "README has the variables of the command and the examples, and none that nobody reads" {
  diff <(grep -ohE 'TELLTALE_[A-Z_]+' README.md | sort -u) \
    <({ grep -ohE '"TELLTALE_[A-Z_]+"' lib/base/conf.c | tr -d '"'
        grep -ohE 'TELLTALE_[A-Z_]+' bin/telltale examples/*; } | sort -u)
}

@test "the command and the Makefile are of one version" {
  grep -q "^version=$(sed -n 's/^VERSION[	 ]*= //p' Makefile)$" bin/telltale
}

@test "every path that README names is in the tree" {
  local path
  while read -r path; do
    [ -e "$path" ] || echo "README.md: $path"
  done < <(grep -oE '[`(][a-z.][A-Za-z0-9_.-]*/[A-Za-z0-9_./-]*[`) ]' README.md |
    tr -d '`() ' | grep -vE '^(build|/)' | sort -u) | nothing
}

@test "every make target that README or make help names exists" {
  local target
  while read -r target; do
    grep -qE "^$target:" Makefile || echo "make $target"
  done < <({ cat README.md; make -s help; } |
    grep -oE '\bmake [a-z][a-z-]*' | cut -d ' ' -f 2 | sort -u) | nothing
}

# The lines of EVENTS.md: "EVENT|DATA|FILE|TEST".
events_seen() {
  sed -nE 's/^\| `([a-z:_]+)` \| ([^|]*[^| ])? *\| [^|]+ \| ([^|: ]+): ([^|]*[^| ]) \|$/\1|\2|\3|\4/p' tests/EVENTS.md
}

@test "every event that EVENTS.md has was seen by a test, which speaks of it" {
  local event file name
  [ "$(events_seen | wc -l)" -eq "$(grep -c '^| `' tests/EVENTS.md)" ]
  while IFS='|' read -r event _ file name; do
    { [ ! -e "$file" ] || awk -v first="@test \"$name\" {" '
        $0 == first { on = 1 } on { print } /^}/ { on = 0 }' "$file"; } | grep -qw -e "$event" ||
      echo "EVENTS.md: $event: $file: $name"
  done < <(events_seen) | nothing
}

@test "EVENTS.md has every event of a queue's streams, and every opcode with its fields" {
  local opcode fields field row
  grep -ohE '\b(connected|heartbeat|job:[a-z]+)\b' lib/surface/queue_stream.c | sort -u |
    comm -23 - <(events_seen | cut -d '|' -f 1 | sort -u) | nothing
  while IFS='|' read -r opcode fields; do
    row=$(events_seen | grep "^$opcode|" | head -n 1)
    [ -n "$row" ] || { echo "EVENTS.md: $opcode"; continue; }
    jq -r 'keys[]' <<<"$fields" | while read -r field; do
      grep -qE "^$opcode\|([^|]*, )?$field(,[^|]*)?\|" <<<"$row" || echo "EVENTS.md: $opcode: $field"
    done
  done < <(sed -nE "/^insert into telltale.opcode/,/;/s/.*\('([a-z_]+)', +'(\{[^}]*\})'.*/\1|\2/p" sql/tables/*.sql) | nothing
}

# --- C -----------------------------------------------------------------------

@test "no header of ours has the name of a system header" {
  local header
  for header in lib/*/*.h; do
    if echo "#include <${header##*/}>" | gcc -E - >/dev/null 2>&1; then echo "$header"; fi
  done | nothing
}

@test "the first line of every source says its name and what it is" {
  local file
  for file in lib/*/*.[ch] cgi-bin/*.c bin/*.c; do
    sed -n 2p "$file" | grep -qE "^ \* $(basename "$file" .c)(\.c)? - .+" || echo "$file: $(sed -n 2p "$file")"
  done | nothing
}

@test "every header has the guard of its name" {
  local file guard
  for file in lib/*/*.h; do
    guard=TT_$(basename "$file" .h | tr a-z- A-Z_)_H
    grep -q "^#ifndef $guard$" "$file" && grep -q "^#endif /\* !$guard \*/$" "$file" ||
      echo "$file: not $guard"
  done | nothing
}

@test "no two headers share a guard" {
  grep -h '^#ifndef TT_.*_H$' lib/*/*.h | sort | uniq -d | nothing
}

@test "a prototype that hands out something to change or free says whose it is" {
  # A paragraph is the prototypes between two blank lines, with their comment.
  local header
  for header in lib/*/*.h; do
    awk -v RS= -v file="$header" '
      /\/\*/ { next }
      { gsub(/(^|\n)const [^;]*;/, "") }
      /\t\*+tt_[a-z0-9_]+\(|\*\*[a-z_]*[,)]/ { print file ": " $0 }' "$header"
  done | nothing
}

@test "no function is longer than 60 lines" {
  awk '/^\{/ { start = FNR }
    /^}/ && start { if (FNR - start - 1 > 60)
        print FILENAME ":" start ": " FNR - start - 1 " lines"; start = 0 }
  ' lib/*/*.c cgi-bin/*.c bin/*.c /dev/null | nothing
}

@test "the environment is read in conf.c only" {
  code '.*' | grep -w getenv | grep -v '^lib/base/conf.c:' | nothing
}

@test "no string function that cannot be told where to stop" {
  code '.*' | grep -wE '(str(n?cat|n?cpy|tok)|stpn?cpy|v?sprintf|gets|alloca|ato[il]l?)' | nothing
}

@test "PostgreSQL is spoken to in lib/pg and lib/job only" {
  code 'lib/(base|web|hook|gate|surface|stream)/.*|(cgi-bin|bin)/.*' |
    grep -E '\bPQ[a-zA-Z]+\(|"[^"]*\btelltale\.[a-z_]+\(' | nothing
}

@test "a refusal's status is typed in lib/web and lib/surface only" {
  # Health answers load balancers: it has no surface.
  code 'lib/(pg|job|hook|gate|stream)/.*\.c|(cgi-bin|bin)/.*' | grep -v '^cgi-bin/health.c:' |
    grep -wE '(40[0-9]|41[0-9]|429|50[1-9])' | nothing
}

@test "nothing is left to do, switched off, or focused on" {
  grep -rnE '\b(TODO|FIXME|HACK)\b|^#[ 	]*if 0|bats:foc[u]s' lib cgi-bin sql bin tools \
    examples tests conf-examples | grep -v '^tests/house.bats:' | nothing
}

@test "programs that answer and end are not linked with the event loop" {
  local program
  for program in jobs job ticket health webhook queue control; do
    program=build/cgi-bin/$program.fcgi
    [ -e "$program" ] || skip "$program is not built"
    if readelf -d "$program" | grep -q 'NEEDED.*libev'; then echo "$program"; fi
  done | nothing
}

@test "what calls others is linked with libcurl, and nothing else is" {
  local program
  [ -e build/bin/telltale-webhookd ] || skip 'it is not built'
  readelf -d build/bin/telltale-webhookd | grep -q 'NEEDED.*libcurl'
  for program in build/cgi-bin/*.fcgi; do
    if readelf -d "$program" | grep -q 'NEEDED.*libcurl'; then echo "$program"; fi
  done | nothing
}

# --- SQL ---------------------------------------------------------------------

@test "each function has a file of its name, is pinned, commented and closed to public" {
  local file name
  for file in sql/functions/*.sql; do
    name=$(basename "$file" .sql)
    head -n 1 "$file" | grep -q "^-- telltale\.$name(" || echo "$file: header"
    [ "$(grep -ciE '^create ' "$file")" = 1 ] || echo "$file: creates one thing"
    grep -q "^create or replace function telltale\.$name(" "$file" || echo "$file: name"
    grep -q 'security definer' "$file" || echo "$file: security definer"
    grep -q 'set search_path = pg_catalog, pg_temp' "$file" || echo "$file: search_path"
    grep -q "^comment on function telltale\.$name" "$file" || echo "$file: comment"
    grep -q "^revoke all on function telltale\.$name" "$file" || echo "$file: revoke"
  done | nothing
}

@test "tickets have a bit for every scope that keys may have" {
  local words
  words=$(sed -n '/^static const char \*const scope_words/,/^};/p' lib/gate/ticket.c | grep -oE '"[a-z:]+"' | tr -d '"')
  [ -n "$words" ]
  diff <(echo "$words") \
    <(sed -n '/select array\[/,/\];/p' sql/functions/scope_list.sql | grep -oE "'[a-z:]+'" | tr -d "'")
}

@test "files of tables are numbered without a gap" {
  local file number=0
  for file in sql/tables/*; do
    [[ ${file##*/} =~ ^$(printf %04d $number)-[a-z0-9-]+\.sql$ ]] || echo "$file"
    number=$((number + 1))
  done | nothing
}

# --- the rest ----------------------------------------------------------------

@test "every program has its place in the configuration of every server" {
  local program name server
  for program in cgi-bin/*.c; do
    name=$(basename "$program" .c)
    for server in lighttpd apache-proxy apache-fcgid apache-cgi nginx; do
      grep -qE "\b$name\.(fcgi|sock)\b" "conf-examples/$server.conf" ||
        echo "$server.conf lacks $name"
    done
  done | nothing
}

@test "what starts with #! can be run, and nothing else can" {
  local file
  while read -r file; do
    if [ "$(head -c 2 "$file" | tr -d '\0')" = '#!' ]; then
      [ -x "$file" ] || case $file in *.bats) ;; *) echo "$file: not executable" ;; esac
    else
      [ ! -x "$file" ] || echo "$file: executable"
    fi
  done < <(find bin tools tests examples cgi-bin lib sql conf-examples .ci -type f) | nothing
}
