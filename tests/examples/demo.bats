#!/usr/bin/env bats
# What `make demo` shows once there is a build: here on the runner's stack.

setup() {
  bats_require_minimum_version 1.5.0
  cd "$BATS_TEST_DIRNAME/../.." || return
}

@test "the demo shows a job's progress, its result, and where to go on" {
  head -c 3000000 /dev/urandom >"$BATS_TEST_TMPDIR/file"

  FILE=$BATS_TEST_TMPDIR/file run -0 tools/demo --dir "$TELLTALE_DIR"
  echo "$output"

  [[ $output == *'100% completed'* ]]
  [[ $output == *"$(sha256sum <"$BATS_TEST_TMPDIR/file" | cut -d ' ' -f 1)"* ]]
  [[ $output == *"$TELLTALE_URL"* ]]
}

@test "a second demo uses the same stack" {
  run -0 tools/demo --dir "$TELLTALE_DIR" LICENSE
  [[ $output == *'up already'* ]]
}

@test "a file that cannot be read is said before anything is submitted" {
  run -1 tools/demo --dir "$TELLTALE_DIR" "$BATS_TEST_TMPDIR/missing"
  [[ $output == *"$BATS_TEST_TMPDIR/missing: no file that can be read"* ]]
}
