#!/usr/bin/env bats
# What GET /api/v1/jobs answers: seed 001, to the letter.
# shellcheck disable=SC2154 # get() sets http_status, headers and body

# Ten jobs of one account, oldest first; their ids begin with $r, which nobody
# else's do.  The first three have the same created_at.
setup_file() {
  load ../helpers
  r=$(unique 10)
  account=$(new_account)
  key=$(new_key "$account" job:read)
  other=$(new_account)
  other_key=$(new_key "$other" job:read)
  export r account key other other_key

  worker "begin;
    select telltale.submit('$account', 'prompt', job_id => '$r-tie-1');
    select telltale.submit('$account', 'prompt', job_id => '$r-tie-2');
    select telltale.submit('$account', 'prompt', job_id => '$r-tie-3');
    commit"
  submit_job "$account" image "$r-done"
  claim_job "$account" image
  worker "select telltale.complete('$r-done', 1, 'pass', categories => '{\"nsfw\": false}')"
  submit_job "$account" video "$r-bad"
  claim_job "$account" video
  worker "select telltale.complete('$r-bad', 1, 'reject', reason => 'a <reason>')"
  submit_job "$account" image "$r-fail"
  claim_job "$account" image
  worker "select telltale.fail('$r-fail', 1, 'broke', 'E_BROKE', false)"
  submit_job "$account" pre "$r-gone"
  worker "select telltale.cancel('$r-gone')"
  submit_job "$account" video "$r-run"
  claim_job "$account" video
  worker "select telltale.progress('$r-run', 1, 47.50, 'half way', 27, 45)"
  submit_job "$account" post "${r}_queue"
  submit_job "$account" post "${r}xqueue"

  submit_job "$other" post "$r-foreign"
}

setup() {
  bats_require_minimum_version 1.5.0
  load ../helpers
}

list() { get "/api/v1/jobs${1:+?$1}"; }

# The page holds these jobs, in this order, and total is this.
page() {
  local total=$1
  shift
  [ "$http_status" = 200 ]
  diff <(field '.jobs[].job_id') <(printf "$r%s\n" "$@")
  [ "$(field .total)" = "$total" ]
}
empty() { [ "$http_status" = 200 ] && [ "$(field '.jobs | length')" = 0 ] && total_is "$1"; }
total_is() { [ "$(field .total)" = "$1" ]; }

# 400, and the message names the parameter.
invalid() { refused 400 INVALID_REQUEST && [[ $(field .message) == *"$1"* ]]; }

@test "without parameters: all of the account's jobs, newest first, in fifties" {
  list

  page 10 xqueue _queue -run -gone -fail -bad -done -tie-3 -tie-2 -tie-1
  [ "$(field .limit)" = 50 ]
  [ "$(field .offset)" = 0 ]
  [ "$(field .next_cursor)" = null ]
  [[ $(header Content-Type) == application/json* ]]
}

# bats test_tags=any-server
@test "another account's jobs are not in it" {
  key=$other_key list

  page 1 -foreign
}

# bats test_tags=any-server
@test "an item has its fields, null where there is nothing" {
  list "search=${r}_queue"

  [ "$(field '.jobs[0] | keys_unsorted | join(" ")')" = \
    'job_id type status is_prohibited decision progress created_at started_at completed_at' ]
  [ "$(field '.jobs[0] | [.type, .status, .progress] | join(" ")')" = 'post queued 0' ]
  [ "$(field '.jobs[0] | [.is_prohibited, .decision, .started_at, .completed_at] | unique[]')" = null ]
  [[ $(field '.jobs[0].created_at') =~ ^2[0-9]{3}-[01][0-9]-[0-3][0-9]T[0-9:]{8}\.[0-9]{3}Z$ ]]
}

# bats test_tags=any-server
@test "an item has what its job found" {
  list "search=$r-done"
  [ "$(field '.jobs[0] | [.status, .decision, .is_prohibited, .progress] | map(tostring) | join(" ")')" = \
    'completed pass false 100' ]
  [ "$(field '.jobs[0].categories.nsfw')" = false ]
  [[ $(field '.jobs[0].completed_at') == 2*Z ]]

  list "search=$r-bad"
  [ "$(field '.jobs[0] | [.status, .decision, .is_prohibited] | map(tostring) | join(" ")')" = \
    'completed reject true' ]
  [ "$(field '.jobs[0].reason')" = 'a <reason>' ]

  list "search=$r-fail"
  [ "$(field '.jobs[0] | [.status, .error_code, .is_prohibited] | map(tostring) | join(" ")')" = \
    'failed E_BROKE null' ]
}

