#!/usr/bin/env bats
# The file of rates: many processes, one count; and whatever is in its place
# harms nobody.  Times are measured and reckoned with, never waited for.
# shellcheck disable=SC2030,SC2031 # a test's variables are its own
# shellcheck disable=SC2154 # hammer() sets passed and its like

setup() {
  ratehammer=${BUILD:-$BATS_TEST_DIRNAME/../../build${SAN:+-$SAN}}/tests/tool/ratehammer
  [ -x "$ratehammer" ] || { echo "make testprogs builds $ratehammer"; return 1; }
  file=$BATS_TEST_TMPDIR/rates
  log=$BATS_TEST_TMPDIR/log
  : >"$log"
}

teardown() {
  if mountpoint -q "$BATS_TEST_TMPDIR/disk"; then umount "$BATS_TEST_TMPDIR/disk"; fi
}

# hammer OPTION...: sets asked, passed, uncounted, killed, least_us, most_us.
hammer() {
  local json
  json=$("$ratehammer" --file "$file" "$@" 2>>"$log") || { cat "$log"; return 1; }
  echo "$json"
  read -r asked passed uncounted killed least_us most_us < <(jq -r \
    '[.asked, .passed, .uncounted, .killed, .least_us, .most_us] | @tsv' <<<"$json")
}

now_us() { echo "${EPOCHREALTIME/[.,]/}"; }

# refill LIMIT US: what comes back in that time.
refill() { echo $(($1 * $2 / 60000000)); }

# exact LIMIT PROCESSES: so many at once, and what came back while they asked.
# Who was killed may have been let pass once more than he told; who is new may
# not have had the lock in time, on a machine that is busy with other things.
exact() {
  [ "$passed" -le $(($1 + $(refill "$1" "$most_us"))) ]
  [ "$passed" -ge $(($1 + $(refill "$1" "$least_us") - killed)) ]
  [ "$uncounted" -le $(($2 + killed)) ]
}

# One who asks a hundred times is let pass each time, after one line that says
# WHAT.
harmless() {
  hammer --asks 100 --ms 60000
  [ "$asked" = 100 ]
  [ "$uncounted" = 100 ]
  cat "$log"
  [ "$(grep -c . "$log")" = 1 ]
  grep -qF "no rate is limited: TELLTALE_RATE_FILE $file: $1" "$log"
}

# What a file is: kind, mode, owner, names, size, times of change, content.
looks() {
  stat -c '%F %a %u %g %h %s %y %z' "$file"
  if [ -f "$file" ]; then sha256sum <"$file"; fi
}

# untouched WHAT: harmless, and the file is as it was.
untouched() {
  local before
  before=$(looks)
  harmless "$1"
  [ "$(looks)" = "$before" ]
}

# --- one count -----------------------------------------------------------------

@test "twenty processes at once: 60, and what comes back meanwhile" {
  hammer --processes 20 --ms 1500
  exact 60 20
  [ "$(grep -vc 'was not counted' "$log")" = 0 ]
}

@test "a rate that comes back fast is as exact" {
  hammer --processes 20 --ms 1500 --limit 100000
  exact 100000 20
}

@test "the file is its owner's, and of one size for ever" {
  local size
  hammer --asks 1
  [ "$(stat -c %a "$file")" = 600 ]
  size=$(stat -c %s "$file")
  [ "$size" -lt 3000000 ]
  hammer --processes 5 --ms 200
  [ "$(stat -c %s "$file")" = "$size" ]
}

@test "processes that are killed at any moment harm neither count nor clock" {
  local before after
  before=$(now_us)
  hammer --processes 20 --ms 3000 --limit 600 --kill-ms 5
  after=$(now_us)
  [ "$killed" -ge 3 ]
  exact 600 20
  [ "$most_us" -le $((after - before)) ]
}

@test "processes that are killed while they make the file leave one that works" {
  local i
  for i in 1 2 3 4 5 6 7 8; do
    rm -f "$file"
    "$ratehammer" --file "$file" --processes 4 --ms 10000 >/dev/null 2>>"$log" &
    sleep "0.00$i"
    kill -9 $! 2>/dev/null
    wait $! || true
    hammer --asks 100 --ms 60000
    [ "$uncounted" = 0 ]
  done
  [ ! -s "$log" ]
}

