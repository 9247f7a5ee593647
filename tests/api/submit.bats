#!/usr/bin/env bats
# What POST /api/v1/moderate/{prompt,image,video} and POST /api/v1/jobs answer,
# and what becomes of it.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154 # setup_file and request() set what is used

setup_file() {
  load ../helpers
  account=$(new_account)
  writer=$(new_key "$account" job:read,job:write,moderate:prompt,moderate:image,moderate:video)
  export account writer
}

setup() {
  bats_require_minimum_version 1.5.0
  load ../helpers
  key=$writer
}

# --- words -------------------------------------------------------------------

# send KIND JSON [CURL ARGUMENT...]; post JSON [CURL ARGUMENT...]: to jobs.
send() { request POST "/api/v1/moderate/$1" -H 'Content-Type: application/json' -d "$2" "${@:3}"; }
post() { request POST /api/v1/jobs -H 'Content-Type: application/json' -d "$1" "${@:2}"; }

# The answer says that there is a job; sets job.
accepted() {
  job=$(field .job_id)
  [ "$http_status" = 202 ] && [ "$body" = "{\"job_id\":\"$job\",\"status\":\"queued\"}" ] &&
    [ "$(header X-Job-Id)" = "$job" ] && [ "$(header Cache-Control)" = no-store ] &&
    [[ $(header Location) == *job/"$job" ]]
}

# An expression about that job, as PostgreSQL has it.
stored() { sql "select $1 from telltale.job as j where job_id = '$job'"; }
jobs() { sql "select count(*) from telltale.job join telltale.account using (account_id) where name = '$account'"; }

# invalid WORD: 400, and the message has the word.  As refused(), but quick.
invalid() {
  [[ "$http_status $body" == '400 {"error":"INVALID_REQUEST","message":"'*"$1"*'","statusCode":400}' ]]
}

many() { head -c "$1" /dev/zero | tr '\0' "${2:-x}"; }

# --- a prompt ----------------------------------------------------------------

@test "a prompt is a job of that type, with it as payload" {
  send prompt '{"prompt": "Is \"this\" <fine>? Ä"}'
  accepted
  [ "$(stored type)" = prompt ]
  [ "$(stored "payload = jsonb_build_object('prompt', 'Is \"this\" <fine>? Ä')")" = t ]
  [ "$(stored "status || ' ' || priority || max_attempts")" = 'queued 13' ]
  [ -z "$(stored webhook_url)" ]
}

@test "the address in Location leads to the job" {
  local path
  for path in /api/v1/moderate/prompt /api/v1/moderate/prompt/; do
    request POST "$path" -d prompt=x
    accepted
    get "$(python3 -c 'import sys, urllib.parse; print(urllib.parse.urljoin(*sys.argv[1:]))' "$path" "$(header Location)")"
    [ "$http_status" = 200 ]
    [ "$(field .job_id)" = "$job" ]
  done
  for path in /api/v1/jobs /api/v1/jobs/; do
    request POST "$path" -d type=move
    accepted
    get "$(python3 -c 'import sys, urllib.parse; print(urllib.parse.urljoin(*sys.argv[1:]))' "$path" "$(header Location)")"
    [ "$(field .job_id)" = "$job" ]
  done
}