# bats test_tags=any-server
@test "progress is a plain number" {
  list "search=$r-run"

  [[ $body == *'"progress":47.5,'* ]]
  [ "$(field '.jobs[0].detail')" = 'half way' ]

  list "search=$r-done"
  [[ $body == *'"progress":100,'* ]]
}

# bats test_tags=any-server
@test "a cancelled job is failed, with the code CANCELLED" {
  list "search=$r-gone"

  [ "$(field '.jobs[0] | [.status, .error_code] | join(" ")')" = 'failed CANCELLED' ]
  [[ $(field '.jobs[0].completed_at') == 2*Z ]]
}

# --- filters -------------------------------------------------------------------

# bats test_tags=any-server
@test "type" {
  list type=video
  page 2 -run -bad
  list type=pre
  page 1 -gone
  list type=checksum
  empty 0
}

@test "a type that does not exist is 400" {
  list type=videos
  invalid videos
  list type=
  invalid type
  list type=image,video
  invalid image,video
  list "type=image%27--"
  invalid "image'--"
}

# bats test_tags=any-server
@test "a type that the operator added is known" {
  local type
  type=t$(unique 8)
  list "type=$type"
  invalid "$type"

  sql "select telltale.type_add('$type')"
  list "type=$type"
  empty 0
}

# bats test_tags=any-server
@test "decision: an undecided job has none" {
  list decision=pass
  page 1 -done
  list decision=reject
  page 1 -bad
  list decision=maybe
  invalid decision
  list decision=
  invalid decision
}

# bats test_tags=any-server
@test "status, one" {
  list status=queued
  page 5 xqueue _queue -tie-3 -tie-2 -tie-1
  list status=processing
  page 1 -run
  list status=completed
  page 2 -bad -done
}

# bats test_tags=any-server
@test "status=failed finds the cancelled as well" {
  list status=failed

  page 2 -gone -fail
}

# bats test_tags=any-server
@test "status, a list: the jobs of all, merged in order" {
  list status=queued,processing
  page 6 xqueue _queue -run -tie-3 -tie-2 -tie-1
  list status=failed,completed
  page 4 -gone -fail -bad -done
  list status=queued,processing,completed,failed
  page 10 xqueue _queue -run -gone -fail -bad -done -tie-3 -tie-2 -tie-1
  list status=processing,processing,queued,processing
  page 6 xqueue _queue -run -tie-3 -tie-2 -tie-1
}

# bats test_tags=any-server
@test "status, a list in pages" {
  list 'status=queued,processing&limit=2'
  page 6 xqueue _queue
  list 'status=queued,processing&limit=2&offset=1'
  page 6 _queue -run
  list 'status=queued,processing&limit=2&offset=4'
  page 6 -tie-2 -tie-1
}

@test "a status that is none is 400" {
  local status bad=('' ',' 'queued,' ',queued' 'queued,,failed' Queued cancelled pending
    queue queuedx 'queued;failed' 'queued%20' "queued'")
  for status in "${bad[@]}"; do
    list "status=$status"
    invalid status
  done
}

# bats test_tags=any-server
@test "search is the beginning of the job_id" {
  list "search=$r-tie"
  page 3 -tie-3 -tie-2 -tie-1
  list "search=$r-tie-2"
  page 1 -tie-2
  list search=-tie
  empty 0
  list "search=${r^^}"
  empty 0
}

@test "search takes % and _ for themselves" {
  list "search=${r}_"
  page 1 _queue
  list "search=${r}%25"
  empty 0
  list "search=%25$r"
  empty 0
  list "search=_${r:1}"
  empty 0
  list "search=$r-ti%5C"
  empty 0
  list "search=%5C$r"
  empty 0
}

@test "search takes any text of up to 64 characters" {
  list "search=%27%3B%20drop%20table%20telltale.job%3B--"
  empty 0
  list "search=%F0%9F%92%A9"
  empty 0
  list "search=$(printf '%064d' 0)"
  empty 0
  list "search=$(printf '%065d' 0)"
  invalid search
}

# bats test_tags=any-server
@test "an empty search is none" {
  list search=

  total_is 10
}

# bats test_tags=any-server
@test "from is inclusive, to the microsecond" {
  list "from=$(created_at "$r-run")"
  page 3 xqueue _queue -run
  list "from=$(created_at "$r-run" 1)"
  page 2 xqueue _queue
}

# bats test_tags=any-server
@test "to is exclusive, to the microsecond" {
  list "to=$(created_at "$r-done")"
  page 3 -tie-3 -tie-2 -tie-1
  list "to=$(created_at "$r-done" 1)"
  page 4 -done -tie-3 -tie-2 -tie-1
}

# bats test_tags=any-server
@test "from and to together" {
  list "from=$(created_at "$r-done")&to=$(created_at "$r-fail")"
  page 2 -bad -done
  list "from=$(created_at "$r-tie-1")&to=$(created_at "$r-tie-1" 1)"
  page 3 -tie-3 -tie-2 -tie-1
}

