#!/usr/bin/env bats
# Who tries keys that nobody has: his address pays for it, whoever he says that
# he is.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # setup() and get() set what is used

setup() {
  bats_require_minimum_version 1.5.0
  load keylife
  on_stack
  bad=tt_$(LC_ALL=C tr -dc A-Za-z0-9 </dev/urandom | head -c 32 || true)
  key=$bad
}

# Whatever a test left PostgreSQL like.
teardown() { super 'alter role telltale_web connection limit -1'; }

super() { psql -XAtq -d "$TELLTALE_SUPER_DSN" -c "$1" >/dev/null; }

# Addresses that no other test has, of networks that are for examples.
v4() {
  local n
  echo >>"$BATS_FILE_TMPDIR/addresses"
  n=$(wc -l <"$BATS_FILE_TMPDIR/addresses")
  echo "198.18.$((n / 256)).$((n % 256))"
}
v6() { printf '2001:db8:%x' $((RANDOM + 1)); }

# from FORWARDED [PATH]: ask, with the key.
from() { get "${2:-/api/v1/jobs}" -H "X-Forwarded-For: $1" >/dev/null; }

# knock N FORWARDED [PATH]: so many times with a bad key; prints the statuses.
knock() {
  local i
  for ((i = 0; i < $1; i++)); do
    printf 'url = "%s"\n-o /dev/null\n' "$TELLTALE_URL${3:-/api/v1/job/x}"
  done | curl -sS -K - ${bad:+-H "Authorization: Bearer $bad"} -H "X-Forwarded-For: $2" -w '%{http_code}\n'
}

# Until that is too often.
use_up() {
  local i
  for ((i = 0; i < 20; i++)); do
    knock 30 "$1" >"$BATS_TEST_TMPDIR/knocks"
    if grep -q 429 "$BATS_TEST_TMPDIR/knocks"; then return 0; fi
  done
  return 1
}

# He who comes from there has none left, or as many as came back within half a
# minute; or he has made no request before this one.
left() { from "$1" && header X-RateLimit-Remaining; }
is_used_up() { [ "$(left "$1")" -lt 50 ]; }
is_new() { from "$1" && [ "$http_status" = 401 ] && [ "$(left "$1")" -ge 98 ]; }

@test "the hundred and first try within a minute is one too many" {
  local address began refilled good
  address=$(v4)
  began=${EPOCHREALTIME/./}
  knock 150 "$address" >"$BATS_TEST_TMPDIR/knocks"
  refilled=$(((${EPOCHREALTIME/./} - began) * 100 / 60000000))

  sort "$BATS_TEST_TMPDIR/knocks" | uniq -c
  good=$(grep -c 401 "$BATS_TEST_TMPDIR/knocks")
  [ "$good" -ge 100 ]
  [ "$good" -le $((100 + refilled)) ]
  [ $((good + $(grep -c 429 "$BATS_TEST_TMPDIR/knocks"))) = 150 ]

  is_used_up "$address"
  use_up "$address"
  # What came back while nobody looked is used up first.
  too_often() {
    knock 10 "$address" >/dev/null
    from "$address"
    refused 429 RATE_LIMITED && [ "$(header Retry-After)" = 1 ] &&
      [ "$(header X-RateLimit-Limit)" = 100 ]
  }
  within 5 too_often
}

@test "no key, what cannot be one, and a ticket that nobody made are tries too" {
  local address
  address=$(v4)
  {
    bad='' knock 30 "$address"
    bad=nonsense knock 30 "$address"
    bad='' knock 30 "$address" /api/v1/job/x/progress?ticket=tk_x
  } >"$BATS_TEST_TMPDIR/knocks"
  [ "$(uniq -c "$BATS_TEST_TMPDIR/knocks" | tr -s ' ')" = ' 90 401' ]
  from "$address"
  [ "$(header X-RateLimit-Limit)" = 100 ]
  # Less than if one of the three were free, whatever came back meanwhile.
  [ "$(header X-RateLimit-Remaining)" -lt 38 ]
}

@test "another address pays for itself" {
  local address
  address=$(v4)
  use_up "$address"
  is_new "$(v4)"
  is_used_up "$address"
}

@test "of IPv6 a network of 64 bits is one address" {
  local net
  net=$(v6)
  use_up "$net:1::7"
  is_used_up "$net:1:ffff:0:12:8"
  is_used_up "[$net:1::8]:5000"
  is_new "$net:2::7"
}

@test "an IPv4 address in IPv6's clothes is the same one" {
  local address
  address=$(v4)
  use_up "$address"
  is_used_up "::ffff:$address"
}

@test "what stands left of the address that the proxy saw does not matter" {
  local address other
  address=$(v4)
  other=$(v4)
  use_up "$address"

  is_used_up "$other, $address"
  is_used_up "127.0.0.1, $other,$address"
  is_used_up "unknown, $address, 127.0.0.1"
  is_new "$address, $other"
}

