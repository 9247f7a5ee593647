#!/usr/bin/env bats
# What GET /api/v1/job/{id} answers.
# shellcheck disable=SC2154 # get() sets http_status, headers and body

setup_file() {
  load ../helpers
  r=$(unique 10)
  account=$(new_account)
  key=$(new_key "$account" job:read)
  export r account key
}

setup() {
  bats_require_minimum_version 1.5.0
  load ../helpers
}

@test "a job that waits has its fields, null where there is nothing" {
  id=$(submit_job "$account" image)

  get "/api/v1/job/$id"

  [ "$http_status" = 200 ]
  [[ $(header Content-Type) == application/json* ]]
  [ "$(field .job_id)" = "$id" ]
  [ "$(field 'keys_unsorted | join(" ")')" = "job_id type status is_prohibited decision progress \
created_at started_at completed_at attempt" ]
  [ "$(field '[.type, .status, .progress, .attempt] | map(tostring) | join(" ")')" = 'image queued 0 0' ]
}

# bats test_tags=any-server
@test "a job is followed through its life" {
  id=$(submit_job "$account" video)
  claim_job "$account" video
  worker "select telltale.progress('$id', 1, 60, 'frame 27 of 45', 27, 45)"

  get "/api/v1/job/$id"
  [ "$(field '[.status, .progress, .frames_completed, .frame_count, .attempt]
              | map(tostring) | join(" ")')" = 'processing 60 27 45 1' ]
  [ "$(field .detail)" = 'frame 27 of 45' ]
  [[ $(field .started_at) == 2*Z ]]
  [ "$(field .completed_at)" = null ]

  worker "select telltale.complete('$id', 1, 'reject', '{\"score\": [1, 2.50]}',
                 '{\"nsfw\": true}', 'no')"
  get "/api/v1/job/$id"
  [ "$(field '[.status, .progress, .decision, .is_prohibited, .reason]
              | map(tostring) | join(" ")')" = 'completed 100 reject true no' ]
  [ "$(field .categories.nsfw)" = true ]
  [[ $body == *'"score": [1, 2.50]'* ]]
  [[ $(field .completed_at) == 2*Z ]]
}

# bats test_tags=any-server
@test "a failed job says why, for a program; the rest stays with the operator" {
  id=$(submit_job "$account" post)
  claim_job "$account" post
  worker "select telltale.progress('$id', 1, 47.5);
          select telltale.fail('$id', 1, 'the disk is full', 'E_DISK', false)"

  get "/api/v1/job/$id"

  [ "$(field '[.status, .error_code, .progress] | map(tostring) | join(" ")')" = 'failed E_DISK 47.5' ]
  [[ $body != *'the disk'* ]]
}

# bats test_tags=any-server
@test "a cancelled job is failed, with the code CANCELLED" {
  id=$(submit_job "$account" pre)
  worker "select telltale.cancel('$id')"

  get "/api/v1/job/$id"

  [ "$(field '[.status, .error_code] | join(" ")')" = 'failed CANCELLED' ]
}

# bats test_tags=any-server
@test "markup and control characters of a worker are harmless" {
  id=$(submit_job "$account" move)
  claim_job "$account" move
  worker "select telltale.progress('$id', 1, 1, E'</script>\n\"\\\\ \u2028')"

  get "/api/v1/job/$id"

  [[ $body != *'<'* ]]
  [[ $body == *'\u003c/script\u003e\n\"\\ \u2028'* ]]
}

@test "an unknown job is 404, and the log says which" {
  get "/api/v1/job/$r-nobody"

  refused 404 JOB_NOT_FOUND
  [ "$(field .message)" = 'Job not found' ]
  logged "no job $r-nobody"
}

# bats test_tags=any-server
@test "another account's job is 404, and the answer is the same" {
  local other
  other=$(new_account)
  submit_job "$other" image "$r-foreign"

  get "/api/v1/job/$r-foreign"

  refused 404 JOB_NOT_FOUND
  [ "$(field .message)" = 'Job not found' ]
}

# bats test_tags=any-server
@test "a removed job is 404" {
  id=$(submit_job "$account" image)
  worker "select telltale.remove('$id')"

  get "/api/v1/job/$id"

  refused 404 JOB_NOT_FOUND
}

@test "an id is 1 to 64 of A-Za-z0-9_-" {
  submit_job "$account" image "$(printf "$r%054d" 7)"
  get "/api/v1/job/$(printf "$r%054d" 7)"
  [ "$http_status" = 200 ]

  local id
  for id in "$(printf "$r%055d" 7)" a.b a%20b a%27b 'a;b' a%25 %C3%A9 'a+b'; do
    get "/api/v1/job/$id"
    refused 400 INVALID_REQUEST
  done
}

@test "an id may be percent-encoded, once" {
  submit_job "$account" image "$r-enc"

  get "/api/v1/job/$r%2denc"
  [ "$http_status" = 200 ]
  get "/api/v1/job/$r%252denc"
  [ "$http_status" = 400 ]
}

@test "nothing hides behind dots, slashes and escapes in a path" {
  submit_job "$account" image "$r-path"
  local path
  for path in "x%2f$r-path" "..%2f$r-path" "%2e%2e/job/$r-path%00" "$r-path%00" "$r-path%" \
    "$r-path%2" "$r-path%zz" "$r-path%ff" "$r-path/.." "x/../$r-path%2f"; do
    get "/api/v1/job/$path"
    [[ $http_status == 40[04] ]]
    [[ $body != *'"status":"queued"'* ]]
  done
}

@test "no id is 404" {
  get /api/v1/job/
  [ "$http_status" = 404 ]
  get /api/v1/job
  [ "$http_status" = 404 ]
}

# bats test_tags=any-server
@test "an unknown parameter is 400 and named" {
  get "/api/v1/job/x?verbose=1"

  refused 400 INVALID_REQUEST
  [[ $(field .message) == *verbose* ]]
}

@test "HEAD has the headers of GET and no body" {
  id=$(submit_job "$account" image)
  get "/api/v1/job/$id"
  local length=${#body}

  request HEAD "/api/v1/job/$id"
  [ "$http_status" = 200 ]
  length_is "$length"
  request HEAD "/api/v1/job/$r-nobody"
  [ "$http_status" = 404 ]
}

@test "an unchanged job is 304 to who has it, until it changes" {
  id=$(submit_job "$account" index)
  get "/api/v1/job/$id"
  local etag
  etag=$(header ETag)
  get "/api/v1/job/$id" -H "If-None-Match: $etag"
  [ "$http_status" = 304 ]
  [ -z "$body" ]

  claim_job "$account" index
  get "/api/v1/job/$id" -H "If-None-Match: $etag"
  [ "$http_status" = 200 ]
  [ "$(field .status)" = processing ]
}

@test "another method is 405 and says which are allowed" {
  local method
  for method in POST PUT DELETE; do
    request "$method" "/api/v1/job/$r-nobody" -d ''
    refused 405 METHOD_NOT_ALLOWED
    [ "$(header Allow)" = 'GET, HEAD' ]
  done
}

@test "as plain CGI the answer is the same" {
  id=$(submit_job "$account" image)
  get "/api/v1/job/$id"
  local by_server=$body

  cgi job GET "/api/v1/job/$id" TELLTALE_DSN="$TELLTALE_DSN"
  [ "$http_status" = 200 ]
  [ "$body" = "$by_server" ]
}

@test "a request after the database's connections were cut is answered" {
  id=$(submit_job "$account" image)
  get "/api/v1/job/$id"
  psql -XAtq -d "$TELLTALE_SUPER_DSN" -c "select pg_terminate_backend(pid, 5000) from pg_stat_activity
    where usename = 'telltale_web' and application_name not like '%feed%'" >/dev/null

  get "/api/v1/job/$id"

  [ "$http_status" = 200 ]
}
