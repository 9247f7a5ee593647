# A leaner request(): for files that ask a hundred times.
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # what request() sets; key and the stack's environment

# ask METHOD PATH [CURL ARGUMENT...]: sets http_status, headers, body and word,
# which is the error's.  $key is presented, if it is not empty.
ask() {
  local method=$1 path=$2 said error='"error":"([A-Z_]+)"'
  shift 2
  if [ "$method" = HEAD ]; then set -- -I "$@"; else set -- -X "$method" "$@"; fi
  said=$(curl -sSi --max-time 20 --path-as-is -H Expect: ${key:+-H "Authorization: Bearer $key"} "$@" "$TELLTALE_URL$path")
  said=${said//$'\r\n'/$'\n'}
  headers=${said%%$'\n\n'*}
  body=${said:${#headers}}
  body=${body#$'\n\n'}
  http_status=${headers#* }
  http_status=${http_status%%[!0-9]*}
  word=
  if [[ $body =~ $error ]]; then word=${BASH_REMATCH[1]}; fi
  printf '%s %s -> %s\n\n' "$method" "$path" "$said"
}

# The answer has that header, once; or none that begins like that.
once() {
  local all=$'\n'${headers,,}$'\n' name=$'\n'${1,,}: value
  value=${all#*"$name"}
  if [[ $all != *"$name"* || $value == *"$name"* ]] || [ "${value%%$'\n'*}" != " ${2,,}" ]; then
    echo "not once $1: $2"
    return 1
  fi
}

never() { [[ $'\n'${headers,,} != *$'\n'"${1,,}"* ]] || { echo "there is $1"; return 1; }; }
