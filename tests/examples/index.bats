#!/usr/bin/env bats
# What examples/worker-index tells of a folder on GET /api/updates, and what
# examples/search finds then: real files, which appear, change, move and go.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # setup_file, start() and others set what is used

setup_file() {
  load ../helpers
  account=$(new_account)
  key=$(new_key "$account" queue:read)
  export account key
  cd "$BATS_TEST_DIRNAME/../.." || return
  TELLTALE_INDEX_DSN=$TELLTALE_SUPER_DSN examples/worker-index --init
  sql "select jsonb_object_agg(opcode, fields) from telltale.opcode" >"$BATS_FILE_TMPDIR/opcodes"
}

setup() {
  bats_require_minimum_version 1.5.0
  cd "$BATS_TEST_DIRNAME/../.." || return
  load ../helpers
  load ../stream/sse
  load helpers
  folder=$BATS_TEST_TMPDIR/texts
  mkdir "$folder"
  open_stream updates /api/updates -H 'Accept: text/event-stream'
  await updates '^id:'
}

teardown() {
  leave_all
  clean_up
  # Once a test of the database has done away with it, there is nothing.
  psql -XqAt -d "$TELLTALE_SUPER_DSN" -c 'truncate example_index.document'
}

# --- the words of these tests ------------------------------------------------

# index [OPTION...]: watches, and works; and is at it.
index() {
  start examples/worker-index --account "$account" "$@" "$folder" 2>"$BATS_TEST_TMPDIR/log"
  told watch_started ".path == \"$folder\""
  told directory_processing_completed ".path == \"$folder\""
}

# Works on what is queued, a job after the other, until there are none.
work_off() {
  until nothing_waits; do
    examples/worker-index --account "$account" --work --once "$folder"
  done
}

count_jobs() {
  sql "select count(*) from telltale.job join telltale.account using (account_id)
        where name = '$account' and $1"
}

nothing_waits() { [ "$(count_jobs "status in ('queued', 'processing')")" = 0 ]; }

# what OPCODE [CONDITION]: the data of those that came.
what() {
  datas updates | jq -c --arg opcode "$1" "select(.opcode == \$opcode).data | select(${2:-true})"
}

has() { [ -n "$(what "$@")" ]; }
hasnt() { ! has "$@"; }
has_count() { [ "$(what "$1" "$2" | wc -l)" -eq "$3" ]; }

# told OPCODE [CONDITION]: until it comes, with the fields that it has to have;
# and with no other, if it is of a file or a folder.
told() {
  within 20 has "$@" || { show_stream updates "which has no $*"; cat "$BATS_TEST_TMPDIR/log"; return 1; }
  what "$@" | jq -es --arg opcode "$1" --slurpfile all "$BATS_FILE_TMPDIR/opcodes" '
    ($all[0][$opcode] | keys) as $fields | all(.[]; ($fields - keys == []) and
      (keys == $fields or ($opcode | test("^queue_"))))' >/dev/null ||
    { echo "$1 has other fields:"; what "$@"; return 1; }
}

# Of a file: named FILE OPCODE [CONDITION].
named() { told "$2" ".path == \"$folder/$1\" and (${3:-true})"; }

# The opcodes about a file, in their order.
story() {
  datas updates | jq -r --arg path "$folder/$1" \
    'select(.data | (.path // .file_path // .src_path) == $path).opcode' |
    grep -v '^status_update$' | tr '\n' ' '
}

# The files that a query finds, below the folder, best first.
find_text() { examples/search --json "$@" | jq -r .path | sed "s,^$folder/,," ; }
finds() { [ "$(find_text "${@:2}" | sort | tr '\n' ' ')" = "$1${1:+ }" ]; }

# --- files -------------------------------------------------------------------

@test "a file that appears is told of, and indexed step by step" {
  index
  echo 'The old town lies by the river. It is quiet there.' >"$folder/a walk.txt"

  named 'a walk.txt' file_complete
  for opcode in file_created file_parsing file_parsed file_summarizing file_summarized \
    file_embedding file_embedded; do named 'a walk.txt' $opcode; done
  told queue_item_completed ".file_path == \"$folder/a walk.txt\""
  [ "$(story 'a walk.txt')" = "file_created queue_item_added queue_item_processing file_parsing \
file_parsed file_summarizing file_summarized file_embedding file_embedded file_complete \
queue_item_completed " ]
  what queue_item_added
  [ "$(what queue_item_added | jq -r .action)" = index ]
  [ "$(what status_update | jq .progress | tr '\n' ' ')" = '10 40 50 60 70 90 95 ' ]
  finds 'a walk.txt' 'quiet town'
}