@test "a form, and one with parts, say the same as JSON" {
  request POST /api/v1/moderate/prompt --data-urlencode 'prompt=a & b' -d webhook_url=https://hook.example/x
  accepted
  [ "$(stored "payload->>'prompt'")" = 'a & b' ]
  [ "$(stored webhook_url)" = https://hook.example/x ]

  request POST /api/v1/moderate/prompt -F 'prompt=c & d' -F webhook_url=https://hook.example/x
  accepted
  [ "$(stored "payload->>'prompt'")" = 'c & d' ]
  [ "$(stored webhook_url)" = https://hook.example/x ]
}

@test "a prompt has 1 to 20000 characters" {
  send prompt "{\"prompt\": \"$(printf 'ä%.0s' {1..20000})\"}"
  accepted
  [ "$(stored "length(payload->>'prompt')")" = 20000 ]

  send prompt "{\"prompt\": \"$(printf 'ä%.0s' {1..20001})\"}"
  invalid prompt
  send prompt '{"prompt": ""}'
  invalid prompt
  send prompt '{}'
  invalid prompt
  send prompt '{"prompt": null}'
  invalid prompt
  request POST /api/v1/moderate/prompt -d ''
  invalid prompt
}

# bats test_tags=any-server
@test "a prompt is a text" {
  local json
  for json in 7 true '["x"]' '{"a": "b"}'; do
    send prompt "{\"prompt\": $json}"
    invalid prompt
  done
  request POST /api/v1/moderate/prompt -F prompt=@/etc/hostname
  invalid prompt
}

# --- an image, a video -------------------------------------------------------

# bats test_tags=any-server
@test "an address of an image or a video goes into the payload" {
  local kind
  for kind in image video; do
    send $kind "{\"${kind}_url\": \"https://media.example/a.bin?x=1&y\", \"webhook_url\": \"http://93.184.216.34:8080/\"}"
    accepted
    [ "$(stored type)" = $kind ]
    [ "$(stored "payload = jsonb_build_object('${kind}_url', 'https://media.example/a.bin?x=1&y')")" = t ]
    [ "$(stored webhook_url)" = http://93.184.216.34:8080/ ]
    [ "$(stored '(select count(*) from telltale.job_input as i where i.job = j.id)')" = 0 ]
  done
}

# The file that came with $job: "field|name|media type|SHA-256".
stored_file() {
  sql "select field, name, media_type, encode(sha256(data), 'hex')
         from telltale.job_input join telltale.job as j on j.id = job where job_id = '$job'"
}

@test "a file is kept byte for byte" {
  local file=$BATS_TEST_TMPDIR/file sum kind
  head -c 4000000 /dev/urandom >"$file"
  sum=$(sha256sum <"$file" | cut -d ' ' -f 1)
  for kind in image video; do
    request POST "/api/v1/moderate/$kind" -H 'Expect:' -F "$kind=@$file;filename=a b.bin;type=application/x-y"
    accepted
    [ "$(stored_file)" = "$kind|a b.bin|application/x-y|$sum" ]
    [ "$(stored payload)" = '{}' ]
  done
}

# bats test_tags=any-server
@test "the worker gets the file" {
  local attempt
  request POST /api/v1/moderate/image -F 'image=@-;filename=x.png;type=image/png' <<<'not an image'
  accepted
  worker "select count(*) from telltale.claim('bats', array['image'], 100, '1 hour', array['$account'])" >/dev/null
  [ "$(worker "select n, field, name, media_type, convert_from(data, 'UTF8') from telltale.job_input('$job', 1)")" = \
    '1|image|x.png|image/png|not an image' ]
}

@test "what a file may be called is anybody's business" {
  local name
  for name in '../../etc/passwd' '$(reboot)' "'; drop table job; --" '\\x00' '{a,b}' 'ä' ''; do
    request POST /api/v1/moderate/image -F "image=@-;filename=\"$name\"" <<<x
    [ "$http_status" = 202 ] || [ "$http_status" = 400 ]
  done
  request POST /api/v1/moderate/image -F "image=@-;filename=$(many 1025)" <<<x
  invalid ''
}

# bats test_tags=any-server
@test "neither or both of address and file is 400" {
  local kind
  for kind in image video; do
    send $kind '{}'
    invalid "${kind}_url"
    request POST "/api/v1/moderate/$kind" -F "${kind}_url=https://media.example/" -F "$kind=@-" <<<x
    invalid "${kind}_url"
    send $kind "{\"$kind\": \"https://media.example/\"}"
    invalid "$kind"
    request POST "/api/v1/moderate/$kind" -F "${kind}_url=@-" <<<x
    invalid "${kind}_url"
  done
  request POST /api/v1/moderate/image -F 'image=@/dev/null;filename=empty'
  invalid image
  request POST /api/v1/moderate/image -F 'video=@-' <<<x
  invalid video
}

# --- any job -----------------------------------------------------------------

# bats test_tags=any-server
@test "a job of any type, with everything" {
  post '{"type": "transform", "payload": {"b": [1, 2.5, null], "a": "ä"}, "file_path": "/srv/a b",
         "priority": -7, "run_after": "2031-02-03T04:05:06.789+02:00", "max_attempts": 9,
         "webhook_url": "https://hook.example/", "callback_id": "mine-1"}'
  accepted
  [ "$(stored "concat_ws(' ', type, payload, file_path, priority, max_attempts)")" = \
    'transform {"a": "ä", "b": [1, 2.5, null]} /srv/a b -7 9' ]
  [ "$(stored "webhook_url || ' ' || callback_id")" = 'https://hook.example/ mine-1' ]
  [ "$(stored "run_after = '2031-02-03 02:05:06.789Z'")" = t ]
}

# bats test_tags=any-server
@test "by default it is what a worker's submit() makes" {
  post '{"type": "move"}'
  accepted
  [ "$(stored "concat_ws(' ', payload, priority, max_attempts, run_after <= now())")" = '{} 1 3 t' ]
  [ -z "$(stored "coalesce(file_path, webhook_url, callback_id)")" ]

  post '{"type": "move", "payload": null, "priority": null, "run_after": null, "file_path": null, "callback_id": null}'
  accepted
}

@test "a form says the same: its payload is a text that is JSON" {
  request POST /api/v1/jobs -d type=move --data-urlencode 'payload={"a": [true]}' -d priority=5 -d max_attempts=1 \
    --data-urlencode run_after=2031-02-03T04:05:06+02:00
  accepted
  [ "$(stored "concat_ws(' ', payload, priority, max_attempts)")" = '{"a": [true]} 5 1' ]
  request POST /api/v1/jobs -F type=move -F payload=7
  accepted
  [ "$(stored payload)" = 7 ]

  request POST /api/v1/jobs -d type=move -d 'payload={'
  invalid payload
  request POST /api/v1/jobs -d type=move -d payload=text
  invalid payload
  request POST /api/v1/jobs -d type=move -d "payload=$(many 33 '[')"
  invalid payload
  request POST /api/v1/jobs -F type=move -F payload=@/etc/hostname
  invalid payload
}

# bats test_tags=any-server
@test "a payload may be any JSON" {
  local json
  for json in '[]' '"text"' 7 -2.5e10 true '[[[{"a": {}}]]]' '{"": ""}'; do
    post "{\"type\": \"move\", \"payload\": $json}"
    accepted
    [ "$(stored "payload = '$json'")" = t ]
  done
}

# bats test_tags=any-server
@test "what a job cannot be is 400, and named" {
  local field json
  while IFS=$'\t' read -r field json; do
    post "{\"type\": \"move\", \"$field\": $json}"
    invalid "$field"
  done <<END
payload_	{}
id	"x"
job_id	"x"
file_path	""
file_path	7
file_path	"$(many 4097)"
priority	1.5
priority	"high"
priority	2147483648
priority	-2147483649
run_after	"tomorrow"
run_after	"2031-02-03T04:05:06"
run_after	"1969-12-31T00:00:00Z"
run_after	7
max_attempts	0
max_attempts	1001
callback_id	""
callback_id	"$(many 257)"
webhook_url	"ftp://hook.example/"
webhook_url	""
END
  for json in '{}' '{"type": null}' '{"type": ""}' '{"type": 7}' '{"type": "nothing"}' \
    "{\"type\": \"$(many 33)\"}"; do
    post "$json"
    invalid type
  done
}

# --- addresses ---------------------------------------------------------------

# bats test_tags=any-server
@test "addresses that are not public are 400, in any notation" {
  local url
  while read -r url; do
    send image "{\"image_url\": \"$url\"}"
    invalid image_url
    post "{\"type\": \"move\", \"webhook_url\": \"$url\"}"
    invalid webhook_url
  done <<'END'
http://127.0.0.1/
http://127.1/
http://2130706433/
http://0x7f000001/
http://0177.0.0.1/
http://localhost:8080/
http://a.localhost./
http://10.0.0.1/
http://172.16.5.4/x
http://192.168.1.1/
http://169.254.169.254/latest/meta-data/
http://100.64.0.1/
http://0.0.0.0/
http://[::1]/
http://[::]/
http://[::ffff:127.0.0.1]/
http://[fe80::1]/
http://[fd00::1]/
http://[64:ff9b::7f00:1]/
END
}

# bats test_tags=any-server
@test "what is no address of the web is 400" {
  local url
  while read -r url; do
    send video "{\"video_url\": \"$url\"}"
    invalid video_url
  done <<END
ftp://media.example/
file:///etc/passwd
javascript:alert(1)
//media.example/
media.example
http://
http:///x
http://user@media.example/
http://user:word@media.example/
http://media.example:123456/
http://media.example/a b
https://media.example/$(many 2048)
END
}

# --- once for a key ----------------------------------------------------------

@test "the same key and request is the same job" {
  local word first
  word=once-$(unique 8)
  send prompt '{"prompt": "x", "webhook_url": "https://hook.example/"}' -H "Idempotency-Key: $word"
  accepted
  first=$job
  request POST /api/v1/moderate/prompt -H "Idempotency-Key: $word" -F webhook_url=https://hook.example/ -F prompt=x
  accepted
  [ "$job" = "$first" ]

  # Also when it has ended.
  sql "select telltale.cancel('$job')" >/dev/null
  send prompt '{"prompt": "x", "webhook_url": "https://hook.example/"}' -H "Idempotency-Key: $word"
  accepted
  [ "$job" = "$first" ]
}

@test "the same key for another request is 409" {
  local word before
  word=once-$(unique 8)
  send prompt '{"prompt": "x"}' -H "Idempotency-Key: $word"
  accepted
  before=$(jobs)
  send prompt '{"prompt": "y"}' -H "Idempotency-Key: $word"
  refused 409 CONFLICT
  send prompt '{"prompt": "x", "webhook_url": "https://hook.example/"}' -H "Idempotency-Key: $word"
  refused 409 CONFLICT
  post '{"type": "move"}' -H "Idempotency-Key: $word"
  refused 409 CONFLICT
  [ "$(jobs)" = "$before" ]

  request POST /api/v1/moderate/image -H "Idempotency-Key: f$word" -F 'image=@-;filename=a' <<<one
  accepted
  request POST /api/v1/moderate/image -H "Idempotency-Key: f$word" -F 'image=@-;filename=a' <<<two
  refused 409 CONFLICT
}

@test "another account's key is another" {
  local word first
  word=once-$(unique 8)
  send prompt '{"prompt": "x"}' -H "Idempotency-Key: $word"
  accepted
  first=$job
  key=$(new_key "$(new_account)" moderate:prompt) send prompt '{"prompt": "y"}' -H "Idempotency-Key: $word"
  accepted
  [ "$job" != "$first" ]
}

@test "without a key each request is a job" {
  local first
  send prompt '{"prompt": "x"}'
  first=$(field .job_id)
  send prompt '{"prompt": "x"}'
  accepted
  [ "$job" != "$first" ]
}

@test "a key is 1 to 255 characters of ASCII" {
  local word
  send prompt '{"prompt": "x"}' -H "Idempotency-Key: $(unique 255)"
  accepted
  for word in "$(many 256)" 'ä'; do
    send prompt '{"prompt": "x"}' -H "Idempotency-Key: $word"
    invalid Idempotency-Key
  done
}

# bats test_tags=any-server
@test "50 of the same at once are one job" {
  local word before out=$BATS_TEST_TMPDIR/out
  word=once-$(unique 8)
  before=$(jobs)
  seq 50 | xargs -P 50 -I @ curl -sS --max-time 60 -X POST -H "Authorization: Bearer $key" \
    -H "Idempotency-Key: $word" -H 'Content-Type: application/json' -d '{"type": "move", "payload": {"n": 1}}' \
    -o "$out.@" -w '%{http_code}\n' "$TELLTALE_URL/api/v1/jobs" >"$out"
  sort "$out" | uniq -c
  [ "$(sort -u "$out")" = 202 ]
  [ "$(cat "$out".* | jq -r .job_id | sort -u | wc -l)" = 1 ]
  [ "$(jobs)" = $((before + 1)) ]
}

# --- what is refused ---------------------------------------------------------

# bats test_tags=any-server
@test "unknown fields are 400, and named" {
  send prompt '{"prompt": "x", "promt": "y"}'
  invalid promt
  send image '{"image_url": "https://media.example/", "video_url": "https://media.example/"}'
  invalid video_url
  request POST /api/v1/moderate/prompt -d prompt=x -d priority=1
  invalid priority
  request POST /api/v1/moderate/prompt -d prompt=x -d prompt=y
  invalid prompt
}

@test "a parameter in the address is 400" {
  request POST '/api/v1/moderate/prompt?prompt=x' -d prompt=x
  invalid prompt
  request POST '/api/v1/jobs?limit=5' -d type=move
  invalid limit
}

# bats test_tags=any-server
@test "what is not JSON is 400" {
  local json
  for json in '{' '[]' '"x"' '{"prompt": "a\u0000b"}' '{"prompt": "x"} x' '{"prompt": "x", "prompt": "x"}'; do
    send prompt "$json"
    invalid ''
  done
}

@test "a body of another type is 415" {
  local type
  for type in text/plain application/xml 'application/json; charset=latin1' image/png; do
    request POST /api/v1/moderate/prompt -H "Content-Type: $type" -d x
    refused 415 UNSUPPORTED_MEDIA
    request POST /api/v1/jobs -H "Content-Type: $type" -d x
    refused 415 UNSUPPORTED_MEDIA
  done
}

@test "a body above TELLTALE_MAX_UPLOAD is 413, one of as much is taken" {
  local file=$BATS_TEST_TMPDIR/file
  many 4718592 >"$file"
  request POST /api/v1/moderate/image -H 'Expect:' -F "image=@$file"
  refused 413 PAYLOAD_TOO_LARGE
  request POST /api/v1/jobs -H 'Expect:' -H 'Content-Type: application/json' --data-binary "@$file" -d x
  refused 413 PAYLOAD_TOO_LARGE
  request POST /api/v1/jobs -H 'Expect:' --data-binary "@$file"
  invalid Unknown
}

# bats test_tags=any-server
@test "each path wants its scope" {
  local kind others json
  for kind in prompt image video; do
    others=$(tr ' ' '\n' <<<'job:write moderate:prompt moderate:image moderate:video' | grep -v $kind | paste -sd ,)
    json='{"prompt": "x"}'
    [ $kind = prompt ] || json="{\"${kind}_url\": \"https://media.example/\"}"
    key=$(new_key "$account" "$others") send $kind "$json"
    refused 403 FORBIDDEN
    key=$(new_key "$account" moderate:$kind) send $kind "$json"
    accepted
  done
  key=$(new_key "$account" job:read,moderate:prompt) post '{"type": "move"}'
  refused 403 FORBIDDEN
}

# bats test_tags=any-server
@test "who may not is not asked for his fields" {
  key='' send prompt '{"nonsense": 1}'
  refused 401 UNAUTHORIZED
  key='' post nonsense
  refused 401 UNAUTHORIZED
}

@test "another method is 405, another path 404" {
  local method path
  for method in GET PUT DELETE; do
    request $method /api/v1/moderate/prompt
    refused 405 METHOD_NOT_ALLOWED
    [ "$(header Allow)" = POST ]
  done
  request PUT /api/v1/jobs
  refused 405 METHOD_NOT_ALLOWED
  [ "$(header Allow)" = 'GET, HEAD, POST' ]
  for path in /api/v1/moderate /api/v1/moderate/audio /api/v1/moderate/prompt/x; do
    request POST $path -d prompt=x
    refused 404 NOT_FOUND
  done
}

# bats test_tags=any-server
@test "without a database it is 503" {
  cgi submit POST /api/v1/moderate/prompt TELLTALE_DSN='host=/nowhere dbname=telltale' CONTENT_LENGTH=
  invalid prompt
  cgi jobs POST /api/v1/jobs TELLTALE_DSN='host=/nowhere dbname=telltale' CONTENT_LENGTH=1 \
    CONTENT_TYPE=application/x-www-form-urlencoded
  [[ $http_status == 400 || $http_status == 503 ]]
}

# --- how long it takes -------------------------------------------------------

# Four threads that lingered for a second each would need 10 s.
@test "a thread does not linger once it has answered" {
  local from=$EPOCHREALTIME took codes
  for _ in {1..40}; do
    printf 'url = "%s"\noutput = "/dev/null"\n' "$TELLTALE_URL/api/v1/moderate/prompt"
  done >"$BATS_TEST_TMPDIR/forty"
  curl -sS -Z --parallel-immediate --parallel-max 10 --max-time 60 -H "Authorization: Bearer $key" -d prompt=x \
    -w '%{http_code}\n' -K "$BATS_TEST_TMPDIR/forty" >"$BATS_TEST_TMPDIR/codes"
  took=$((${EPOCHREALTIME/./} - ${from/./}))
  echo "40 requests, 10 at a time: $took us"
  codes=$(sort "$BATS_TEST_TMPDIR/codes" | uniq -c)
  echo "$codes"
  [[ $codes =~ ^\ *40\ 202$ ]]
  [ $took -lt "$(stretched 8000000)" ]
}