# bats test_tags=any-server
@test "from at or after to is an empty list" {
  local t
  t=$(created_at "$r-done")
  list "from=$t&to=$t"
  empty 0
  list "from=2030-01-01&to=2020-01-01"
  empty 0
}

@test "a date is its midnight, UTC; a zone is understood" {
  list from=2020-01-01
  total_is 10
  list to=2020-01-01
  empty 0
  list from=2020-01-01T00:00:00-11:30
  total_is 10
  list from=2020-01-01T00:00:00%2B05:30
  total_is 10
  list 'from=0001-01-01&to=9999-12-31T23:59:59.999999Z'
  total_is 10
}

# bats test_tags=any-server
@test "what is no time is 400" {
  local time
  for time in '' now 2026 2026-02-30 2026-13-01 2026-01-01T00:00:00 2026-01-01T25:00:00Z \
    2026-01-01T00:00:00+01:00 1777604646 0000-01-01 10000-01-01 infinity; do
    list "from=$time"
    invalid from
    list "to=$time"
    invalid to
  done
}

# bats test_tags=any-server
@test "filters narrow each other" {
  list 'type=image&status=completed,failed&decision=pass'
  page 1 -done
  list "type=video&status=processing,queued&search=$r-r&from=$(created_at "$r-run")"
  page 1 -run
  list 'type=image&decision=reject'
  empty 0
}

# --- pages ---------------------------------------------------------------------

# bats test_tags=any-server
@test "limit: 1 and 100 are the ends" {
  list limit=1
  page 10 xqueue
  [ "$(field .limit)" = 1 ]
  list limit=100
  total_is 10
  [ "$(field .limit)" = 100 ]
  local limit
  for limit in 0 101 -1 '' a 1.5 1e1 99999999999999999999; do
    list "limit=$limit"
    invalid limit
  done
}

# bats test_tags=any-server
@test "offset: into the list, to its end and beyond" {
  list 'limit=3&offset=7'
  page 10 -tie-3 -tie-2 -tie-1
  [ "$(field .offset)" = 7 ]
  [ "$(field .next_cursor)" = null ]
  list 'limit=3&offset=9'
  page 10 -tie-1
  list offset=10
  empty 10
  list offset=2147483647
  empty 10
  local offset
  for offset in -1 '' a 1.5 2147483648 99999999999999999999; do
    list "offset=$offset"
    invalid offset
  done
}

# bats test_tags=any-server
@test "jobs of one instant keep their order from page to page" {
  local offset seen=''
  for offset in 7 8 9; do
    list "limit=1&offset=$offset"
    seen+=" $(field '.jobs[0].job_id')"
  done

  [ "$seen" = " $r-tie-3 $r-tie-2 $r-tie-1" ]
}

# bats test_tags=any-server
@test "next_cursor leads through all pages, each job once" {
  local cursor='' seen=''
  while list "limit=3${cursor:+&cursor=$cursor}"; do
    total_is 10
    [ "$(field .offset)" = 0 ]
    seen+=$(field '.jobs[].job_id')$'\n'
    cursor=$(field '.next_cursor // empty')
    [ -n "$cursor" ] || break
  done

  diff <(printf %s "$seen") \
    <(printf "$r%s\n" xqueue _queue -run -gone -fail -bad -done -tie-3 -tie-2 -tie-1)
}

# bats test_tags=any-server
@test "the last page has no next_cursor, even if it is full" {
  list limit=10
  [ "$(field .next_cursor)" = null ]
  [ -z "$(header Link)" ]

  list limit=9
  [ "$(field .next_cursor)" != null ]
}

@test "Link is the way to the next page, with the filters kept" {
  list "status=queued,processing&limit=4&search=$r"
  page 6 xqueue _queue -run -tie-3
  [[ $(header Link) =~ ^'<'(.*)'>; rel="next"'$ ]]

  get "/api/v1/jobs${BASH_REMATCH[1]}"
  page 6 -tie-2 -tie-1
  [ -z "$(header Link)" ]
}

# bats test_tags=any-server
@test "a page by cursor does not move when new jobs come" {
  local cursor mine
  mine=$(new_account)
  key=$(new_key "$mine" job:read)
  submit_job "$mine" image "$r-m1"
  submit_job "$mine" image "$r-m2"
  list limit=1
  page 2 -m2
  cursor=$(field .next_cursor)

  submit_job "$mine" image "$r-m3"
  list "limit=1&cursor=$cursor"
  page 3 -m1
}