@test "who is no proxy of ours cannot speak for another" {
  local i began left from
  from=$(v4)
  began=${EPOCHREALTIME/./}
  for ((i = 1; i <= 10; i++)); do
    by_hand jobs /api/v1/jobs REMOTE_ADDR="$from" HTTP_X_FORWARDED_FOR="$(v4)"
    [ "$http_status" = 401 ]
    left=$(header X-RateLimit-Remaining)
    [ "$left" -ge $((100 - i)) ]
    [ "$left" -le $((100 - i + (${EPOCHREALTIME/./} - began) * 100 / 60000000)) ]
  done
}

@test "where nobody is trusted the header is nothing" {
  local i began
  began=${EPOCHREALTIME/./}
  for ((i = 1; i <= 5; i++)); do
    by_hand jobs /api/v1/jobs TELLTALE_TRUSTED_PROXIES='' REMOTE_ADDR=127.0.0.1 \
      HTTP_X_FORWARDED_FOR="$(v4)"
    [ "$http_status" = 401 ]
    [ "$(header X-RateLimit-Remaining)" -le \
      $((100 - i + (${EPOCHREALTIME/./} - began) * 100 / 60000000)) ]
  done
}

@test "where the web server knows no address nobody pays, and nobody is told" {
  local i
  for ((i = 0; i < 3; i++)); do
    by_hand jobs /api/v1/jobs
    [ "$http_status" = 401 ]
    [ -z "$(header X-RateLimit-Limit)" ]
  done
  key='' by_hand jobs /api/v1/jobs
  [ "$http_status" = 401 ]
  [ -z "$(header X-RateLimit-Limit)" ]
  key='' by_hand jobs '/api/v1/jobs?limit=0'
  [ "$http_status" = 400 ]
  [ -z "$(header X-RateLimit-Limit)" ]
}

@test "a good key does not use up its address" {
  local address good i
  address=$(v4)
  good=$(new_key "$(new_account)" job:read)
  for ((i = 0; i < 150; i++)); do
    printf 'url = "%s"\n-o /dev/null\n' "$TELLTALE_URL/api/v1/jobs"
  done | curl -sS -K - -H "Authorization: Bearer $good" -H "X-Forwarded-For: $address" \
    -w '%{http_code}\n' >"$BATS_TEST_TMPDIR/codes"
  [ "$(uniq -c "$BATS_TEST_TMPDIR/codes" | tr -s ' ')" = ' 150 200' ]

  is_new "$address"
}

@test "nor do the first requests of many" {
  local address account i
  address=$(v4)
  account=$(new_account)
  for i in 1 2 3 4 5; do
    key=$(new_key "$account" job:read) from "$address"
    [ "$http_status" = 200 ]
    key=$(new_key "$account" queue:read) from "$address"
    [ "$http_status" = 403 ]
  done
  key=$bad is_new "$address"
}

@test "a key that is known is good from an address that is used up" {
  local address good
  address=$(v4)
  good=$(new_key "$(new_account)" job:read)
  key=$good from "$(v4)"
  use_up "$address"
  key=$good from "$address"
  [ "$http_status" = 200 ]
}

@test "what PostgreSQL does not come to judge is paid by nobody" {
  local address good i
  address=$(v4)
  good=$(new_key "$(new_account)" job:read)
  key=$good from "$address"
  [ "$http_status" = 200 ]

  super 'alter role telltale_web connection limit 0'
  is_away() {
    super "select pg_terminate_backend(pid) from pg_stat_activity
            where usename = 'telltale_web' and application_name = 'telltale'"
    key=$good from "$address"
    [ "$http_status" = 503 ]
  }
  within 5 is_away
  for ((i = 0; i < 20; i++)); do
    from "$address"
    [ "$http_status" = 503 ]
    key=$good from "$address"
    [ "$http_status" = 503 ]
  done
  super 'alter role telltale_web connection limit -1'

  is_back() { from "$address" && [ "$http_status" = 401 ]; }
  within 10 is_back
  [ "$(header X-RateLimit-Remaining)" = 99 ]
  key=$good from "$address"
  [ "$http_status" = 200 ]
  [ "$(header X-RateLimit-Remaining)" -ge 999990 ]
}

@test "a key that is known no longer pays by its address again" {
  local address good
  address=$(v4)
  good=$(new_key "$(new_account)" job:read)
  key=$good from "$address"
  [ "$http_status" = 200 ]
  telltale key revoke "$(key_id "$good")"
  key=$good from "$address"
  [ "$http_status" = 401 ]
  key=$good from "$address"
  [ "$http_status" = 401 ]
  [ "$(header X-RateLimit-Limit)" = 100 ]
  use_up "$address"
  bad=$good is_used_up "$address"
}
