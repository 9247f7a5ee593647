# Words for tests on the stack of this suite.
# shellcheck shell=bash
# shellcheck disable=SC2154 # stack_dir is the suite's, job and key the test's

# For setup, and for setup_file.
on_stack() {
  # shellcheck disable=SC1091 # written by tools/stack
  . "$stack_dir/env"
  load ../helpers
  load ../stream/sse
}

telltale() { "$BATS_TEST_DIRNAME/../../bin/telltale" "$@"; }
key_id() { sql "select key_id from telltale.api_key where hash = sha256('$1')"; }

# status_is STATUS PATH [CURL ARGUMENT...]: asked just now.
status_is() {
  local wanted=$1
  shift
  get "$@" >/dev/null
  [ "$http_status" = "$wanted" ]
}

# The same user as the programs of the web server: the rate file is his.
as_servers() {
  if [ "$(id -u)" = 0 ]; then
    setpriv --reuid="$TELLTALE_PG_USER" --regid="$(id -g "$TELLTALE_PG_USER")" --init-groups "$@"
  else
    "$@"
  fi
}

# by_hand PROGRAM URI [NAME=VALUE...]: as plain CGI; sets what get() does.
by_hand() {
  local program=$1 uri=$2 out=$BATS_TEST_TMPDIR/cgi
  shift 2
  as_servers env -i PATH="$PATH" ${key:+HTTP_AUTHORIZATION="Bearer $key"} REQUEST_METHOD=GET \
    REQUEST_URI="$uri" "$@" "$TELLTALE_DIR/site/cgi-bin/$program.fcgi" \
    </dev/null >"$out" 2>"$out.log"
  headers=$(sed '/^\r$/q' "$out" | tr -d '\r')
  http_status=$(sed -n 's/^Status: \([0-9]*\).*/\1/p' <<<"$headers")
  printf '%s\n' "$headers" "$(cat "$out.log")"
}
