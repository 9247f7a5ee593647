#!/usr/bin/env bats
# What queue.fcgi answers: /queue/jobs, /queue/stats and /video-status, of a key's
# account and of the public ones; retry, cancel and DELETE.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154 # setup_file and request() set what is used

# Jobs of two public accounts and a private one, oldest first; their ids begin
# with $r, and all but one are of a type that nobody else has.
setup_file() {
  load ../helpers
  r=$(unique 10)
  type=t$(unique 8)
  sql "select telltale.type_add('$type')" >/dev/null
  open=$(new_account)
  also=$(new_account)
  closed=$(new_account)
  sql "select telltale.account_set('$open', p_public_queue => true),
              telltale.account_set('$also', p_public_queue => true)" >/dev/null
  both=$(new_key "$open" queue:read,queue:write)
  reader=$(new_key "$open" queue:read,job:write,admin)
  writer=$(new_key "$open" queue:write,job:read)
  secret=$(new_key "$closed" queue:read,queue:write)
  # Where tests make jobs of their own: public as well.
  lab=$(new_account)
  sql "select telltale.account_set('$lab', p_public_queue => true)" >/dev/null
  hand=$(new_key "$lab" queue:read,queue:write)
  export r type open also closed both reader writer secret lab hand

  submit "$open" over 'videos/a b/clip.mp4' '{"width": 640}'
  claim_job "$open" "$type" >/dev/null
  worker "select telltale.complete('$r-over', 1)" >/dev/null
  submit "$also" run '/srv/film.mp4'
  claim_job "$also" "$type" >/dev/null
  worker "select telltale.progress('$r-run', 1, 47.9)" >/dev/null
  submit "$open" bad
  claim_job "$open" "$type" >/dev/null
  worker "select telltale.fail('$r-bad', 1, 'FFmpeg process exited with code 1', 'X', false)" >/dev/null
  submit "$closed" hidden 'videos/hidden.mp4'
  submit "$also" gone
  worker "select telltale.cancel('$r-gone')" >/dev/null
  submit "$open" wait
  worker "select telltale.submit('$open', 'move', job_id => '$r-move', priority => 7, max_attempts => 1)" >/dev/null
}

setup() {
  bats_require_minimum_version 1.5.0
  load ../helpers
  key=
}

# submit ACCOUNT NAME [FILE [PAYLOAD]]
submit() {
  local file=${3:+"'$3'"}
  worker "select telltale.submit('$1', '$type', '${4:-{\}}', ${file:-null}, job_id => '$r-$2')" >/dev/null
}

# A job for one test, of a type of its own; sets id and kind.
# fresh [FILE [MAX_ATTEMPTS]]
fresh() {
  local file=${1:+"'$1'"}
  kind=t$(unique 8)
  id=$r-$kind
  sql "select telltale.type_add('$kind')" >/dev/null
  worker "select telltale.submit('$lab', '$kind', file_path => ${file:-null}, job_id => '$id',
          max_attempts => ${2-3})" >/dev/null
}
claim() { [ "$(claim_job "$lab" "$kind")" = "$id|${1:-1}" ]; }

list() { get "/queue/jobs${1:+?$1}"; }

# The public's jobs, of our type alone, since the stack has an open account too.
public() { list "type=$type${1:+&$1}"; }