@test "a file that changes is told of once, and found by its new words" {
  echo 'Of rivers and boats.' >"$folder/a.txt"
  index
  named a.txt file_complete

  echo 'Of mountains, and of goats.' >"$folder/a.txt"

  named a.txt file_modified
  within 20 has_count file_complete true 2
  has_count file_modified true 1
  finds a.txt goat
  finds '' boat
}

@test "a file that gets another name keeps what is known of it" {
  echo 'Of rivers and boats.' >"$folder/a.txt"
  index
  named a.txt file_complete

  mv "$folder/a.txt" "$folder/b.txt"

  told file_moved ".src_path == \"$folder/a.txt\" and .dest_path == \"$folder/b.txt\""
  named b.txt file_skipped '.reason == "unchanged"'
  told queue_item_completed '.action == "move"'
  finds b.txt boat
  has_count file_created true 1
  hasnt file_deleted
}

@test "a file that an editor saves by putting another in its place is indexed again" {
  echo 'Of rivers and boats.' >"$folder/a.txt"
  index
  named a.txt file_complete

  echo 'Of mountains, and of goats.' >"$folder/.a.txt.swp"
  mv "$folder/.a.txt.swp" "$folder/a.txt"
  named a.txt file_modified
  echo 'Of deserts, and of camels.' >"$folder/new.txt"
  named new.txt file_complete
  mv "$folder/new.txt" "$folder/a.txt"

  told file_moved ".dest_path == \"$folder/a.txt\""
  named a.txt file_skipped '.reason == "unchanged"'
  finds a.txt camel
  finds '' goat
}

@test "a file that goes is told of, and found no more" {
  echo 'Of rivers and boats.' >"$folder/a.txt"
  index
  named a.txt file_complete

  rm "$folder/a.txt"

  named a.txt file_deleted
  told queue_item_completed '.action == "delete"'
  finds '' boat
}

@test "a file by its kind: Markdown, HTML, and what is no text" {
  printf 'Before.\n\n## A *long* walk ##\n\nTo [the mill](http://a.example/x).\n' >"$folder/a.md"
  printf '<!DOCTYPE html><title>Fish &amp; chips</title><script>if (a<b) "bones"</script>
    <style>p { color: blue }</style><!-- bones --><p>Fresh<b>est</b> &lt;fish&gt;<p>1 < 2' >"$folder/b.html"
  printf 'nothing\0to read' >"$folder/c.txt"
  printf 'caf\351' >"$folder/d.txt"
  echo GIF89a >"$folder/e.gif"
  : >"$folder/f"
  index
  named a.md file_complete
  named b.html file_complete
  named f file_complete

  named c.txt file_skipped '.reason == "it is no text"'
  named d.txt file_skipped '.reason == "it is no text in UTF-8"'
  named e.gif file_skipped '.reason == ".gif is no kind of text"'
  run -0 examples/search --json mill
  [ "$(jq -r .summary <<<"$output")" = 'A long walk' ]
  run -0 examples/search --json freshest
  [ "$(jq -r .summary <<<"$output")" = 'Fish & chips' ]
  [ "$(psql -XqAt -d "$TELLTALE_SUPER_DSN" -c "select text from example_index.document
        where path = '$folder/b.html'")" = $'Freshest <fish>\n\n1 < 2' ]
  finds '' bones
}

