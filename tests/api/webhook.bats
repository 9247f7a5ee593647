#!/usr/bin/env bats
# What POST and DELETE /api/v1/webhook/register answer, and what they leave.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # setup_file and request() set what is used

setup() {
  bats_require_minimum_version 1.5.0
  load ../helpers
  account=$(new_account)
  key=$(new_key "$account" webhook:manage)
}

# register URL [CURL ARGUMENT...]
register() {
  request POST /api/v1/webhook/register -H 'Content-Type: application/json' -d "{\"url\": \"$1\"}" "${@:2}"
}

# A column of the account's webhook.
stored() {
  sql "select $1 from telltale.webhook join telltale.account using (account_id) where name = '$account'"
}

# As refused(), but quick.
invalid() {
  [[ "$http_status $body" == '400 {"error":"INVALID_REQUEST","message":"'*"$1"*'","statusCode":400}' ]]
}

@test "a place is registered, and its secret told" {
  register https://hook.example/a?b=c

  [ "$http_status" = 200 ]
  [[ $(header Content-Type) == application/json* ]]
  [ "$(header Cache-Control)" = no-store ]
  [ "$(field 'keys_unsorted | join(" ")')" = 'url secret replaced' ]
  [ "$(field .url)" = 'https://hook.example/a?b=c' ]
  [[ $(field .secret) =~ ^whsec_[A-Za-z0-9+/]{43}=$ ]]
  [ "$(field .replaced)" = false ]
  [ "$(stored url)" = 'https://hook.example/a?b=c' ]
  [ "$(stored secret)" = "$(field .secret)" ]
}

@test "a form, and one with parts, say the same as JSON" {
  request POST /api/v1/webhook/register -d url=https://hook.example/a
  [ "$(field .url)" = https://hook.example/a ]
  request POST /api/v1/webhook/register -F url=https://hook.example/b
  [ "$(field .url)" = https://hook.example/b ]
  [ "$(stored url)" = https://hook.example/b ]
}

# bats test_tags=any-server
@test "again replaces it, with a new secret; the one before signs for a day" {
  local first
  register https://hook.example/a
  first=$(field .secret)
  register https://hook.example/b

  [ "$(field .replaced)" = true ]
  [ "$(field .secret)" != "$first" ]
  [ "$(stored url)" = https://hook.example/b ]
  [ "$(stored previous_secret)" = "$first" ]
  [ "$(stored "previous_until between now() + interval '23 hours' and now() + interval '25 hours'")" = t ]
  [ "$(stored 'count(*)')" = 1 ]
}

@test "DELETE takes it back" {
  register https://hook.example/a
  request DELETE /api/v1/webhook/register
  [ "$http_status" = 204 ]
  [ -z "$body" ]
  [ -z "$(stored url)" ]

  register https://hook.example/a
  [ "$(field .replaced)" = false ]
}

# bats test_tags=any-server
@test "DELETE of what is not there is 204 too: it may be asked again" {
  request DELETE /api/v1/webhook/register
  [ "$http_status" = 204 ]
  register https://hook.example/a
  request DELETE /api/v1/webhook/register
  request DELETE /api/v1/webhook/register
  [ "$http_status" = 204 ]
}

# bats test_tags=any-server
@test "each account has its own" {
  local other
  register https://hook.example/a
  other=$(new_key "$(new_account)" webhook:manage)
  key=$other register https://other.example/
  [ "$(field .replaced)" = false ]
  key=$other request DELETE /api/v1/webhook/register
  [ "$(stored url)" = https://hook.example/a ]
}

# bats test_tags=any-server
@test "addresses that are not public, or none of the web, are 400" {
  local url
  while read -r url; do
    register "$url"
    invalid url
  done <<END
http://127.0.0.1/
http://127.1/
http://2130706433/
http://0x7f.1/
http://localhost/
http://192.168.0.1/
http://169.254.169.254/
http://[::1]/
http://[::ffff:10.0.0.1]/
http://user@hook.example/
ftp://hook.example/
hook.example
https://hook.example/$(head -c 2048 /dev/zero | tr '\0' x)
END
  register ''
  invalid url
  [ "$(stored 'count(*)')" = 0 ]
}

# bats test_tags=any-server
@test "what else cannot be asked for is 400, and named" {
  local json
  for json in '{}' '{"url": null}' '{"url": 7}' '{"url": ["https://hook.example/"]}'; do
    request POST /api/v1/webhook/register -H 'Content-Type: application/json' -d "$json"
    invalid url
  done
  request POST /api/v1/webhook/register -d ''
  invalid url
  request POST /api/v1/webhook/register -H 'Content-Type: application/json' \
    -d '{"url": "https://hook.example/", "secret": "whsec_x"}'
  invalid secret
  request POST '/api/v1/webhook/register?url=x' -d url=https://hook.example/
  invalid url
  [ "$(stored 'count(*)')" = 0 ]
}

@test "a body that is too long is 413, of another type 415" {
  register "https://hook.example/$(head -c 17000 /dev/zero | tr '\0' x)"
  refused 413 PAYLOAD_TOO_LARGE
  request POST /api/v1/webhook/register -H 'Content-Type: text/plain' -d https://hook.example/
  refused 415 UNSUPPORTED_MEDIA
}

# bats test_tags=any-server
@test "it wants webhook:manage" {
  key=$(new_key "$account" job:read,job:write,queue:write) register https://hook.example/
  refused 403 FORBIDDEN
  key=$(new_key "$account" job:read,job:write,queue:write) request DELETE /api/v1/webhook/register
  refused 403 FORBIDDEN
  key='' register https://hook.example/
  refused 401 UNAUTHORIZED
  key='' request DELETE /api/v1/webhook/register
  refused 401 UNAUTHORIZED
}

@test "another method is 405, another path 404" {
  local method path
  for method in GET PUT; do
    request $method /api/v1/webhook/register
    refused 405 METHOD_NOT_ALLOWED
    [ "$(header Allow)" = 'POST, DELETE' ]
  done
  for path in /api/v1/webhook /api/v1/webhook/register/x /api/v1/webhook/other; do
    request POST $path -d url=https://hook.example/
    refused 404 NOT_FOUND
  done
  request POST /api/v1/webhook/register/ -d url=https://hook.example/
  [ "$http_status" = 200 ]
}

# bats test_tags=any-server
@test "without a database it is 503" {
  cgi webhook DELETE /api/v1/webhook/register TELLTALE_DSN='host=/nowhere dbname=telltale'
  refused 503 SERVICE_UNAVAILABLE
}

@test "no log has the secret" {
  local secret
  register https://hook.example/a
  secret=$(field .secret)
  request DELETE /api/v1/webhook/register
  run ! grep -rF "$secret" "$TELLTALE_DIR/log"
}