# bats test_tags=any-server
@test "a cursor goes with filters, and another account's finds only one's own" {
  list limit=5
  local cursor
  cursor=$(field .next_cursor)

  list "cursor=$cursor&type=prompt"
  page 3 -tie-3 -tie-2 -tie-1
  key=$other_key list "cursor=$cursor"
  [ "$http_status" = 200 ]
  [[ $body != *"$r-tie"* ]]
}

# bats test_tags=any-server
@test "cursor and offset exclude each other, and a cursor is ours or 400" {
  list limit=1
  local cursor bad
  cursor=$(field .next_cursor)

  list "cursor=$cursor&offset=0"
  invalid cursor
  for bad in '' x "${cursor}A" "${cursor%?}" "-$cursor" AAAAAAAAAAAAAAAAAAAAAAA \
    AX__________f_________8 "%27"; do
    list "cursor=$bad"
    invalid cursor
  done
}

# --- parameters ----------------------------------------------------------------

# bats test_tags=any-server
@test "an unknown parameter is 400 and named" {
  list page=2
  invalid page
  list 'limit=1&Status=queued'
  invalid Status
  list '=1'
  refused 400 INVALID_REQUEST
}

@test "a repeated parameter is 400 and named" {
  list 'limit=1&limit=1'
  invalid limit
  list 'status=queued&type=image&st%61tus=failed'
  invalid status
}

@test "empty pairs are nothing" {
  list '&&limit=1&'

  page 10 xqueue
}

@test "a query that cannot be decoded is 400" {
  local query
  for query in 'search=%' 'search=%4' 'search=%zz' 'search=%00' 'search=%ff' 'search=%c0%af'; do
    list "$query"
    [ "$http_status" = 400 ]
  done
}

# --- HTTP ----------------------------------------------------------------------

@test "HEAD has the headers of GET and no body" {
  get /api/v1/jobs
  local etag length
  etag=$(header ETag)
  length=${#body}

  request HEAD /api/v1/jobs
  [ "$http_status" = 200 ]
  [ "$(header ETag)" = "$etag" ]
  length_is "$length"
}

@test "an unchanged list is 304 to who has it, until it changes" {
  local mine etag
  mine=$(new_account)
  key=$(new_key "$mine" job:read)
  list
  etag=$(header ETag)
  [[ $(header Cache-Control) == *no-cache* ]]
  [[ $(header Cache-Control) == *private* ]]

  get /api/v1/jobs -H "If-None-Match: $etag"
  [ "$http_status" = 304 ]
  [ -z "$body" ]
  [ "$(header ETag)" = "$etag" ]
  get /api/v1/jobs -H "If-None-Match: \"x\", ${etag#W/}"
  [ "$http_status" = 304 ]
  get /api/v1/jobs -H 'If-None-Match: *'
  [ "$http_status" = 304 ]

  submit_job "$mine" image
  get /api/v1/jobs -H "If-None-Match: $etag"
  [ "$http_status" = 200 ]
  total_is 1
}

@test "another method is 405 and says which are allowed" {
  local method
  for method in PUT DELETE PATCH; do
    request "$method" /api/v1/jobs -d ''
    refused 405 METHOD_NOT_ALLOWED
    [ "$(header Allow)" = 'GET, HEAD, POST' ]
  done
}

@test "a trailing slash is tolerated" {
  get '/api/v1/jobs/?limit=1'

  page 10 xqueue
}

@test "an answer of many records comes whole" {
  local mine
  mine=$(new_account)
  key=$(new_key "$mine" job:read)
  worker "select count(telltale.submit('$mine', 'video')) from generate_series(1, 100)"
  worker "select count(telltale.complete(c.job_id, c.attempt, 'reject',
                 reason => repeat('Ünd \"so\" <weiter>', 200)))
            from telltale.claim('bats', array['video'], 100, '1 hour', array['$mine']) as c"

  list limit=100
  total_is 100
  [ "$(field '.jobs | length')" = 100 ]
  [ "$(field '[.jobs[].reason | length] | unique | join(" ")')" = 3400 ]
  length_is "$(wc -c <"$BATS_TEST_TMPDIR/http.body")"
}

# bats test_tags=any-server
@test "total and page agree while jobs come and go" {
  local mine i pid
  mine=$(new_account)
  key=$(new_key "$mine" job:read)
  {
    for ((i = 0; i < 40; i++)); do
      worker "select count(telltale.submit('$mine', 'image')) from generate_series(1, 2)"
      worker "select count(telltale.remove(job_id))
                from (select telltale.submit('$mine', 'image') as job_id) as s"
    done
  } >/dev/null &
  pid=$!

  while kill -0 "$pid" 2>/dev/null; do
    list limit=100
    [ "$(field '.total - (.jobs | length)')" = 0 ]
  done
  wait "$pid"
  list limit=100
  total_is 80
}
