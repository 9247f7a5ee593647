#!/usr/bin/env bats
# Requests that nobody means well with, and what a worker can make others read.
# Somebody refuses them, the web server or the program: both live on, no line of
# a log is forged, no header is made up.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # setup_file and ask() set what is used

setup_file() {
  load ../helpers
  account=$(new_account)
  reader=$(new_key "$account" job:read)
  job=$(submit_job "$account" move)
  forged=forged$(unique 10)
  export account reader job forged
  sizes=$(stat -c '%n %s' "$TELLTALE_DIR"/log/*)
  export sizes
}

setup() {
  bats_require_minimum_version 1.5.0
  load ../helpers
  load ../stream/sse
  load ask
  key=$reader
  bearer="Authorization: Bearer $reader"
  before=$(program_pids)
}

# Whatever it was: the programs that were there still are, and work.
teardown() {
  local file
  for file in "$BATS_TEST_TMPDIR"/*.pid; do [ ! -e "$file" ] || leave_all; done
  [ -z "$(comm -23 <(printf '%s\n' "$before") <(program_pids))" ]
  key=$reader ask GET /api/v1/jobs
  [ "$http_status" = 200 ]
}

# Where a program serves one request and ends, there is none that has to stay.
program_pids() {
  [ "$TELLTALE_SERVER" != apache-cgi ] || return 0
  find /proc -maxdepth 2 -path '/proc/[0-9]*/exe' -lname "$TELLTALE_DIR/site/cgi-bin/*" 2>/dev/null | cut -d / -f 3 | sort
}

# all_refused: each line of input is the head of a request, without its end,
# and after a tab perhaps a body; with escapes as Python has them.  Each is the
# client's fault, and what is sent in it makes no header.
all_refused() {
  python3 - "${TELLTALE_URL##*:}" 3<&0 <<'END'
import os, re, socket, sys, threading

def send(s, request):
    try:
        s.sendall(request)
    except OSError:
        pass        # answered, and gone, before all was sent

def ask(request):
    s = socket.create_connection(('127.0.0.1', int(sys.argv[1])), 10)
    threading.Thread(target=send, args=(s, request), daemon=True).start()
    answer = b''
    try:
        while data := s.recv(65536):
            answer += data
    except ConnectionResetError:
        pass
    s.close()
    return answer

n = 0
for line in os.fdopen(3, encoding='latin-1'):
    head, _, body = [part.encode('latin-1').decode('unicode_escape').encode('latin-1')
                     for part in line.rstrip('\n').partition('\t')]
    if body:
        head += b'\r\nContent-Length: %d' % len(body)
    answer = ask(head + b'\r\nHost: localhost\r\nConnection: close\r\n\r\n' + body)
    told = answer.partition(b'\r\n\r\n')[0]
    if not re.match(rb'HTTP/1.[01] 4\d\d', told) or b'x-evil' in told.lower() or \
       re.search(rb'[^ -~\r\n\t]', told) or b'telltale job.fcgi[1]' in told:
        sys.exit('%r\n%s' % (head[:1000], answer[:4000].decode('latin-1')))
    n += 1
sys.exit(0 if n > 0 else 'nothing was asked')
END
}

# The client's fault, by curl.
client_fault() { [[ $http_status == 4?? ]]; }
invalid() { [ "$http_status $word" = '400 INVALID_REQUEST' ]; }

line() { printf '%s\n' "$1"; }
many() { head -c "$1" /dev/zero | tr '\0' "${2:-x}"; }

@test "who asks well is not refused" {
  run -1 all_refused <<<"GET /api/v1/jobs HTTP/1.1\\r\\n$bearer"
  [[ $output == *'HTTP/1.1 200'* ]]
  run -1 all_refused <<<"POST /api/v1/ticket HTTP/1.1\\r\\n$bearer\\r\\nContent-Type: application/json	{\"scope\": \"job:read\"}"
  [[ $output == *'HTTP/1.1 200'* ]]
}

# --- too much ------------------------------------------------------------------

@test "a header of 100 KB, a thousand headers, an address of 1 MB" {
  {
    line "GET /api/v1/jobs HTTP/1.1\\r\\n$bearer\\r\\nX-Big: $(many 100000)"
    line "GET /api/v1/jobs HTTP/1.1\\r\\nAuthorization: Bearer $(many 100000)"
    line "GET /api/v1/jobs HTTP/1.1\\r\\nCookie: telltale_ticket=$(many 100000)"
    line "GET /api/v1/jobs HTTP/1.1\\r\\n$bearer$(seq -f '\r\nX-Header-%g: x' -s '' 5000)"
    line "GET /api/v1/job/$(many 1000000) HTTP/1.1\\r\\n$bearer"
    line "GET /api/v1/jobs?search=$(many 1000000) HTTP/1.1\\r\\n$bearer"
    line "GET /api/v1/jobs?$(seq -f 'p%g=1' -s '&' 10000) HTTP/1.1\\r\\n$bearer"
    line "GET /api/v1/job/$(many 1000 /)x HTTP/1.1\\r\\n$bearer"
    line "GET /$(printf 'api/v1/%.0s' {1..200})jobs HTTP/1.1\\r\\n$bearer"
  } | all_refused
}

@test "as many parameters and ids as fit into a header" {
  ask GET "/api/v1/jobs?$(seq -f 'p%g=1' -s '&' 900)"
  invalid
  ask GET "/api/v1/jobs/progress?ids=$(seq -s , 1000)"
  invalid
}

# post [CURL ARGUMENT...]
post() { ask POST /api/v1/ticket -H 'Content-Type: application/json' "$@"; }

@test "a body of 10 MB, with its length and without" {
  many 10000000 >"$BATS_TEST_TMPDIR/big"
  post -T "$BATS_TEST_TMPDIR/big"
  [ "$http_status" = 413 ]
  post -T - -H 'Transfer-Encoding: chunked' <"$BATS_TEST_TMPDIR/big"
  client_fault
}

@test "JSON as deep as its body is long" {
  post -d "$(many 2000 '[')$(many 2000 ']')"
  invalid
  post -d "$(printf '{"scope":%.0s' {1..400})"
  invalid
}

@test "lengths that are none" {
  local length
  for length in -1 1e3 99999999999999999999 0x10 '1, 2' x '2\r\nContent-Length: 3'; do
    line "POST /api/v1/ticket HTTP/1.1\\r\\n$bearer\\r\\nContent-Type: application/json\\r\\nContent-Length: $length"
  done | all_refused
}

# --- what is no text -------------------------------------------------------------

# In the words of all_refused.
bad_text() {
  cat <<END
\x01
\x1b[31m
\x7f
\xff
\xc0\xaf
\x00
%00
%0d%0aX-Evil:1
%0aX-Evil:1
%1b[31m
%7f
%c0%af
%c0%80
%e0%80%af
%f0%80%80%af
%ed%a0%80
%f5%80%80%80
%ff
%
%4
%zz
%2fx
%2e%2e
%0d%0atelltale%20job.fcgi[1]%20x%20error:%20$forged
END
}

@test "control characters and bytes that are no UTF-8, in the address" {
  local bad
  while IFS= read -r bad; do
    printf "%s HTTP/1.1\\\\r\\\\n$bearer\n" "GET /api/v1/job/a$bad" "GET /api/v1/jobs?a$bad=1" \
      "GET /api/v1/jobs/progress?ids=a$bad"
  done < <(bad_text) | all_refused
}

@test "what a header must not have" {
  local name
  for name in X-Request-Id User-Agent Origin Referer Authorization Cookie Accept Last-Event-ID If-None-Match \
    X-Forwarded-For; do
    printf "GET /api/v1/job/nobody HTTP/1.1\\\\r\\\\n$name: %s\n" 'a\x01b' 'a\x1b[31mb' 'a\x00b' 'a\rX-Evil: 1' 'a\xffb' \
      'a\r\n X-Evil: 1' "a\\rtelltale job.fcgi[1] x error: $forged" "a\\r\\n telltale job.fcgi[1] x error: $forged"
  done | all_refused
}

@test "a key is one key, alone in one header" {
  local get='GET /api/v1/jobs HTTP/1.1\\r\\n'
  printf '%b\n' "$get$bearer\\\\r\\\\n$bearer" "$get$bearer\\\\r\\\\nAuthorization: Bearer x" \
    "${get}Authorization: Bearer x\\\\r\\\\n$bearer" "$get$bearer, Bearer $key" "$get$bearer $key" | all_refused
}

@test "control characters in a body" {
  local bad post="POST /api/v1/ticket HTTP/1.1\\r\\n$bearer\\r\\nContent-Type: application/json"
  for bad in '\\u0000' 'a\\u001b[31m' 'a\\r\\nX-Evil: 1' "\\\\r\\\\ntelltale job.fcgi[1] x error: $forged" '\\ud800' '\x01' \
    '\xc0\xaf' '\xed\xa0\x80' '\xff' '\x00' '\x1b[31m'; do
    printf '%s\t%s\n' "$post" "{\"scope\": \"$bad\"}" "$post" "{\"job_id\": \"$bad\"}" "$post" "{\"$bad\": 1}"
  done >"$BATS_TEST_TMPDIR/bodies"
  echo "${post%/*}/x-www-form-urlencoded	scope=%0d%0atelltale+job.fcgi[1]+x+error:+$forged" >>"$BATS_TEST_TMPDIR/bodies"
  all_refused <"$BATS_TEST_TMPDIR/bodies"
}

@test "what is echoed in a header is encoded there" {
  submit_job "$account" move >/dev/null
  ask GET '/api/v1/jobs?limit=1&search=%0d%0aX-Evil:%201'
  [[ ${headers,,} != *x-evil* ]]
  ask GET '/api/v1/jobs?limit=1&search='
  [ "$http_status" = 200 ]
  [[ $(header Link) == '<?'*'>; rel="next"' ]]
}

# --- what a worker says ----------------------------------------------------------

# Everything that could end a line, a string, a script, an event or a terminal's
# patience.
evil() {
  printf '%b' "</script><script>alert(1)</script>\r\n\r\nevent: evil\r\ndata: {\"evil\": 1}\nid: 666\rretry: 1\n\n" \
    ": comment\n\t\\\\ \\\" ' & <!-- ]]> \0342\0200\0250\0342\0200\0251\0302\0205\0302\0233\033[31m\0177\001" \
    '\0357\0273\0277\0360\0237\0216\0211 Set-Cookie: a=b %0d%0a %n%s $$ '
}

# The statement, with :'evil' in it.
worker_says() { psql -XAtq -v ON_ERROR_STOP=1 -v evil="$(evil)" -d "$TELLTALE_WORKER_DSN" <<<"$1"; }

# said_exactly PATH...: each of these in the body is that text.
said_exactly() {
  evil >"$BATS_TEST_TMPDIR/evil"
  python3 - "$BATS_TEST_TMPDIR/evil" "$BATS_TEST_TMPDIR/http.body" "$@" <<'END'
import json, sys
evil = open(sys.argv[1], 'rb').read().decode()
raw = open(sys.argv[2], 'rb').read()
value = json.loads(raw.decode())
for path in sys.argv[3:]:
    v = value
    for step in path.split('.'):
        v = v[int(step)] if isinstance(v, list) else v[step]
    assert v == evil, (path, v)
assert not any(c < 0x20 for c in raw), 'control characters'
END
}

@test "in JSON, what a worker says is exactly that, and nothing else" {
  begin_job
  worker_says "select telltale.progress('$job', $attempt, 50, :'evil', null, null);
    select telltale.complete('$job', $attempt, 'reject', jsonb_build_object('says', :'evil'),
      jsonb_build_object('says', :'evil'), :'evil')" >/dev/null

  get "/api/v1/job/$job"
  [ "$http_status" = 200 ]
  said_exactly detail reason categories.says result.says
  [[ ${headers,,} != *evil* && ${headers,,} != *set-cookie* ]]
  get '/api/v1/jobs?limit=1&status=completed'
  said_exactly jobs.0.detail jobs.0.reason jobs.0.categories.says
}

@test "100 KB that a worker says arrive" {
  begin_job
  worker "select telltale.complete('$job', $attempt, result => jsonb_build_object('says', repeat('<ä>', 40000)))" >/dev/null

  get "/api/v1/job/$job"
  [ "$(field '.result.says | length')" = 120000 ]
}

# events_are FILE: it is a stream, the evil text is the detail of one event, and
# no event, id or time is other than ours.
events_are() {
  evil >"$BATS_TEST_TMPDIR/evil"
  python3 - "$BATS_TEST_TMPDIR/evil" "$1" <<'END'
import json, re, sys
evil = open(sys.argv[1], 'rb').read().decode()
text = open(sys.argv[2], 'rb').read().decode()
said, data, name = 0, [], ''
for line in re.split('\r\n|\n|\r', text):
    if line == '':
        if data:
            assert name in ('connected', 'progress'), name
            said += json.loads('\n'.join(data)).get('detail') == evil
        data, name = [], ''
        continue
    field, _, value = line.partition(':')
    value = value[1:] if value.startswith(' ') else value
    assert field in ('', 'event', 'data', 'id', 'retry'), line
    if field == 'data':
        data.append(value)
    elif field == 'event':
        name = value
    elif field in ('id', 'retry'):
        assert re.fullmatch('[0-9]+', value) and value not in ('666', '1' if field == 'retry' else ''), line
assert said >= 1, text
assert '<' not in text and '\u2028' not in text, 'what a script or a page could stumble on'
END
}

@test "in a stream it is one event" {
  begin_job
  watch_job a
  worker_says "select telltale.progress('$job', $attempt, 50, :'evil', null, null)" >/dev/null
  progress "60, 'after'"
  await a '"after"'

  events_are "$(stream_file a)"
  [[ $(cat "$(stream_file a head)") != *evil* ]]

  # And for who comes later: the state it begins with.
  worker_says "select telltale.progress('$job', $attempt, 70, :'evil', null, null)" >/dev/null
  watch_job b
  events_are "$(stream_file b)"
}

# --- the logs --------------------------------------------------------------------

@test "of all this no line of a log is forged, and a terminal may show them" {
  local file size
  while read -r file size; do
    tail -c "+$((size + 1))" "$file" >"$BATS_TEST_TMPDIR/new"
    printf '%s:\n' "$file"
    if grep -naP '[\x00-\x08\x0b-\x1f\x7f]' "$BATS_TEST_TMPDIR/new"; then return 1; fi
    if grep -na "^ *telltale job.fcgi\[1\] x error: $forged" "$BATS_TEST_TMPDIR/new"; then return 1; fi
  done <<<"$sizes"
}

# bats test_tags=any-server
@test "what no log may hold is found where a log has it" {
  local dir=$BATS_TEST_TMPDIR/stack
  mkdir -p "$dir/log"
  echo 0123456789abcdef0123456789abcdef >"$dir/secret"
  echo 'a line' >"$dir/log/a"
  "$BATS_TEST_DIRNAME/../leaks" "$dir"

  for line in "key tt_$(many 32 A)." "ticket=tk_$(many 40 _)" "secret $(cat "$dir/secret")"; do
    echo "$line" >"$dir/log/b"
    run -1 "$BATS_TEST_DIRNAME/../leaks" "$dir"
  done
}