@test "the count outlives all who counted" {
  local before all
  before=$(now_us)
  hammer --processes 10 --ms 300 --limit 6 --kill-ms 5
  exact 6 10
  all=$passed
  hammer --asks 1000 --limit 6
  [ "$uncounted" = 0 ]
  [ $((all + passed)) -le $((6 + $(refill 6 $(($(now_us) - before))))) ]
}

# --- what is in its place --------------------------------------------------------

@test "a full disk: all are let pass, until there is room again" {
  [ "$(id -u)" = 0 ] || skip 'to mount a small disk takes root'
  mkdir "$BATS_TEST_TMPDIR/disk"
  mount -t tmpfs -o size=1m tmpfs "$BATS_TEST_TMPDIR/disk" || skip 'no tmpfs can be mounted here'
  file=$BATS_TEST_TMPDIR/disk/rates
  harmless 'No space left on device'
  [ "$(stat -c %s "$file")" = 0 ]
  echo x >"$BATS_TEST_TMPDIR/disk/another"

  mount -o remount,size=8m "$BATS_TEST_TMPDIR/disk"
  hammer --asks 100 --ms 60000
  exact 60 0
}

@test "a limit on the size of files kills nobody" {
  (
    ulimit -f 100
    harmless 'the limit on the size of files is too low'
  )
  [ "$(stat -c %s "$file")" = 0 ]
}

@test "a folder that is not there" {
  file=$BATS_TEST_TMPDIR/none/rates
  harmless 'No such file or directory'
  [ ! -e "${file%/*}" ]
}

@test "a directory" {
  mkdir "$file"
  untouched 'Is a directory'
}

@test "a FIFO, and nobody at its other end" {
  mkfifo -m 600 "$file"
  untouched 'is no regular file'
}

@test "a device" {
  file=/dev/null
  harmless 'is no regular file'
}

@test "a symbolic link, even to a file of ours" {
  hammer --asks 1
  mv "$file" "$file.real"
  ln -s "$file.real" "$file"
  untouched 'is a symbolic link'
}

@test "a symbolic link to nothing makes nothing" {
  ln -s "$BATS_TEST_TMPDIR/none" "$file"
  untouched 'is a symbolic link'
  [ ! -e "$BATS_TEST_TMPDIR/none" ]
}

@test "a file that has another name" {
  hammer --asks 1
  ln "$file" "$file.too"
  untouched 'has more names than one'
}

@test "a file that others may read" {
  hammer --asks 1
  chmod 640 "$file"
  untouched 'is open to other users'
}

@test "another user's file" {
  [ "$(id -u)" = 0 ] || skip 'to give a file away takes root'
  hammer --asks 1
  chown 65534 "$file"
  untouched 'belongs to another user'
}

@test "a text" {
  (umask 077; printf 'a list of things to buy\n%*s' 5000 '' >"$file")
  untouched 'holds something else'
}

@test "a short text" {
  (umask 077; printf x >"$file")
  untouched 'holds something else'
}

@test "a file of ours that was cut" {
  hammer --asks 1
  truncate -s -1 "$file"
  untouched 'has not the length it was made with'
}

@test "a file of ours with more at its end" {
  hammer --asks 1
  echo more >>"$file"
  untouched 'has not the length it was made with'
}

@test "a file of ours that was cut short of its head" {
  hammer --asks 1
  truncate -s 20 "$file"
  untouched 'has not the length it was made with'
}

@test "a file of which only a part of the first word is left" {
  hammer --asks 1
  truncate -s 9 "$file"
  untouched 'holds something else'
}

@test "a file that somebody keeps locked" {
  hammer --asks 1
  exec 9<>"$file"
  flock 9
  harmless 'somebody keeps it locked'
  exec 9>&-
}

@test "an empty file, and zeros, are filled" {
  (umask 077; : >"$file")
  hammer --asks 100 --ms 60000
  exact 60 0
  (umask 077; head -c 5000 /dev/zero >"$file")
  hammer --asks 100 --ms 60000
  exact 60 0
  [ ! -s "$log" ]
}

@test "a file that was removed is made anew for who comes next" {
  hammer --asks 100 --ms 60000
  rm "$file"
  hammer --asks 100 --ms 60000
  exact 60 0
}
