#!/usr/bin/env bats
# Receivers that mean us harm, or are in a bad way; other deliveries go on.
# shellcheck disable=SC2154 # bad, good: start_receiver sets them

load hook

# The other account's delivery arrives, before those that hang are given up.
others=0
others_go_on() {
  deliver "$good/ok" 1 other >/dev/null
  others=$((others + 1))
  within 6 counts $others delivered "account_id = (select account_id from telltale.account where name = 'other')"
}

# Some seconds later it is tried again: how often may be more than once by now.
failed_with() { [[ $(about "$1" "state || ' ' || coalesce(last_error, '-')") = "waiting "$2 ]]; }

@test "receivers that hang, or never come to the point: ten seconds, and others have room" {
  local began
  start_receiver bad
  start_receiver good
  start_daemon one
  within 5 listens
  deliver "$bad/hang" 200 >/dev/null
  deliver "$bad/drip" 1 >/dev/null
  within 5 has_had bad 16
  others_go_on
  deliver "$good/ok" 50 other >/dev/null
  began=$EPOCHREALTIME
  within 5 counts 51 delivered
  figure "51 others went past 201 that hang, the last 50 in $(awk "BEGIN { printf \"%.1f\", $EPOCHREALTIME - $began }") s"
  [ "$(count waiting 'lease_until is not null')" -lt 32 ]
  within 14 counts 16 waiting "attempts = 1 and last_error like '%timed out%' and lease_until is null" ||
    [ "$(count waiting "last_error like '%timed out%'")" -ge 16 ]
}

@test "a redirect is a failure, wherever it leads" {
  local id
  start_receiver bad
  start_receiver good
  start_daemon one
  id=$(deliver "$bad/redirect?$good/ok")
  within 5 failed_with "$id" '*302: redirects are not followed'
  id=$(deliver "$bad/redirect?file:///etc/passwd")
  within 5 failed_with "$id" '*302: redirects are not followed'
  [ "$(had good)" = '' ]
  others_go_on
}

@test "an address that is not public is never connected to, however it is written" {
  local url
  start_receiver bad
  local port
  port=$(port_of bad)
  start_daemon one TELLTALE_WEBHOOK_ALLOW=
  for url in http://127.0.0.1 http://127.1 http://0x7f000001 http://2130706433 http://0177.0.0.1 \
    http://localhost http://LocalHost 'http://[::1]' 'http://[::ffff:127.0.0.1]' 'http://[::]' http://0.0.0.0 \
    'http://[64:ff9b::7f00:1]' https://127.0.0.1 http://10.0.0.1 http://169.254.169.254; do
    deliver "$url:$port/ok" >/dev/null
  done
  within 15 counts 15 waiting 'last_error is not null'
  [ "$(count waiting "last_error ~ '^[0-9a-f.:]+ is not a public address$'")" = 15 ]
  [ "$(count waiting "last_error = '10.0.0.1 is not a public address'")" = 1 ]
  [ "$(had bad)" = '' ]
}

@test "a name is judged by the address that it leads to" {
  # In a mount namespace of its own, so that the machine's files stay as they are.
  unshare -m true 2>/dev/null || skip 'only root may have an /etc/hosts of his own'
  local id
  start_receiver bad
  local port
  port=$(port_of bad)
  id=$(deliver "http://innocent.example:$port/ok")
  printf '127.0.0.1 localhost innocent.example\n' >"$BATS_TEST_TMPDIR/hosts"
  inside() {
    # shellcheck disable=SC2016 # for the shell there
    (settings "$@" unshare -m sh -c 'mount --bind "$1" /etc/hosts && exec "$2" --once' - \
      "$BATS_TEST_TMPDIR/hosts" "$webhookd")
  }
  inside TELLTALE_WEBHOOK_ALLOW=127.0.0.2/32
  failed_with "$id" '127.0.0.1 is not a public address'
  [ "$(had bad)" = '' ]
  due_now
  inside TELLTALE_WEBHOOK_ALLOW=127.0.0.1/32
  [ "$(about "$id" state)" = delivered ]
}

@test "a name that nobody resolves in time holds up nobody" {
  local id
  # The thread that resolves is left alone, and ends when it likes.
  cat >"$BATS_TEST_TMPDIR/slow.c" <<-'END'
	#define _GNU_SOURCE
	#include <dlfcn.h>
	#include <netdb.h>
	#include <string.h>
	#include <unistd.h>
	int
	getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
	    struct addrinfo **res)
	{
		int	(*next)(const char *, const char *, const struct addrinfo *,
			    struct addrinfo **) = dlsym(RTLD_NEXT, "getaddrinfo");

		if (node != NULL && strncmp(node, "slow", 4) == 0) {
			sleep(30);
			return EAI_AGAIN;
		}
		return next(node, service, hints, res);
	}
	END
  ! grep -qa __asan_init "$webhookd" || skip 'a sanitizer has its own'
  gcc -shared -fPIC -o "$BATS_TEST_TMPDIR/slow.so" "$BATS_TEST_TMPDIR/slow.c"
  start_receiver good
  start_daemon one LD_PRELOAD="$BATS_TEST_TMPDIR/slow.so"
  within 5 listens
  id=$(deliver http://slow.example/)
  others_go_on
  within 20 failed_with "$id" '*timed out*'
  others_go_on
  signal one TERM
  within 8 has_ended one
  [ "$(status_of one)" = 0 ]
}

# How many MiB of each gigabyte went out.
flooded() { sed -n 's/^flood: \([0-9]*\) MiB$/\1/p' "$BATS_TEST_TMPDIR/bad.log"; }
has_flooded() { [ "$(flooded | wc -l)" -ge "$1" ]; }