@test "a file may have any name; one that is not UTF-8 is passed over" {
  index
  names=($'two\nlines.txt' "it's \"so\".txt" 'back\slash.txt' $'tab\t$(id) `id` ;.txt' '-rf.txt' '😀 %s.txt' ':path.txt')
  for name in "${names[@]}"; do echo "A gooseberry, in ${#name}." >"$folder/$name"; done
  echo 'A gooseberry.' >"$folder/"$'caf\351.txt'

  within 20 has_count file_complete true ${#names[@]}
  told file_skipped ".path == \"$folder/caf\\\\xe9.txt\" and .reason == \"its name is not in UTF-8\""
  diff <(examples/search --json --limit 20 gooseberry | jq -c .path | sort) \
    <(for name in "${names[@]}"; do jq -cn --arg name "$folder/$name" '$name'; done | sort)
  for name in "${names[@]}"; do mv "$folder/$name" "$folder/$name.md"; done
  within 20 has_count file_moved true ${#names[@]}
  within 20 has_count queue_item_completed '.action == "move"' ${#names[@]}
  [ "$(examples/search --json --limit 20 gooseberry | grep -c '\.md"')" = ${#names[@]} ]
}

@test "a file that is gone, or no file, when its job comes is passed over" {
  index --watch
  echo 'One.' >"$folder/a.txt"
  echo 'Two.' >"$folder/b.txt"
  named b.txt file_created
  rm "$folder/a.txt"
  rm "$folder/b.txt"
  named b.txt file_deleted
  ln -s /etc/hostname "$folder/b.txt"

  work_off

  named a.txt file_skipped '.reason == "it was deleted before it was read"'
  named b.txt file_skipped '.reason == "it is a link"'
  [ "$(count_jobs "status <> 'completed'")" = 0 ]
  finds '' one or two
}

@test "a file that moves twice, or moves and goes, before its jobs come leaves nothing behind" {
  echo 'Of boats.' >"$folder/a.txt"
  echo 'Of ships.' >"$folder/b.txt"
  index --watch
  work_off
  finds 'a.txt b.txt' boat or ship

  mv "$folder/a.txt" "$folder/a2.txt"
  mv "$folder/b.txt" "$folder/b2.txt"
  told file_moved ".dest_path == \"$folder/b2.txt\""
  mv "$folder/a2.txt" "$folder/a3.txt"
  rm "$folder/b2.txt"
  named b2.txt file_deleted
  work_off

  finds a3.txt boat or ship
  [ "$(psql -XqAt -d "$TELLTALE_SUPER_DSN" -c 'select path from example_index.document')" = "$folder/a3.txt" ]
}

@test "a file that cannot be had fails, and says why" {
  index --watch
  mkdir "$folder/sub"
  ln -s /etc "$folder/etc"
  for path in /etc/hostname "$folder/../texts.txt" "$folder/sub/../../x.txt" "$folder" ''; do
    submit index '{"action": "index"}' "$path" 1
  done
  submit move '{"action": "move"}' "$folder/a.txt" 1
  submit index '{}' "$folder/.git/config" 1
  submit index '{}' "$folder/etc/hostname" 1
  submit index '{}' "$folder/sub" 1
  submit index '{}' "$folder/$(printf %0300d 1).txt" 1

  work_off

  told file_failed '.path == "/etc/hostname" and .filename == "hostname" and
    .error == "/etc/hostname is not in the folder of this worker"'
  has_count file_failed '.error | test("not in the folder|leads to no file|is hidden")' 7
  told file_failed '.error == "it cannot be read: File name too long"'
  told file_skipped '.reason == "its folder is a link, or gone"'
  told file_skipped '.reason == "it is no regular file"'
  [ "$(count_jobs "error_code = 'OUTSIDE'")" = 7 ]
  told queue_item_failed
}

@test "a file that may not be read fails, and the next one does not" {
  local as=() indexer=examples/worker-index
  # Root may read all; but who runs the database may not, and may reach it.
  if [ "$(id -u)" = 0 ]; then
    as=(setpriv "--reuid=$TELLTALE_PG_USER" --clear-groups env "PATH=/usr/bin:/bin:$PATH")
    folder=$(mktemp -d "$TELLTALE_DIR/tmp/texts.XXXXXX")
    chmod 755 "$folder"
    cp -R examples "$folder/.examples"
    indexer=$folder/.examples/worker-index
  fi
  "${as[@]}" python3 -c '' || skip "$TELLTALE_PG_USER has no python3"
  echo 'Of secrets.' >"$folder/a.txt"
  echo 'Of boats.' >"$folder/b.txt"
  chmod 000 "$folder/a.txt"

  start "${as[@]}" "$indexer" --account "$account" "$folder" 2>"$BATS_TEST_TMPDIR/log"

  named b.txt file_complete
  named a.txt file_failed '.error == "it cannot be read: Permission denied"'
}

@test "a file of 100 MB is indexed by its first part" {
  yes 'All work and no play.' | head -c 100M >"$folder/jack.txt" || true
  index
  named jack.txt file_complete
  told queue_item_completed
  [ "$(sql "select result from telltale.job order by id desc limit 1" | jq -c '[.bytes, .cut, .summary]')" = \
    '[1048576,true,"All work and no play."]' ]
  finds jack.txt play
}

@test "a file that is made to be hard to read takes no longer than another" {
  for what in '<a ' '<!--' '<' '<script>' '&#1' '<title>' 'a-'; do
    yes "$what" | tr -d '\n' | head -c 1M >"$folder/${what//[!a-z]/_}.html" || true
  done
  { seq 200000 | tr '\n' ' '; seq 200000 400000 | tr '\n' '-'; } >"$folder/words.txt"
  index
  within 60 has_count file_complete true 8
  finds words.txt 77
}

# --- folders -----------------------------------------------------------------

@test "a folder at the start: it is watched, gone through, and all below it" {
  mkdir -p "$folder/a/b" "$folder/.git"
  echo 'Of boats.' >"$folder/a/b/deep.txt"
  echo 'Of nothing.' >"$folder/.git/config.txt"
  index

  told watch_started '.recursive == true'
  for path in "$folder" "$folder/a" "$folder/a/b"; do told watch_added ".path == \"$path\""; done
  named a/b/deep.txt file_complete
  has_count watch_added true 3
  [ "$(datas updates | jq -r 'select(.data.path == $path).opcode' --arg path "$folder" | tr '\n' ' ')" = \
    'watch_started directory_processing_started watch_added directory_processing_completed ' ]
  told directory_processing_started
}

@test "a folder that gets another name takes its files along" {
  mkdir -p "$folder/a/b"
  echo 'Of boats.' >"$folder/a/one.txt"
  echo 'Of ships.' >"$folder/a/b/two.txt"
  index
  named a/b/two.txt file_complete
  named a/one.txt file_complete

  mv "$folder/a" "$folder/c"
  told directory_moved ".src_path == \"$folder/a\" and .dest_path == \"$folder/c\""
  echo 'Of rafts.' >"$folder/c/b/three.txt"

  named c/b/three.txt file_complete
  within 20 finds 'c/b/two.txt c/one.txt' boat or ship
  named a/b watch_removed
  named c/b watch_added
  has_count file_created true 3
  hasnt file_deleted
}

@test "a folder that gets another name: what changes in it at once is told, too" {
  mkdir "$folder/a"
  for name in gone changed same; do echo 'Of boats.' >"$folder/a/$name.txt"; done
  index --watch
  has_count file_created true 3

  # All of it is in the kernel's queue before it looks.
  kill -STOP "$worker"
  mv "$folder/a" "$folder/b"
  rm "$folder/b/gone.txt"
  echo 'Of ships.' >>"$folder/b/changed.txt"
  echo 'Of rafts.' >"$folder/b/new.txt"
  kill -CONT "$worker"

  told directory_moved ".dest_path == \"$folder/b\""
  named b/gone.txt file_deleted
  named b/changed.txt file_modified
  named b/new.txt file_created
  hasnt file_deleted '.path | endswith("same.txt")'
}

@test "a folder that goes takes its files along, and is watched no more" {
  mkdir -p "$folder/a/b" "$folder/c/d"
  echo 'Of boats.' >"$folder/a/b/one.txt"
  echo 'Of boats.' >"$folder/c/d/two.txt"
  index
  named a/b/one.txt file_complete
  named c/d/two.txt file_complete

  rm -r "$folder/a"
  mv "$folder/c" "$BATS_TEST_TMPDIR/elsewhere"

  for path in a a/b c; do named $path directory_deleted; done
  for path in a a/b c c/d; do named $path watch_removed; done
  for path in a/b/one.txt c/d/two.txt; do named $path file_deleted; done
  within 20 finds '' boat
  echo 'Of boats.' >"$BATS_TEST_TMPDIR/elsewhere/d/three.txt"
  mv "$BATS_TEST_TMPDIR/elsewhere" "$folder/e"
  named e/d/three.txt file_complete
  finds 'e/d/three.txt e/d/two.txt' boat
  hasnt file_created '.path | test("/c/.*three")'
}

@test "a tree that is unpacked: not one of its folders is overlooked" {
  index --watch
  # As fast as it goes: while one is listed, there are more in it.
  python3 -c 'import os, sys
for n in range(1200):
    os.makedirs("%s/%d/%d/x" % (sys.argv[1], n // 30, n % 30))' "$folder"
  within 60 has_count watch_added true 2441
  for path in "$folder"/*/*/; do echo 'Of boats.' >"${path}a.txt"; done

  within 60 has_count file_created true 1200
  [ "$(what file_created | sort -u | wc -l)" = 1200 ]
}

@test "a thousand files at once: each has its job, and workers share them" {
  index --watch
  (cd "$folder" && seq -f '%g.txt' 1000 | while read -r name; do echo "Of boat $name." >"$name"; done)

  within 60 has_count queue_item_added true 1000
  has_count file_created true 1000
  [ "$(count_jobs "type = 'index'")" = 1000 ]
  sql "select count(telltale.remove(job_id)) from telltale.job
        where file_path !~ '/[0-9]{1,2}\.txt$'"
  for _ in 1 2 3; do
    examples/worker-index --account "$account" --work "$folder" 3>&- 4>&- &
    workers+=($!)
  done
  within 60 has_count file_complete true 99
  [ "$(examples/search --json --limit 1000 boat | jq -r .path | sort -u | wc -l)" = 99 ]
}

@test "more happens than the kernel remembers: all is looked at again" {
  limit=$(cat /proc/sys/fs/inotify/max_queued_events)
  [ "$limit" -le 65536 ] || skip "$limit events are more than a test should make"
  mkdir "$folder/old"
  echo 'Of boats.' >"$folder/old/gone.txt"
  index --watch
  named old/gone.txt file_created

  kill -STOP "$worker"
  python3 -c 'import sys
for n in range(int(sys.argv[2])):
    open(sys.argv[1] + "/%d.txt" % (n % 2), "w").close()' "$folder" "$limit"
  mkdir "$folder/new"
  echo 'Of ships.' >"$folder/new/a.txt"
  rm -r "$folder/old"
  kill -CONT "$worker"

  named new/a.txt file_created
  named old/gone.txt file_deleted
  named old directory_deleted
  grep -q 'more happened than could be followed' "$BATS_TEST_TMPDIR/log"
  echo 'Of rafts.' >"$folder/new/b.txt"
  named new/b.txt file_created
}

# What the index has, and what it should have: "path hash", in an order.
has_hashes() {
  psql -XqAt -F ' ' -d "$TELLTALE_SUPER_DSN" -c "select path, hash from example_index.document" | sort
}
should_have() {
  find "$folder" -type f | sort | while read -r path; do
    echo "$path $({ printf '.%s\0' "${path##*.}"; cat "$path"; } | sha256sum | cut -d ' ' -f 1)"
  done | sort
}
agrees() { diff <(has_hashes) <(should_have) >"$BATS_TEST_TMPDIR/differ"; }

@test "whatever happens in a folder, and however late: in the end the index has what is there" {
  seed=${SEED:-$RANDOM}
  echo "SEED=$seed"
  mkdir "$BATS_TEST_TMPDIR/elsewhere"
  index --watch
  for _ in 1 2; do
    examples/worker-index --account "$account" --work "$folder" 3>&- 4>&- &
    workers+=($!)
  done
  tests/examples/chaos "$folder" "$BATS_TEST_TMPDIR/elsewhere" "$seed" 300
  # The last that the watcher sees, and so the last of its jobs.
  echo 'The end.' >"$folder/end.txt"
  named end.txt file_complete

  within 60 agrees || { cat "$BATS_TEST_TMPDIR/differ"; false; }
  within 20 nothing_waits
  agrees
  [ "$(count_jobs "status <> 'completed'")" = 0 ]
}

# --- beginning and end -------------------------------------------------------

@test "what happened while nobody watched is found, and nothing else is done again" {
  for name in same changed gone; do echo "Of boats, $name." >"$folder/$name.txt"; done
  echo GIF89a >"$folder/a.gif"
  index
  for name in same changed gone; do named $name.txt file_complete; done
  named a.gif file_skipped
  kill "$worker"
  wait "$worker"
  echo 'Of ships.' >>"$folder/changed.txt"
  rm "$folder/gone.txt"
  echo 'Of rafts.' >"$folder/new.txt"

  : >"$(stream_file updates).old"
  leave updates
  open_stream updates /api/updates -H 'Accept: text/event-stream'
  await updates '^id:'
  index

  named new.txt file_complete
  named changed.txt file_complete
  told queue_item_completed '.action == "delete"'
  has_count queue_item_added true 3
  named gone.txt file_deleted
  named changed.txt file_modified
  named new.txt file_created
  finds 'changed.txt new.txt same.txt' boat or raft
}

@test "a file that is only touched is passed over: unchanged" {
  echo 'Of boats.' >"$folder/a.txt"
  index
  named a.txt file_complete

  touch "$folder/a.txt"

  named a.txt file_skipped '.reason == "unchanged"'
  has_count file_complete true 1
}

@test "it ends when it is told to, or when its folder is gone, and says so" {
  mkdir "$folder/a"
  index
  kill "$worker"
  wait "$worker"
  for path in "$folder" "$folder/a"; do told watch_removed ".path == \"$path\""; done

  start examples/worker-index --account "$account" "$folder" 2>"$BATS_TEST_TMPDIR/log"
  within 20 has_count directory_processing_completed true 2
  rm -r "$folder"
  status=0
  wait "$worker" || status=$?
  [ "$status" = 1 ]
  told directory_deleted ".path == \"$folder\""
  grep -q "$folder is there no more" "$BATS_TEST_TMPDIR/log"
}

@test "connections that break are made again, and nothing is lost" {
  index
  echo 'Of boats.' >"$folder/a.txt"
  named a.txt file_complete

  psql -XqAt -d "$TELLTALE_SUPER_DSN" -c "select pg_terminate_backend(pid) from pg_stat_activity
    where usename = 'telltale_worker'"
  echo 'Of ships.' >"$folder/b.txt"

  named b.txt file_complete
  kill -0 "$worker"
  finds 'a.txt b.txt' ship or boat
}

@test "it says what it lacks" {
  run -2 examples/worker-index
  [[ $output == *'--account NAME and DIRECTORY are needed'* ]]
  run -2 examples/worker-index --account "$account" /nowhere
  [[ $output == *'/nowhere is not a directory'* ]]
  run -1 examples/worker-index --account nobody "$folder"
  [[ $output == *"there is no account 'nobody'"* ]]
  TELLTALE_INDEX_DSN=host=/nowhere run -1 examples/worker-index --account "$account" "$folder"
  [[ $output == *'see TELLTALE_INDEX_DSN'* ]]
}

@test "the index may be in a database of its own" {
  psql -XqAt -d "$TELLTALE_SUPER_DSN" -c "create database other_$BATS_TEST_NUMBER"
  export TELLTALE_INDEX_DSN=${TELLTALE_SUPER_DSN/dbname=telltale/dbname=other_$BATS_TEST_NUMBER}
  [ "$TELLTALE_INDEX_DSN" != "$TELLTALE_SUPER_DSN" ]
  run -1 examples/worker-index --account "$account" "$folder"
  [[ $output == *'see --init'* ]]
  run -2 examples/search boat

  examples/worker-index --init
  examples/worker-index --init
  echo 'Of boats.' >"$folder/a.txt"
  index
  named a.txt file_complete

  finds a.txt boat
  unset TELLTALE_INDEX_DSN
  finds '' boat
}

# --- search ------------------------------------------------------------------

@test "search: words, phrases, or, and not; the best first; 1 if there is nothing" {
  echo 'The cat sat on the mat. The dog did not.' >"$folder/a.txt"
  printf '# A dog\n\nThe dog sat on the cat, and the dog barked.\n' >"$folder/b.md"
  index
  named a.txt file_complete
  named b.md file_complete

  [ "$(find_text dog | tr '\n' ' ')" = 'b.md a.txt ' ]
  [ "$(find_text --limit 1 dog)" = b.md ]
  finds 'a.txt b.md' dogs cats
  finds a.txt '"cat sat"'
  finds a.txt dog -barked
  finds 'a.txt b.md' mat or barking
  run -1 examples/search horse
  [ -z "$output" ]
  run -1 examples/search the
  run -0 examples/search "dog '; \\ :: %" -zebra
  run -0 examples/search barked
  [ "${lines[0]% *}" = "$folder/b.md " ]
  [ "${lines[1]}" = '    A dog' ]
  [[ ${lines[2]} == *'**barked**'* ]]
  [ "${#lines[@]}" = 3 ]
}

@test "search: nothing that a terminal would obey is printed" {
  printf 'A trap \033]0;title\007 for \033[31mterminals.\n' >"$folder/"$'\033[2J.txt'
  index
  told file_complete
  run -0 examples/search trap
  [[ $output == *'**trap**'* ]]
  run ! grep -q $'[\001-\010\013-\037]' <<<"$output"
}
