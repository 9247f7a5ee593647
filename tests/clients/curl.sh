#!/usr/bin/env bash
# curl -N, and a shell that tells it where it was when it comes back.
#
#	curl.sh NAME=PATH...
#
# A name that begins with keyed- is a stream that is asked for with the key.
set -u

# Of each event, or id without one, a line: its id, its name, its data.
blocks() {
  local line id=- event=- data=
  while IFS= read -r line; do
    case $line in
    'retry: '*)	echo '- open {}' ;;
    'id: '*)	id=${line#*: } ;;
    'event: '*)	event=${line#*: } ;;
    'data: '*)	data=${line#*: } ;;
    '')
      [ "$id$data" = - ] || echo "$id $event $data"
      id=- event=- data= ;;
    esac
  done
}

texts() {
  # shellcheck disable=SC2016 # the dollars are jq's
  jq -Rr --unbuffered --arg name "$1" '
    capture("^(?<id>[^ ]+) (?<event>[^ ]+) (?<data>.+)$") |
    (.data | fromjson) as $data |
    .text = ({
      "open": "open",
      "connected": "Connected: \($data.clientId)",
      "job:progress": "Job \($data.jobId): \($data.progress)%",
      "job:completed": "Done: \($data.jobId)",
      "job:error": "Job \($data.jobId) failed: \($data.error)",
      "update": "[\($data.opcode)] \($data.data.id)"
    }[.event] // empty) |
    "\($name) \(.id) \(.text)"'
}

follow() {
  local name=$1 path=$2 seen=$dir/$1 last=
  set --
  [[ $name != keyed-* ]] || set -- -H "Authorization: Bearer $TELLTALE_KEY"
  while :; do
    curl -sSfN --max-time 300 -H 'Accept: text/event-stream' "$@" \
      ${last:+-H "Last-Event-ID: $last"} "$TELLTALE_URL$path" | blocks | tee -a "$seen" |
      texts "$name"
    last=$(cut -d ' ' -f 1 "$seen" | grep -v '^-$' | tail -n 1)
    sleep 1
  done
}

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
trap exit TERM
for word; do follow "${word%%=*}" "${word#*=}" & done
wait
