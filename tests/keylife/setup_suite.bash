# One lighttpd for the suite, which counts what comes from an address as a real
# one does, and believes whoever comes from this machine whom he speaks for.  As
# behind a pooler, PostgreSQL is not told for how long it is waited for.

setup_suite() {
  bats_require_minimum_version 1.5.0
  local name within=${TELLTALE_TEST_RUN:-/tmp/} san=${BUILD-}
  cd "$BATS_TEST_DIRNAME/../.." || return
  for name in $(env | sed -n 's/^\(TELLTALE_[A-Z0-9_]*\)=.*/\1/p'); do unset "$name"; done
  case $san in
  *-address|*-thread) san=${san##*-} ;;
  *) san= ;;
  esac
  mkdir -p "$within"
  stack_dir=$(mktemp -d "${within}key.XXXXXX")
  export stack_dir
  tools/stack up --dir "$stack_dir" --port 0 ${san:+--san "$san"} \
    --set TELLTALE_ADDRESS_RATE=100 --set TELLTALE_TRUSTED_PROXIES=127.0.0.1/32 \
    --set TELLTALE_TICKET_TTL=5 --set TELLTALE_DB_TIMEOUT=2 --set TELLTALE_PREPARE=off
}

# What the sanitizers or an assertion had to say is a fault.
teardown_suite() {
  cd "$BATS_TEST_DIRNAME/../.." || return
  [ -n "${stack_dir-}" ] || return 0
  tools/stack down --dir "$stack_dir" >/dev/null
  if grep -raE -A 20 'Sanitizer|runtime error|Assertion|\*\*\*: terminated' "$stack_dir/log"; then
    return 1
  fi
  tests/leaks "$stack_dir" || return
  rm -rf "$stack_dir"
}