# The page holds these jobs, in this order, and total is this.
page() {
  local total=$1
  shift
  [ "$http_status" = 200 ]
  diff <(field '.jobs[].id') <([ $# = 0 ] || printf "$r-%s\n" "$@")
  [ "$(field .count)" = $# ]
  [ "$(field .total)" = "$total" ]
}

# What is refused, in this surface's words: STATUS PHRASE [TEXT IN THE MESSAGE].
denied() {
  [ "$http_status" = "$1" ] && [ "$(field .error)" = "$2" ] && [ "$(field 'keys | length')" = 2 ] &&
    [[ $(field .message) == *"${3-}"* ]]
}

events_of() { sql "select count(*) from telltale.job_event where job_id = '$1'${2:+ and kind = '$2'}"; }

# --- the list ------------------------------------------------------------------

@test "without a key the list is of the public accounts, newest first, in fifties" {
  public

  page 5 wait gone bad run over
  [ "$(field 'keys_unsorted | join(" ")')" = 'jobs limit offset count total' ]
  [ "$(field .limit)" = 50 ]
  [ "$(field .offset)" = 0 ]
  [ "$(header Content-Type)" = 'application/json; charset=utf-8' ]
}

# bats test_tags=any-server
@test "with a key it is of its account, public or not" {
  key=$reader list
  page 4 move wait bad over
  key=$secret list
  page 1 hidden
}

@test "with a ticket too, in the cookie" {
  local cookie
  key=$reader request POST /api/v1/ticket -H 'Content-Type: application/json' -d '{"scope": "queue:read", "cookie": true}'
  cookie=$(header Set-Cookie)
  cookie=${cookie%%;*}

  list '' -H "Cookie: $cookie"
  get /queue/jobs -H "Cookie: $cookie"
  page 4 move wait bad over
  get /queue/jobs -H 'Cookie: telltale_ticket=tk_nonsense'
  denied 401 Unauthorized
}

# bats test_tags=any-server
@test "a row has the columns of the queue" {
  key=$reader list 'limit=1&offset=3'

  [ "$(field '.jobs[0] | keys_unsorted | join(" ")')" = \
    'id file_path params_json cache_path status priority progress error retry_count max_retries created_at started_at completed_at' ]
  [ "$(field '.jobs[0] | [.file_path, .params_json, .status] | join(" ")')" = 'videos/a b/clip.mp4 {"width": 640} completed' ]
  [ "$(field '.jobs[0] | [.cache_path, .error] | unique[]')" = null ]
  [ "$(field '.jobs[0] | [.priority, .progress, .retry_count, .max_retries] | map(tostring) | join(" ")')" = '1 100 0 2' ]
  [ "$(field '.jobs[0] | [.created_at, .started_at, .completed_at] | map(. == floor and . > 1.7e12) | unique[]')" = true ]
  [ "$(field '.jobs[0].created_at')" = "$(sql "select floor(extract(epoch from created_at) * 1000) from telltale.job where job_id = '$r-over'")" ]
}

# bats test_tags=any-server
@test "what runs has its progress in whole per cent, what failed its error, what waits no times" {
  get "/queue/jobs/$r-run"
  [ "$(field '[.status, .progress, .file_path] | map(tostring) | join(" ")')" = 'running 47 /srv/film.mp4' ]
  [ "$(field .completed_at)" = null ]
  get "/queue/jobs/$r-bad"
  [ "$(field '[.status, .error] | join(" ")')" = 'error FFmpeg process exited with code 1' ]
  get "/queue/jobs/$r-move"
  [ "$(field '[.status, .priority, .max_retries] | map(tostring) | join(" ")')" = 'pending 7 0' ]
  [ "$(field '[.file_path, .started_at, .completed_at] | unique[]')" = null ]
}

# bats test_tags=any-server
@test "status, each of the five" {
  public status=pending
  page 1 wait
  public status=running
  page 1 run
  public status=completed
  page 1 over
  public status=error
  page 1 bad
  public status=cancelled
  page 1 gone
  [ "$(field '.jobs[0].status')" = cancelled ]
}

# bats test_tags=any-server
@test "type narrows it, and one that does not exist is 400" {
  key=$reader list type=move
  page 1 move
  list type=checksum
  [ "$http_status" = 200 ]
  list type=nothing
  denied 400 'Bad Request' nothing
  list type=
  denied 400 'Bad Request' type
}

# bats test_tags=any-server
@test "limit and offset page through it, with a status too" {
  public 'limit=2'
  page 5 wait gone
  public 'limit=2&offset=2'
  page 5 bad run
  public 'limit=2&offset=4'
  page 5 over
  [ "$(field .limit)" = 2 ]
  [ "$(field .offset)" = 4 ]
  public 'offset=5'
  page 5
  key=$reader list 'status=pending&limit=1&offset=1'
  page 2 wait
}

# bats test_tags=any-server
@test "what is out of range, unknown or said twice is 400, and named" {
  local query
  for query in limit=0 limit=101 limit=x limit= offset=-1 offset=9999999999 offset=1.5 status=processing status=failed \
    status= 'status=pending,error' page=2 lastEventId=1 'limit=1&limit=2'; do
    public "$query"
    denied 400 'Bad Request' "${query%%=*}"
    [ "$(header Cache-Control)" = no-store ]
  done
}

# bats test_tags=any-server
@test "one job takes no parameter, nor do the numbers and a file's status" {
  get "/queue/jobs/$r-over?limit=1"
  denied 400 'Bad Request' limit
  get '/queue/stats?type=video'
  denied 400 'Bad Request' type
  get '/video-status/srv/film.mp4?x'
  denied 400 'Bad Request' x
}

# --- one job -------------------------------------------------------------------

# bats test_tags=any-server
@test "one job is its row" {
  public 'limit=1&offset=4'
  row=$(jq -c '.jobs[0]' <<<"$body")

  get "/queue/jobs/$r-over"
  [ "$http_status" = 200 ]
  [ "$(jq -c . <<<"$body")" = "$row" ]
}

# bats test_tags=any-server
@test "a job that is not there is 404, and so is one outside the view" {
  get "/queue/jobs/$r-none"
  denied 404 'Not Found' 'Job not found'
  get "/queue/jobs/$r-hidden"
  denied 404 'Not Found' 'Job not found'
  key=$reader get "/queue/jobs/$r-gone"
  denied 404 'Not Found' 'Job not found'
  key=$secret get "/queue/jobs/$r-hidden"
  [ "$(field .id)" = "$r-hidden" ]
}

@test "an id that cannot be one is 400" {
  local id
  for id in a%20b a.b a%27 "$(printf 'x%.0s' {1..65})" %C3%A9; do
    get "/queue/jobs/$id"
    denied 400 'Bad Request' 'job id'
  done
  get '/queue/jobs/a%2Fb'
  denied 400 'Bad Request' slash
  get '/queue/jobs/x%2E%2E%2Fy'
  denied 400 'Bad Request' slash
}

# bats test_tags=any-server
@test "a payload of more than 64 KiB is not in the list, and whole where the job is alone" {
  local name says
  name=$r-$(unique 6)
  while read -r says; do
    worker "select telltale.submit('$lab', 'move', jsonb_build_object('s', $says), job_id => '$name-' || length($says))" >/dev/null
  done <<'END'
repeat('ä', 40000)
(select string_agg(md5(n::text), '') from generate_series(1, 12000) as n)
repeat('x', 65528)
repeat('x', 65527)
END

  key=$hand list 'limit=4'
  [ "$(field '.jobs[].id' | sed "s/^$name-//" | tr '\n' ' ')" = '65527 65528 384000 40000 ' ]
  [ "$(field '.jobs[0].params_json | length')" = 65536 ]
  [ "$(field '.jobs[1:][].params_json' | sort -u)" = null ]
  for says in 40000 384000 65528; do
    key=$hand get "/queue/jobs/$name-$says"
    [ "$(field '.params_json | fromjson | .s | length')" = "$says" ]
  done
}

# bats test_tags=any-server
@test "what clients and workers said comes back as one JSON string each" {
  local evil
  fresh
  evil=$(printf '</script><script>"\\\t\r\n\x01\x7f \xe2\x80\xa8 \xc3\xa9 \xf0\x9f\x98\x80 %%0d%%0aX-Evil: 1')
  psql -XAtq -v ON_ERROR_STOP=1 -v evil="$evil" -v id="$id" -v account="$lab" -v type="$kind" -d "$TELLTALE_WORKER_DSN" >/dev/null <<'END'
select telltale.remove(:'id');
select telltale.submit(:'account', :'type', jsonb_build_object('says', :'evil'), :'evil', job_id => :'id' || '-evil');
select telltale.claim('w', array[:'type'], 10, '1 hour', array[:'account']);
select telltale.fail(:'id' || '-evil', 1, :'evil', 'X', false);
END

  get "/queue/jobs/$id-evil"
  [ "$http_status" = 200 ]
  [ "$(field .file_path)" = "$evil" ]
  [ "$(field .error)" = "$evil" ]
  [ "$(field '.params_json | fromjson | .says')" = "$evil" ]
  [ "$(wc -l <<<"$body")" = 1 ]
  [[ $body != *'<'* && ${headers,,} != *x-evil* ]]
}

# --- the numbers ---------------------------------------------------------------

counted() {
  sql "select json_build_object('total', count(*), 'pending', count(*) filter (where status = 'queued'),
              'processing', count(*) filter (where status = 'processing'),
              'completed', count(*) filter (where status = 'completed'), 'error', count(*) filter (where status = 'failed'))
         from telltale.job as j join telltale.account as a using (account_id) where $1" | jq -c .
}

# bats test_tags=any-server
@test "the numbers of the public accounts, and of a key's own" {
  get /queue/stats
  [ "$http_status" = 200 ]
  [ "$body" = "$(counted 'public_queue and terminated_at is null')" ]
  [ "$(field 'keys_unsorted | join(" ")')" = 'total pending processing completed error' ]

  key=$secret get /queue/stats
  [ "$body" = '{"total":1,"pending":1,"processing":0,"completed":0,"error":0}' ]
  key=$reader get /queue/stats
  [ "$body" = "$(counted "a.name = '$open'")" ]
}

# bats test_tags=any-server
@test "a cancelled job counts in the total alone" {
  local account
  account=$(new_account)
  worker "select telltale.cancel(telltale.submit('$account', 'move'))" >/dev/null

  key=$(new_key "$account" queue:read) get /queue/stats
  [ "$body" = '{"total":1,"pending":0,"processing":0,"completed":0,"error":0}' ]
}

# --- a file's status -------------------------------------------------------------

# That file's status, on this path below /video-status/.
video() { get "/video-status/$1"; }
status_is() { [ "$http_status $(field .status)" = "200 $1" ]; }
not_found() {
  [ "$http_status" = 404 ] && [ "$(header Cache-Control)" = no-store ] &&
    [ "$body" = '{"status":"not_found","message":"No processing job found for this video"}' ]
}

@test "a file's job, with the slashes of its path, encoded or not" {
  local path
  for path in videos/a%20b/clip.mp4 videos%2Fa%20b%2Fclip.mp4 %76ideos%2fa%20b/clip.mp4; do
    video "$path"
    status_is completed
    [ "$(field .progress)" = 100 ]
    [[ $(field .startedAt) =~ ^2[0-9]{3}-[01][0-9]-[0-3][0-9]T[0-9:]{8}\.[0-9]{3}Z$ ]]
    [[ $(field .completedAt) == 2*Z ]]
    [ "$(field 'keys | join(" ")')" = 'completedAt progress startedAt status' ]
  done
}

@test "a path that begins with a slash has it in the address, or lost it there" {
  local path
  for path in srv/film.mp4 /srv/film.mp4 %2Fsrv%2Ffilm.mp4; do
    video "$path"
    status_is running
    [ "$(field 'keys_unsorted | join(" ")')" = 'status progress startedAt' ]
  done
}

# bats test_tags=any-server
@test "the path to the letter comes before one with a slash" {
  local name
  name=$(unique 10)
  worker "select telltale.submit('$lab', 'move', file_path => '$name/a')" >/dev/null
  video "/$name/a"
  not_found
  worker "select telltale.cancel(telltale.submit('$lab', 'move', file_path => '/$name/a'))" >/dev/null

  video "$name/a"
  status_is pending
  video "/$name/a"
  status_is cancelled
}

# bats test_tags=any-server
@test "of several jobs the newest, of any status" {
  local name
  name=$(unique 10)/x.mp4
  fresh "$name"
  worker "select telltale.cancel('$id')" >/dev/null
  video "$name"
  status_is cancelled
  fresh "$name"
  video "$name"
  status_is pending
  [ "$body" = '{"status":"pending","progress":0}' ]
  worker "select telltale.remove('$id')" >/dev/null
  video "$name"
  status_is cancelled
}

# bats test_tags=any-server
@test "what failed says why" {
  local name
  name=$(unique 10).mp4
  fresh "$name"
  claim
  worker "select telltale.fail('$id', 1, 'no stream', 'X', false)" >/dev/null

  video "$name"
  status_is error
  [ "$(field .error)" = 'no stream' ]
}

# bats test_tags=any-server
@test "a file that no job is about, or none of the view, is not found" {
  video videos/none.mp4
  not_found
  video videos/hidden.mp4
  not_found
  key=$reader video srv/film.mp4
  not_found
  key=$secret video videos/hidden.mp4
  status_is pending
  # No prefix of a path is one, nor its end.
  video 'videos/a%20b'
  not_found
  video clip.mp4
  not_found
  video 'videos/a%20b/clip.mp4/'
  not_found
  video 'w_640/videos/a%20b/clip.mp4'
  not_found
}

@test "any character that a path may have" {
  local name encoded
  name="$(unique 8)/ä 😀'\"\\%2F?#&;+=,:@[]{}|^~\`\$!*().."
  encoded=$(jq -rn --arg s "$name" '$s | @uri')
  psql -XAtq -v ON_ERROR_STOP=1 -v name="$name" -v account="$lab" -d "$TELLTALE_WORKER_DSN" >/dev/null \
    <<<"select telltale.submit(:'account', 'move', file_path => :'name')"

  video "$encoded"
  status_is pending
  # Decoded once, and no more.
  video "${encoded//%252F/%2F}"
  not_found
}

@test "a path as long as a job's may be, and more segments than programs have otherwise" {
  local name
  name=$(unique 8)$(printf '/x%.0s' {1..2000})
  fresh "$name"
  video "$name"
  status_is pending
  video "$name$(printf 'y%.0s' {1..89})"
  denied 400 'Bad Request' 4096
}

@test "words of our own paths are words of a file's like any other" {
  local name
  for name in queue/jobs queue/stats queue/events video-status/x "queue/jobs/$r-over" "queue/jobs/$r-over/retry"; do
    video "$name"
    not_found
  done
  fresh queue/stats
  video queue/stats
  status_is pending
  video video-status
  not_found
}

@test "a job called like our paths can be asked for, and retried" {
  worker "select telltale.cancel(telltale.submit('$lab', 'move', job_id => 'video-status'))" >/dev/null
  get /queue/jobs/video-status
  [ "$(field .status)" = cancelled ]
  key=$hand request POST /queue/jobs/video-status/retry -d ''
  [ "$http_status" = 200 ]
  key=$hand request DELETE /queue/jobs/video-status
  [ "$http_status" = 200 ]
}

# Some of these the web server refuses itself, in its own words.
client_fault() { [[ $http_status == 4?? ]] && [[ $body != *'"status":"'* ]]; }

@test "dots, NUL, bytes that are no UTF-8 and broken escapes are refused" {
  local path
  for path in ../queue/stats a/../b ./a a/. a%2F..%2Fb %2e%2e %2e%2e/a a/%2E%2E/videos/hidden.mp4 a%00b %00 a%ffb \
    %c0%af %ed%a0%80 a% a%2 a%zz; do
    video "$path"
    client_fault
  done
  video a%2F..%2Fb
  denied 400 'Bad Request' '..'
}

@test "control characters are of a path, or the server refuses them" {
  video a%0Ab%0DX-Evil:1
  [ "$http_status" = 400 ] || not_found
  [[ ${headers,,} != *x-evil* ]]
}

# --- what anybody sees ---------------------------------------------------------

# bats test_tags=any-server
@test "what is made private, or terminated, is not seen from then on" {
  local account id name
  account=$(new_account)
  id=$r-$(unique 8)
  name=$(unique 8).mp4
  worker "select telltale.submit('$account', '$type', file_path => '$name', job_id => '$id')" >/dev/null
  seen() { get "/queue/jobs/$id" && [ "$http_status" = "$1" ] && video "$name" && [ "$http_status" = "$1" ] && public limit=1; }

  seen 404
  [ "$(field '.jobs[0].id')" != "$id" ]
  sql "select telltale.account_set('$account', p_public_queue => true)" >/dev/null
  seen 200
  [ "$(field '.jobs[0].id')" = "$id" ]
  sql "select telltale.account_set('$account', p_public_queue => false)" >/dev/null
  seen 404
  [ "$(field '.jobs[0].id')" != "$id" ]
  sql "select telltale.account_set('$account', p_public_queue => true),
              telltale.account_set('$account', p_terminated => true)" >/dev/null
  seen 404
  [ "$(field '.jobs[0].id')" != "$id" ]
  key=$(new_key "$account" queue:read) get "/queue/jobs/$id"
  denied 403 Forbidden terminated
}

@test "where no account is public, who has no key is told that he needs one" {
  local names name path
  names=$(sql 'select name from telltale.account where public_queue')
  sql "select count(telltale.account_set(name, p_public_queue => false)) from telltale.account where public_queue" >/dev/null
  for path in /queue/jobs "/queue/jobs/$r-over" /queue/stats /video-status/srv/film.mp4; do
    get "$path"
    denied 401 Unauthorized key || break
    [ "$(header WWW-Authenticate)" = Bearer ] || break
  done
  while read -r name; do
    sql "select telltale.account_set('$name', p_public_queue => true)" >/dev/null
  done <<<"$names"
  [ "$http_status" = 401 ]
  [ "$path" = /video-status/srv/film.mp4 ]
  public limit=1
  page 5 wait || [ "$(field .count)" = 1 ]
}

# bats test_tags=any-server
@test "a bad key is no way in to what is public" {
  local path
  for path in /queue/jobs "/queue/jobs/$r-over" /queue/stats /video-status/srv/film.mp4; do
    key=tt_$(unique 32) get "$path"
    denied 401 Unauthorized
    get "$path" -H 'Authorization: Bearer x'
    denied 401 Unauthorized
    key=$writer get "$path"
    denied 403 Forbidden scope
  done
}

# --- what is done to a job -------------------------------------------------------

# act JOB retry|cancel [CURL ARGUMENT...]
act() { request POST "/queue/jobs/$1/$2" -d '' "${@:3}"; }

# The answer to what was done, and to what was not.
done_so() { [ "$http_status" = 200 ] && [ "$body" = "{\"success\":true,\"message\":\"$1\"}" ] && [ "$(header Cache-Control)" = no-store ]; }
failed() { [ "$http_status" = 400 ] && [ "$body" = "{\"error\":\"Failed to $1 job\"}" ]; }

# bats test_tags=any-server
@test "a failed job is retried: queued, with one more attempt, and nothing of its past" {
  fresh
  key=$hand
  claim
  worker "select telltale.fail('$id', 1, 'broke', 'X', false)" >/dev/null

  act "$id" retry
  done_so 'Job scheduled for retry'
  get "/queue/jobs/$id"
  [ "$(field '[.status, .progress, .retry_count, .max_retries] | map(tostring) | join(" ")')" = 'pending 0 1 2' ]
  [ "$(field '[.error, .started_at, .completed_at] | unique[]')" = null ]
  [ "$(events_of "$id" job.requeued)" = 1 ]
  claim 2
}

# bats test_tags=any-server
@test "out of attempts it may have another" {
  fresh '' 1
  key=$hand
  claim
  worker "select telltale.fail('$id', 1, 'broke')" >/dev/null

  act "$id" retry
  done_so 'Job scheduled for retry'
  get "/queue/jobs/$id"
  [ "$(field '[.retry_count, .max_retries] | map(tostring) | join(" ")')" = '1 1' ]
}

# bats test_tags=any-server
@test "a cancelled job is retried too; what waits, runs or is done is not" {
  fresh
  key=$hand
  act "$id" cancel
  act "$id" retry
  done_so 'Job scheduled for retry'

  act "$id" retry
  failed retry
  claim
  act "$id" retry
  failed retry
  worker "select telltale.complete('$id', 1)" >/dev/null
  act "$id" retry
  failed retry
  [ "$(events_of "$id" job.requeued)" = 1 ]
}

# bats test_tags=any-server
@test "a job that waits for its time is not retried" {
  local id
  id=$r-$(unique 8)
  worker "select telltale.submit('$lab', 'move', job_id => '$id', run_after => now() + interval '1 day')" >/dev/null
  key=$hand act "$id" retry
  failed retry
  [ "$(sql "select run_after > now() from telltale.job where job_id = '$id'")" = t ]
}

@test "a waiting and a running job are cancelled, and again is the same" {
  fresh
  key=$hand
  act "$id" cancel
  done_so 'Job cancelled'
  act "$id" cancel
  done_so 'Job cancelled'
  [ "$(events_of "$id" job.cancelled)" = 1 ]

  fresh
  claim
  act "$id" cancel
  done_so 'Job cancelled'
  [ "$(worker "select telltale.progress('$id', 1, 50)")" = f ]
  get "/queue/jobs/$id"
  [ "$(field .status)" = cancelled ]
}

# bats test_tags=any-server
@test "what has ended is not cancelled" {
  key=$both act "$r-over" cancel
  failed cancel
  key=$both act "$r-bad" cancel
  failed cancel
}

@test "a job is deleted, whatever its status, and its worker learns of it" {
  key=$hand
  fresh videos/gone.mp4
  claim
  request DELETE "/queue/jobs/$id"
  done_so 'Job deleted'
  get "/queue/jobs/$id"
  denied 404 'Not Found'
  [ "$(events_of "$id" job.deleted)" = 1 ]
  [ "$(worker "select telltale.progress('$id', 1, 50)")" = f ]

  request DELETE "/queue/jobs/$id"
  failed delete
  act "$id" retry
  failed retry
  act "$id" cancel
  failed cancel

  fresh
  act "$id" cancel
  request DELETE "/queue/jobs/$id"
  done_so 'Job deleted'
}

# bats test_tags=any-server
@test "a job that is not there, or another account's, is 400 and the same" {
  local job
  key=$hand
  for job in "$r-none" "$r-hidden" "$r-run"; do
    act "$job" retry
    failed retry
    act "$job" cancel
    failed cancel
    request DELETE "/queue/jobs/$job"
    failed delete
  done
  [ "$(sql "select string_agg(status::text, ' ' order by job_id) from telltale.job where job_id in ('$r-hidden', '$r-run')")" = 'queued processing' ]
}

@test "an id that cannot be one is 400, and says why" {
  key=$hand
  act a%20b retry
  denied 400 'Bad Request' 'job id'
  act "$(printf 'x%.0s' {1..65})" cancel
  denied 400 'Bad Request' 'job id'
  request DELETE /queue/jobs/a.b
  denied 400 'Bad Request' 'job id'
  act 'a%2Fb' cancel
  denied 400 'Bad Request' slash
}

# On a job of a public account, so that it can be seen that seeing is all.
@test "who writes needs a key, and queue:write" {
  local narrow action
  fresh
  narrow=$(new_key "$lab" queue:read,job:write,job:read,admin)
  for action in retry cancel; do
    act "$id" $action
    denied 401 Unauthorized key
    [ "$(header WWW-Authenticate)" = Bearer ]
    key=$narrow act "$id" $action
    denied 403 Forbidden scope
  done
  request DELETE "/queue/jobs/$id"
  denied 401 Unauthorized key
  key=$narrow request DELETE "/queue/jobs/$id"
  denied 403 Forbidden scope
  key=tt_$(unique 32) request DELETE "/queue/jobs/$id"
  denied 401 Unauthorized
  [ "$(events_of "$id")" = 1 ]

  key=$(new_key "$lab" queue:write) request DELETE "/queue/jobs/$id"
  done_so 'Job deleted'
}

# bats test_tags=any-server
@test "a ticket writes for a page of the same origin, and for its job alone" {
  local cookie mine
  fresh
  mine=(-H 'Sec-Fetch-Site: same-origin' -H 'X-Telltale: 1')
  key=$hand request POST /api/v1/ticket -H 'Content-Type: application/json' \
    -d "{\"scope\": \"queue:write queue:read\", \"cookie\": true, \"job_id\": \"$id\"}"
  cookie=$(header Set-Cookie)
  cookie=${cookie%%;*}

  act "$id" cancel -H "Cookie: $cookie"
  denied 403 Forbidden same-origin
  act "$r-over" cancel -H "Cookie: $cookie" "${mine[@]}"
  denied 403 Forbidden 'one job'
  get "/queue/jobs/$r-over" -H "Cookie: $cookie"
  denied 403 Forbidden 'one job'
  get /queue/jobs -H "Cookie: $cookie"
  denied 403 Forbidden 'one job'
  get /queue/stats -H "Cookie: $cookie"
  denied 403 Forbidden 'one job'
  get "/queue/jobs/$id" -H "Cookie: $cookie"
  [ "$(field .id)" = "$id" ]
  act "$id" cancel -H "Cookie: $cookie" "${mine[@]}"
  done_so 'Job cancelled'
}

@test "a body may be empty, or a form without fields; what says more is refused" {
  fresh
  key=$hand
  request POST "/queue/jobs/$id/cancel" -H 'Content-Type: application/json' -d '{}'
  done_so 'Job cancelled'
  request POST "/queue/jobs/$id/retry" -H 'Content-Type: application/json' -d '{"priority": 1}'
  denied 400 'Bad Request' priority
  request POST "/queue/jobs/$id/retry" -H 'Content-Type: text/plain' -d 'please'
  denied 415 'Unsupported Media Type'
  request POST "/queue/jobs/$id/retry?force=1" -d ''
  denied 400 'Bad Request' force
  [ "$(events_of "$id" job.requeued)" = 0 ]
}

# bats test_tags=any-server
@test "ten at once: one retry is done, and one delete" {
  local out=$BATS_TEST_TMPDIR/out
  fresh
  key=$hand
  act "$id" cancel
  ten() {
    seq 10 | xargs -P 10 -I @ curl -sS --max-time 30 -d '' -X "$1" -H "Authorization: Bearer $key" -o /dev/null \
      -w '%{http_code}\n' "$TELLTALE_URL/queue/jobs/$id$2" | sort | uniq -c | tr -s ' \n' ' ' >"$out"
    cat "$out"
    [ "$(cat "$out")" = ' 1 200 9 400 ' ]
  }
  ten POST /retry
  [ "$(events_of "$id" job.requeued)" = 1 ]
  ten DELETE ''
  [ "$(events_of "$id" job.deleted)" = 1 ]
}

# --- HTTP ------------------------------------------------------------------------

@test "HEAD is GET without a body" {
  local path
  for path in /queue/jobs "/queue/jobs/$r-over" /queue/stats /video-status/srv/film.mp4; do
    request HEAD "$path"
    [ "$http_status" = 200 ]
    [ "$(header Content-Type)" = 'application/json; charset=utf-8' ]
    [ -z "$body" ]
  done
  request HEAD /video-status/none
  [ "$http_status" = 404 ]
}

@test "another method is 405 with what there is, another path 404, a trailing slash no other path" {
  local method row path allow
  while read -r allow path; do
    for method in GET HEAD POST PUT PATCH DELETE; do
      [[ ,$allow, != *,$method,* ]] || continue
      case $method in
      GET | HEAD) key=$hand request $method "$path" ;;
      *)          key=$hand request $method "$path" -d '' ;;
      esac
      [ "$http_status" = 405 ]
      [ "$(header Allow)" = "${allow//,/, }" ]
    done
  done <<END
GET,HEAD /queue/jobs
GET,HEAD,DELETE /queue/jobs/$r-over
POST /queue/jobs/$r-over/retry
POST /queue/jobs/$r-over/cancel
GET,HEAD /queue/stats
GET,HEAD /video-status/srv/film.mp4
END
  for path in /queue /queue/ /queue/job /queue/jobs/x/y /queue/jobs/x/retry/z /queue/worker/stats /queue/statss \
    /video-status /video-status/ /QUEUE/jobs; do
    get "$path"
    [ "$http_status" = 404 ]
  done
  get /queue/jobs/x/y
  denied 404 'Not Found' path
  get "/queue/jobs/?type=$type&limit=1"
  [ "$http_status" = 200 ]
  get "/queue/jobs/$r-over/"
  [ "$(field .id)" = "$r-over" ]
  get /queue/stats/
  [ "$http_status" = 200 ]
}

@test "who has the same already is told so" {
  local path etag
  for path in "/queue/jobs?type=$type&status=completed" "/queue/jobs/$r-over" /video-status/videos/a%20b/clip.mp4; do
    get "$path"
    etag=$(header ETag)
    [ -n "$etag" ]
    get "$path" -H "If-None-Match: $etag"
    [ "$http_status" = 304 ]
    [ -z "$body" ]
  done
}

@test "what is left of the rate is in every answer, and its reset is a time" {
  local now reset path
  now=$(date +%s)
  for path in /queue/jobs /queue/jobs/none /queue/none /queue/jobs?limit=0 /video-status/none; do
    get "$path"
    [ "$(header X-RateLimit-Limit)" = 6000 ]
    [ "$(header X-RateLimit-Remaining)" -le 6000 ]
    reset=$(header X-RateLimit-Reset)
    [ "$reset" -ge "$now" ]
    [ "$reset" -le $((now + 120)) ]
  done
  key=$reader get /queue/jobs
  [ "$(header X-RateLimit-Limit)" = 1000000 ]
}

# As the seed's vendor says it; the header besides.
too_often() {
  [ "$http_status" = 429 ] && [ "$(field 'keys_unsorted | join(" ")')" = 'error message retryAfter' ] &&
    [ "$(field .error)" = 'Too Many Requests' ] && [ "$(field .retryAfter)" -ge 1 ] &&
    [ "$(field .retryAfter)" = "$(header Retry-After)" ] && [ "$(header X-RateLimit-Remaining)" = 0 ]
}

@test "a key that asks too often is 429, and told when to come back" {
  local account id
  account=$(new_account)
  sql "select telltale.account_set('$account', p_rate_per_minute => 2)" >/dev/null
  id=$(submit_job "$account" move)
  key=$(new_key "$account" queue:read,queue:write)
  get /queue/stats
  [ "$http_status" = 200 ]
  get /queue/stats
  get /queue/stats
  too_often
  request DELETE "/queue/jobs/$id"
  too_often
  [ "$(sql "select count(*) from telltale.job where job_id = '$id'")" = 1 ]
}

cut_off() {
  psql -XAtq -d "$TELLTALE_SUPER_DSN" -c "select count(pg_terminate_backend(pid, 5000)) from pg_stat_activity
    where usename = 'telltale_web'" >/dev/null
}

# bats test_tags=any-server
@test "what is asked when the database has ended the connection is done, and once" {
  fresh
  key=$hand
  act "$id" cancel
  cut_off
  act "$id" retry
  done_so 'Job scheduled for retry'
  [ "$(events_of "$id" job.requeued)" = 1 ]
  cut_off
  request DELETE "/queue/jobs/$id"
  done_so 'Job deleted'
  [ "$(events_of "$id" job.deleted)" = 1 ]
}

# bats test_tags=any-server
@test "where the database is away it is 503, in the same words, and nothing of why" {
  local path
  for path in /queue/jobs /queue/stats /queue/jobs/x /video-status/x; do
    cgi queue GET "$path" TELLTALE_DSN="host=$BATS_TEST_TMPDIR dbname=nothing"
    denied 503 'Service Unavailable' moment
    [ "$(header Retry-After)" -ge 1 ]
    [[ $body != *nothing* ]]
  done
  key=$hand cgi queue DELETE /queue/jobs/x TELLTALE_DSN="host=$BATS_TEST_TMPDIR dbname=nothing"
  denied 503 'Service Unavailable' moment
}

# bats test_tags=any-server
@test "without a key the address pays" {
  local rates=$BATS_TEST_TMPDIR/rate env
  ask() {
    cgi queue GET "$1" REMOTE_ADDR=192.0.2.1 TELLTALE_ADDRESS_RATE=2 TELLTALE_RATE_FILE="$rates" \
      TELLTALE_DSN="$(sed -n 's/^export TELLTALE_DSN=.\(.*\).$/\1/p' "$TELLTALE_DIR/env")"
  }
  ask /queue/stats
  [ "$(header X-RateLimit-Limit)" = 2 ]
  [ "$(header X-RateLimit-Remaining)" = 1 ]
  ask /video-status/none
  [ "$(header X-RateLimit-Remaining)" = 0 ]
  ask /queue/jobs
  too_often
}

@test "other sites' pages read it where they may" {
  get /queue/stats -H 'Origin: https://front.example'
  [ "$(header Access-Control-Allow-Origin)" = https://front.example ]
  request OPTIONS "/queue/jobs/$r-over" -H 'Origin: https://front.example' -H 'Access-Control-Request-Method: DELETE'
  [ "$http_status" = 204 ]
  [[ $(header Access-Control-Allow-Methods) == *DELETE* ]]
}

@test "every answer has a request id, and nosniff" {
  local path
  for path in /queue/jobs /queue/none /video-status/none; do
    get "$path" -H 'X-Request-Id: abc-1'
    [ "$(header X-Request-Id)" = abc-1 ]
    [ "$(header X-Content-Type-Options)" = nosniff ]
  done
}