@test "an answer of a gigabyte is not read, and its status counts" {
  local yes no head
  start_receiver bad
  start_receiver good
  start_daemon one
  within 5 listens
  yes=$(deliver "$bad/flood/200" 8 | tail -n 1)
  no=$(deliver "$bad/flood/500")
  head=$(deliver "$bad/headers")
  others_go_on
  within 8 is_about "$yes" state delivered
  within 8 failed_with "$no" 'the receiver said 500'
  within 8 failed_with "$head" 'the receiver answered with a head too large'
  # What was sent until he heard no more is what fits into sockets.
  within 8 has_flooded 9
  flooded | tee /dev/stderr | awk '$1 > 64 { bad = 1 } END { exit bad }'
  figure "memory after it: $(awk '/^VmHWM/ { print $2 }' "/proc/$(cat "$BATS_TEST_TMPDIR/one.pid")/status") KiB at most"
}

@test "closed at once, noise, half an answer, a closed port" {
  local slam shut noise closed half
  start_receiver bad
  start_receiver good
  start_receiver slam --slam
  start_receiver shut
  signal shut KILL
  start_daemon one
  noise=$(deliver "$bad/noise")
  closed=$(deliver "$bad/close")
  half=$(deliver "$bad/half")
  slam=$(deliver "$slam/ok")
  shut=$(deliver "$shut/ok")
  within 5 failed_with "$noise" '[!-]*'
  within 5 failed_with "$closed" 'Empty reply*'
  within 5 failed_with "$slam" '[!-]*'
  within 5 failed_with "$shut" '*onnect*'
  # He said 200: he has it.
  within 5 is_about "$half" state delivered
  others_go_on
  [ "$(sql "select count(*) from telltale.webhook_delivery where last_error !~ '^[ -~]*$'")" = 0 ]
}

@test "only http and https, and no user's name, whatever is in the table" {
  local url n=0
  start_receiver good
  echo secretword >"$BATS_TEST_TMPDIR/file"
  start_daemon one
  for url in "file://$BATS_TEST_TMPDIR/file" ftp://127.0.0.1/ gopher://127.0.0.1/ \
    dict://127.0.0.1/ ldap://127.0.0.1/ scp://127.0.0.1/x smtp://127.0.0.1/ \
    "${good/http:\/\//http://user:pass@}/ok" 'http://' http:///ok 'http://[::1/' 'http://127.0.0.1:99999/'; do
    deliver "$url" >/dev/null
    n=$((n + 1))
  done
  within 8 counts $n waiting 'last_error is not null and last_status is null'
  [ "$(count waiting "last_error ~ '^Protocol .* not supported or disabled'")" = 7 ]
  [ "$(count waiting "url ~ '@' and last_error ~ 'denied'")" = 1 ]
  [ "$(had good)" = '' ]
  others_go_on
}

@test "no proxy, no netrc, no cookies, whatever the environment says" {
  local proxy
  start_receiver good
  start_receiver proxy
  echo 'default login me password netword' >"$BATS_TEST_TMPDIR/.netrc"
  deliver "$good/cookie" 3 >/dev/null
  once http_proxy="$proxy" HTTP_PROXY="$proxy" ALL_PROXY="$proxy" all_proxy="$proxy" \
    HOME="$BATS_TEST_TMPDIR" NETRC="$BATS_TEST_TMPDIR/.netrc"
  counts 3 delivered
  [ "$(had proxy)" = '' ]
  [ "$(had good | jq -r '.headers | keys[]' | grep -c -e authorization -e cookie -e proxy)" = 0 ]
}

@test "a certificate that nobody vouches for, or of another name, is refused" {
  local id t=$BATS_TEST_TMPDIR
  for name in 127.0.0.1 127.0.0.9; do
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 \
      -subj /CN=test -addext "subjectAltName=IP:$name" \
      -keyout "$t/$name.key" -out "$t/$name.crt" 2>/dev/null
  done
  start_receiver bad --tls "$t/127.0.0.9.crt" "$t/127.0.0.9.key"
  start_receiver good --tls "$t/127.0.0.1.crt" "$t/127.0.0.1.key"
  id=$(deliver "$good/ok")
  once
  failed_with "$id" '*certificate*'
  [ "$(had good)" = '' ]

  unshare -m true 2>/dev/null && [ -e /etc/ssl/certs/ca-certificates.crt ] ||
    skip 'the rest needs root, and a list of authorities to cover'
  cat "$t"/*.crt >"$t/ca.pem"
  deliver "$bad/ok" >/dev/null
  due_now
  # shellcheck disable=SC2016 # for the shell there
  (settings unshare -m sh -c 'mount --bind "$1" /etc/ssl/certs/ca-certificates.crt && exec "$2" --once' - \
    "$t/ca.pem" "$webhookd")
  [ "$(about "$id" state)" = delivered ]
  counts 1 waiting "last_error ~ 'certificate|subject'"
  [ "$(had bad)" = '' ]
}

@test "no log holds a secret or a body" {
  start_receiver bad
  start_daemon one TELLTALE_LOG=debug TELLTALE_TRACE=on
  deliver "$bad/ok?token=urlword" 3 >/dev/null
  deliver "$bad/status/500?token=urlword" 3 >/dev/null
  deliver "$bad/noise?token=urlword" 3 >/dev/null
  deliver "http://user:urlword@127.0.0.1/" >/dev/null
  within 5 counts 3 delivered
  within 5 counts 7 waiting 'last_error is not null'
  signal one TERM
  within 5 has_ended one
  logs one 'the receiver said 500'
  run ! logs one -E 'whsec_|bodyword|urlword|v1,'
  [ "$(count waiting "last_error ~ 'whsec|word'")" = 0 ]
}
