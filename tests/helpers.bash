# Words the tests are written in.  The environment is that of tools/stack:
# TELLTALE_URL, TELLTALE_DIR, TELLTALE_ADMIN_DSN, TELLTALE_WORKER_DSN,
# TELLTALE_LOG_FILE.
# shellcheck shell=bash

# shellcheck source=tests/within.bash
. "${BASH_SOURCE[0]%/*}/within.bash"

# --- the database ------------------------------------------------------------

# Ask as the operator, who may read every table; and as a worker.
sql() { psql -XAtq -v ON_ERROR_STOP=1 -d "$TELLTALE_ADMIN_DSN" -c "$1"; }
worker() { psql -XAtq -v ON_ERROR_STOP=1 -d "$TELLTALE_WORKER_DSN" -c "$1"; }

# N characters of a-z0-9 that nobody else has.
unique() { LC_ALL=C tr -dc a-z0-9 </dev/urandom | head -c "$1" || true; }

# Make an account of its own for a test file; prints its name.
new_account() {
  local name
  name=bats-$(unique 8)
  sql "select telltale.account_add('$name', p_rate_per_minute => 1000000,
       p_stream_limit => 1000, p_watch_limit => 10000)" >/dev/null
  printf '%s\n' "$name"
}

# Make a key: ACCOUNT SCOPE,SCOPE... [SQL expression for when it expires].
new_key() {
  local key hash
  key=tt_$(LC_ALL=C tr -dc A-Za-z0-9 </dev/urandom | head -c 32 || true)
  hash=$(printf %s "$key" | sha256sum | cut -d' ' -f1)
  sql "select telltale.key_add('$1', '\\x$hash', '${key:0:8}', '{$2}',
       p_expires_at => ${3:-null})" >/dev/null
  printf '%s\n' "$key"
}

# The key is not in the statement: PostgreSQL logs one that waits for a lock.
revoke_key() {
  sql "select telltale.key_revoke(key_id) from telltale.api_key
        where hash = '\\x$(printf %s "$1" | sha256sum | cut -d' ' -f1)'" >/dev/null
}

# submit_job ACCOUNT TYPE [JOB_ID [PAYLOAD]]: prints the id.
submit_job() {
  local id=${3:+"'$3'"}
  worker "select telltale.submit('$1', '$2', '${4:-{\}}', job_id => ${id:-null})"
}

# claim_job ACCOUNT TYPE: the next one of that type; prints "id|attempt".
claim_job() {
  worker "select job_id, attempt
            from telltale.claim('bats', array['$2'], 1, '1 hour', array['$1'])"
}

# A job's time of creation, to the microsecond, shifted by so many of them.
created_at() {
  sql "select to_char((created_at + ${2:-0} * interval '1 microsecond')
                      at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')
         from telltale.job where job_id = '$1'"
}

# --- a client ----------------------------------------------------------------

# request METHOD PATH [CURL ARGUMENT...] sets http_status, headers and body.
# $key is presented, if it is not empty.  Bats shows all if the test fails.
request() {
  local method=$1 path=$2 out=$BATS_TEST_TMPDIR/http
  shift 2
  [ "$method" != HEAD ] || set -- -I "$@"
  : >"$out.body"
  http_status=$(curl -sS --max-time 20 --path-as-is -X "$method" -D "$out.head" -o "$out.body" \
    -w '%{http_code}' ${key:+-H "Authorization: Bearer $key"} "$@" "$TELLTALE_URL$path")
  [ "$method" != HEAD ] || : >"$out.body"
  headers=$(<"$out.head")
  headers=${headers//$'\r'/}
  body=$(<"$out.body")
  printf '%s %s -> %s\n%s\n%s\n' "$method" "$path" "$http_status" "$headers" "$body"
}

get() { request GET "$@"; }

# cgi PROGRAM METHOD URI [NAME=VALUE...]: run it as plain CGI, in nobody's
# environment but this; sets the same, and log.  $key is presented here too.
cgi() {
  local program=$1 method=$2 uri=$3 out=$BATS_TEST_TMPDIR/cgi
  shift 3
  env -i PATH="$PATH" ${key:+HTTP_AUTHORIZATION="Bearer $key"} REQUEST_METHOD="$method" \
    REQUEST_URI="$uri" "$@" "$TELLTALE_DIR/site/cgi-bin/$program.fcgi" \
    <<<"${cgi_input-}" >"$out" 2>"$out.log"
  headers=$(sed '/^\r$/q' "$out" | tr -d '\r')
  body=$(sed '1,/^\r$/d' "$out")
  http_status=$(sed -n 's/^Status: \([0-9]*\).*/\1/p' <<<"$headers")
  log=$(cat "$out.log")
  printf '%s %s -> %s\n%s\n%s\n%s\n' "$method" "$uri" "$http_status" "$headers" "$body" "$log"
}

# Plain objects, of plain members.
json_value='("[^"\\]*"|-?(0|[1-9][0-9]*)(\.[0-9]+)?|true|false|null)'
json_plain='^\{"[a-zA-Z_]+":'$json_value'(,"[a-zA-Z_]+":'$json_value')*\}$'

# A field of the JSON body, by jq path; a header of the answer, by name.  jq takes
# as long to begin as a request does: a member of a plain object needs none.
field() {
  local member='[{,]"'${1#.}'":("([^"]*)"|([^,}]*))'
  if [[ $1 =~ ^\.[a-zA-Z_]+$ && $body =~ $json_plain && $body =~ $member ]]; then
    printf '%s\n' "${BASH_REMATCH[2]}${BASH_REMATCH[3]}"
  else
    jq -r "$1" <<<"$body"
  fi
}

header() {
  local line name=${1,,} value
  while IFS= read -r line; do
    if [[ ${line,,} == "$name: "* ]]; then value=${line#*: }; fi
  done <<<"$headers"
  if [ -n "${value+x}" ]; then printf '%s\n' "$value"; fi
}

# The answer's length, where the server passes it on: Apache may chunk instead.
length_is() { [ "$(header Content-Length)" = "$1" ] || [ -z "$(header Content-Length)" ]; }

# The answer is this error of the moderation surface: all of its body.
refused() {
  local error='^\{"error":"'$2'","message":"([^"\\]|\\.)+","statusCode":'$1'\}$'
  [ "$http_status" = "$1" ] && [[ $body =~ $error ]]
}

# --- the log -----------------------------------------------------------------

# Wait for a line logged since this test began, and not before.
log_from=$(stat -c %s "${TELLTALE_LOG_FILE:-/dev/null}" 2>/dev/null || echo 0)
in_log() { tail -c "+$((log_from + 1))" "$TELLTALE_LOG_FILE" | grep -q -- "$1"; }
logged() {
  within 3 in_log "$1" ||
    { printf 'not in %s since byte %s: %s\n' "$TELLTALE_LOG_FILE" "$log_from" "$1"; return 1; }
}
