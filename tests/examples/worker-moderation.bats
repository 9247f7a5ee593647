#!/usr/bin/env bats
# What examples/worker-moderation makes of jobs: on a stack of the runner's.

setup() {
  bats_require_minimum_version 1.5.0
  cd "$BATS_TEST_DIRNAME/../.." || return
  # shellcheck source=tests/examples/helpers.bash
  . tests/examples/helpers.bash
  export TELLTALE_WEBHOOK_ALLOW=127.0.0.0/8
  folder=$BATS_TEST_TMPDIR/files
  mkdir -p "$folder"
}

teardown() { clean_up; }

# A picture that the lists block, a video of 12 s, and the same with that
# picture in it around its tenth second.
setup_file() {
  command -v ffmpeg >/dev/null || return 0
  cd "$BATS_FILE_TMPDIR" || return
  ffmpeg -v error -nostdin -f lavfi -i mandelbrot=s=320x240 -frames:v 1 blocked.png
  ffmpeg -v error -nostdin -f lavfi -i testsrc=d=12:s=320x240:r=10 good.mp4
  ffmpeg -v error -nostdin -i good.mp4 -i blocked.png \
    -filter_complex "overlay=enable='between(t,9.5,10.5)'" bad.mp4
  { echo '[known]'
    "$BATS_TEST_DIRNAME/../../examples/worker-moderation" --hash blocked.png
  } >hashes
}

need_ffmpeg() { command -v ffmpeg >/dev/null || skip 'no ffmpeg here'; }

# One prompt, judged: prints status, decision, reason.
judged() {
  id=$(submit prompt "$(jq -n --arg p "$1" '{prompt: $p}')")
  examples/worker-moderation --once
  run -0 job "$id" "concat_ws('|', status, decision, reason)"
  echo "$output"
}

moderate() { examples/worker-moderation --once --files "$folder" "$@"; }

# The frames that were told of, as "done/count", in order.
frames_told() {
  sql "select string_agg(format('%s/%s', data->>'frames_completed', data->>'frame_count'), ' '
       order by seq) from telltale.job_event
       where job_id = '$1' and kind = 'job.progress' and data ? 'frame_count'"
}

@test "a prompt with a listed word is rejected, by its category" {
  judged 'You ass.'
  [ "$output" = 'completed|reject|profanity: ass' ]
  [ "$(job "$id" "categories->'profanity'")" = true ]
  [ "$(job "$id" "categories->'violence'")" = false ]
  [ "$(job "$id" "result->'matches'->0->>'word'")" = ass ]
}

@test "a word is found as a word only" {
  judged 'A classic bass assessment, embarrassing; damnation; hell-bent, bloody, hell.'
  [ "$output" = 'completed|reject|profanity: bloody hell' ]
  judged 'A classic bass assessment by Assad, embarrassing but not a damnation'
  [ "$output" = 'completed|pass' ]
  judged 'कमी और été'
  [ "$output" = 'completed|pass' ]
}

@test "what looks the same is the same: case, width, composition, what is unseen" {
  local text
  for text in 'DAMN' 'ｄａｍｎ' $'da\u200bmn' $'da\u00admn' '𝒹𝒶𝓂𝓃' "damn's" '_damn_' $'a\ndamn\nb'; do
    judged "$text"
    [ "$output" = 'completed|reject|profanity: damn' ]
  done
  judged $'u\u0308berweisung   SOFORT!'
  [ "$output" = 'completed|reject|scam: Überweisung sofort' ]
  judged '絶対に必ず儲かる話'
  [ "$output" = 'completed|reject|scam: 必ず儲かる' ]
}

@test "a prompt may hold whatever a text can" {
  # shellcheck disable=SC2016 # none of this is for the shell
  judged $'\'; drop table x; -- \\\' :\'job_id\' $(id) `id` %s\n\\! id\r\t\u2028 😀'
  [ "$output" = 'completed|pass' ]
  [ "$(job "$id" "payload->>'prompt' like '%;%😀'")" = t ]
}

@test "a payload without a prompt fails for good" {
  id=$(submit prompt '{"text": 1}')
  moderate
  [ "$(job "$id" "concat_ws('|', status, error_code)")" = 'failed|INVALID_PAYLOAD' ]
}

@test "a video's frames are counted up to their number, on the stream too" {
  need_ffmpeg
  start_site "$BATS_FILE_TMPDIR"
  id=$(submit video "{\"video_url\": \"$web/f/good.mp4\"}")
  curl -sN --max-time 60 -H "Authorization: Bearer $TELLTALE_KEY" \
    "$TELLTALE_URL/api/v1/job/$id/progress" >"$BATS_TEST_TMPDIR/stream" 3>&- &
  stream=$!

  moderate --hashes "$BATS_FILE_TMPDIR/hashes"
  wait "$stream"
  cat "$BATS_TEST_TMPDIR/stream"

  [ "$(job "$id" "concat_ws('|', status, decision)")" = 'completed|pass' ]
  [ "$(frames_told "$id")" = '1/3 2/3 3/3' ]
  [ "$(job "$id" "result->'frames'")" = 3 ]
  grep -q '"frames_completed": *3' "$BATS_TEST_TMPDIR/stream"
  tail -n 3 "$BATS_TEST_TMPDIR/stream" | grep -q '"status": *"completed"'
}

@test "the same video with one blocked frame in it is prohibited" {
  need_ffmpeg
  cp "$BATS_FILE_TMPDIR/bad.mp4" "$folder/"
  id=$(submit video '{}' bad.mp4)

  moderate --hashes "$BATS_FILE_TMPDIR/hashes"

  job "$id" result
  [ "$(job "$id" "concat_ws('|', status, decision, categories)")" = 'completed|reject|{"known": true}' ]
  [ "$(job "$id" "result->'matches'->0->>'second'")" = 10 ]
  run -0 curl -s -H "Authorization: Bearer $TELLTALE_KEY" "$TELLTALE_URL/api/v1/job/$id"
  [ "$(jq .is_prohibited <<<"$output")" = true ]
}

# upload FILE: a video as a browser would send it; prints the job.
upload() {
  curl -sS --max-time 30 -H "Authorization: Bearer $TELLTALE_KEY" -F "video=@$1" \
    "$TELLTALE_URL/api/v1/moderate/video" | jq -er 'select(.status == "queued").job_id'
}

ask() { curl -sS --max-time 30 -H "Authorization: Bearer $TELLTALE_KEY" "$TELLTALE_URL$1"; }

# watch JOB: its stream, in the background, from the first event on; sets $stream.
watch() {
  curl -sN --max-time 60 -H "Authorization: Bearer $TELLTALE_KEY" \
    "$TELLTALE_URL/api/v1/job/$1/progress" >"$BATS_TEST_TMPDIR/stream" 3>&- 4>&- &
  stream=$!
  within 10 grep -q '^data:' "$BATS_TEST_TMPDIR/stream"
}

# The stream's events: status, and frames, if it says so.
watched() {
  sed -n 's/^data: //p' "$BATS_TEST_TMPDIR/stream" |
    jq -r '.status + if .frame_count then " \(.frames_completed)/\(.frame_count)" else "" end' | uniq
}

@test "a video that is uploaded, one frame of it blocked: counted live, prohibited in the end" {
  need_ffmpeg
  # The hundred and first of 120, which is shown at its tenth second.
  ffmpeg -v error -nostdin -i "$BATS_FILE_TMPDIR/good.mp4" -i "$BATS_FILE_TMPDIR/blocked.png" \
    -filter_complex "overlay=enable='eq(n,100)'" "$BATS_TEST_TMPDIR/one.mp4"
  good=$(upload "$BATS_FILE_TMPDIR/good.mp4")
  bad=$(upload "$BATS_TEST_TMPDIR/one.mp4")
  watch "$bad"

  moderate --hashes "$BATS_FILE_TMPDIR/hashes"
  moderate --hashes "$BATS_FILE_TMPDIR/hashes"
  wait "$stream"
  cat "$BATS_TEST_TMPDIR/stream"

  diff <(watched) - <<-'END'
	queued
	processing
	processing 1/3
	processing 2/3
	processing 3/3
	completed 3/3
	END
  [ "$(sed -n 's/^data: //p' "$BATS_TEST_TMPDIR/stream" | jq -s 'last.progress')" = 100 ]

  run -0 ask "/api/v1/job/$bad"
  echo "$output"
  [ "$(jq -c '[.status, .is_prohibited, .decision, .frames_completed, .frame_count, .categories]' <<<"$output")" = \
    '["completed",true,"reject",3,3,{"known":true}]' ]
  [ "$(jq -c '.result.matches | map([.category, .kind, .second])' <<<"$output")" = '[["known","dhash",10]]' ]

  # And in the list, where the same video without that frame is not.
  run -0 ask '/api/v1/jobs?type=video&status=completed'
  echo "$output"
  [ "$(jq -c '.jobs | map([.job_id, .is_prohibited])' <<<"$output")" = "[[\"$bad\",true],[\"$good\",false]]" ]
  run -0 ask '/api/v1/jobs?decision=reject'
  [ "$(jq -c '[.total] + (.jobs | map(.job_id))' <<<"$output")" = "[1,\"$bad\"]" ]
}

@test "a picture is known again when it is smaller, and of another format" {
  need_ffmpeg
  ffmpeg -v error -nostdin -i "$BATS_FILE_TMPDIR/blocked.png" -vf scale=200:150 -q:v 8 "$folder/x.jpg"
  id=$(submit image '{}' "$folder/x.jpg")
  moderate --hashes "$BATS_FILE_TMPDIR/hashes"
  [ "$(job "$id" decision)" = reject ]
  [ "$(job "$id" "result->'matches'->0->>'kind'")" = dhash ]

  ffmpeg -v error -nostdin -i "$BATS_FILE_TMPDIR/good.mp4" -frames:v 1 "$folder/y.png"
  ffmpeg -v error -nostdin -f lavfi -i color=black -frames:v 1 "$folder/z.png"
  for file in y.png z.png; do
    id=$(submit image '{}' "$file")
    moderate --hashes "$BATS_FILE_TMPDIR/hashes"
    [ "$(job "$id" decision)" = pass ]
  done
}

@test "a file that came with the job is read" {
  : >"$folder/empty"
  id=$(submit image '{}')
  psql -XqAt -d "$TELLTALE_SUPER_DSN" -v ON_ERROR_STOP=1 -c "insert into telltale.job_input
      (job, n, field, name, media_type, data)
      select id, 1, 'image', 'x.png', 'image/png', '\\x00' from telltale.job where job_id = '$id'"
  printf '[zero]\nsha256 %s\n' "$(printf '\0' | sha256sum | cut -d ' ' -f 1)" >"$folder/list"
  moderate --hashes "$folder/list"
  [ "$(job "$id" "concat_ws('|', decision, categories)")" = 'reject|{"zero": true}' ]
}

@test "without ffmpeg it says so, and goes by the SHA-256 alone" {
  echo one >"$folder/one"
  echo two >"$folder/two"
  printf '[known]\nsha256 %s\n' "$(sha256sum <"$folder/one" | cut -d ' ' -f 1)" >"$folder/list"
  one=$(submit video '{}' one)
  two=$(submit image '{}' two)

  start env PATH="$(path_without_ffmpeg)" examples/worker-moderation --files "$folder" \
    --hashes "$folder/list" 2>"$BATS_TEST_TMPDIR/log"
  until_true "$one" "status = 'completed'"
  until_true "$two" "status = 'completed'"

  cat "$BATS_TEST_TMPDIR/log"
  [ "$(grep -c 'there is no ffmpeg' "$BATS_TEST_TMPDIR/log")" = 1 ]
  [ "$(job "$one" decision)" = reject ]
  [ "$(job "$two" decision)" = pass ]
  [ "$(job "$two" "result->>'checked'")" = '["sha256"]' ]
}

@test "what cannot be fetched or decoded fails, again or for good" {
  need_ffmpeg
  start_site "$folder"
  echo 'no picture' >"$folder/text"
  printf '#EXTM3U\n#EXTINF:1,\n%s/what\n' "$web" >"$folder/list.m3u8"
  local payload expected
  while read -r payload expected; do
    id=$(submit video "${payload//WEB/$web}")
    moderate
    run -0 job "$id" "concat_ws('|', status, coalesce(error_code,
      (select data->>'error_code' from telltale.job_event as e
        where e.job_id = job.job_id and kind = 'job.requeued')))"
    echo "$payload: $output"
    [ "$output" = "$expected" ]
    sql "select telltale.remove('$id')" >/dev/null
  done <<-'END'
	{"video_url":"WEB/status/404"} failed|MEDIA_UNREACHABLE
	{"video_url":"WEB/status/503"} queued|MEDIA_UNREACHABLE
	{"video_url":"http://169.254.169.254/"} failed|MEDIA_UNREACHABLE
	{"video_url":"WEB/to?http://10.0.0.1/"} failed|MEDIA_UNREACHABLE
	{"video_url":"file:///etc/passwd"} failed|MEDIA_UNREACHABLE
	{"video_url":"WEB/f/text"} failed|UNSUPPORTED_MEDIA
	{"video_url":"WEB/f/list.m3u8"} failed|UNSUPPORTED_MEDIA
	{} failed|INVALID_PAYLOAD
	END
  run -1 grep ^/what "$folder/requests"
}

@test "file_path is taken below one folder only" {
  echo x >"$BATS_TEST_TMPDIR/outside"
  ln -s ../outside "$folder/link"
  for file in ../outside link /etc/passwd; do
    id=$(submit image '{}' "$file")
    moderate
    [ "$(job "$id" "concat_ws('|', status, error_code)")" = 'failed|UNSUPPORTED_MEDIA' ]
  done
  id=$(submit image '{}' "$BATS_TEST_TMPDIR/outside")
  examples/worker-moderation --once
  [ "$(job "$id" error_code)" = UNSUPPORTED_MEDIA ]
}

# A video of an hour, which takes no time to make and some to judge.
long_video() {
  ffmpeg -v error -nostdin -f lavfi -i color=d=1800:s=64x48:r=1 -c:v mpeg4 "$folder/long.mp4"
  submit video '{}' long.mp4
}

@test "a worker killed in mid-run: its job is taken again, and ends once" {
  need_ffmpeg
  id=$(long_video)
  start examples/worker-moderation --files "$folder" --lease 3
  until_true "$id" "frames_completed > 2"
  kill -9 "$worker"
  wait "$worker" || true

  [ "$(job "$id" status)" = processing ]
  truncate -s 0 "$folder/long.mp4"
  cat "$BATS_FILE_TMPDIR/good.mp4" >"$folder/long.mp4"
  start examples/worker-moderation --files "$folder" --lease 30
  until_true "$id" "status = 'completed'"

  [ "$(job "$id" attempt)" = 2 ]
  run -0 sql "select string_agg(kind, ' ' order by seq) from telltale.job_event
    where job_id = '$id' and kind <> 'job.progress'"
  echo "$output"
  [ "$output" = 'job.created job.started job.requeued job.started job.completed' ]
}

@test "a job cancelled in mid-run is left, and the next one taken" {
  need_ffmpeg
  id=$(long_video)
  start examples/worker-moderation --files "$folder"
  until_true "$id" "frames_completed > 2"
  bin/telltale cancel "$id"
  next=$(submit prompt '{"prompt": "hello"}')
  until_true "$next" "status = 'completed'"
  [ "$(job "$id" status)" = cancelled ]
}

@test "SIGTERM: the job in hand is finished, and no other begun" {
  need_ffmpeg
  start_site "$folder"
  cp "$BATS_FILE_TMPDIR/good.mp4" "$folder/"
  # Not handed out before the worker has been told.
  id=$(submit video "{\"video_url\": \"$web/held/good.mp4\"}")
  start examples/worker-moderation
  within 20 grep -qx /held/good.mp4 "$folder/requests"
  next=$(submit prompt '{"prompt": "hello"}')
  kill "$worker"
  touch "$folder/go"
  wait "$worker"
  [ "$(job "$id" status)" = completed ]
  [ "$(job "$next" status)" = queued ]
}

@test "a connection that breaks is opened again" {
  start examples/worker-moderation
  id=$(submit prompt '{"prompt": "hello"}')
  until_true "$id" "status = 'completed'"
  psql -XqAt -d "$TELLTALE_SUPER_DSN" -c "select pg_terminate_backend(pid)
    from pg_stat_activity where usename = 'telltale_worker'"
  id=$(submit prompt '{"prompt": "hello"}')
  until_true "$id" "status = 'completed'"
}

# Sets seen.
has_psql() {
  seen=$(arguments_below "$worker")
  [[ $seen == *psql*telltale_worker* ]]
}

@test "ps shows no password, whichever way it is written" {
  local dsn
  for dsn in "$TELLTALE_WORKER_DSN password=se-cret" "$TELLTALE_WORKER_DSN password='se-cret'" \
    "postgresql://telltale_worker:se-cret@/$(sql 'select current_database()')?host=$TELLTALE_DIR/run" \
    "postgresql:///$(sql 'select current_database()')?host=$TELLTALE_DIR/run&user=telltale_worker&password=se%2dcret"; do
    for program in worker-moderation worker-checksum; do
      TELLTALE_WORKER_DSN=$dsn start "examples/$program"
      within 20 has_psql || true
      echo "$program: $dsn: $seen"
      kill "$worker"
      wait "$worker"
      [[ $seen == *psql*telltale_worker* ]]
      [[ $seen != *cret* ]]
    done
  done
}

@test "the password that ps does not show is the one psql gets" {
  # A stand-in for psql, which says what it was given.
  mkdir "$BATS_TEST_TMPDIR/bin"
  # shellcheck disable=SC2016 # for the shell that runs it
  printf '#!/bin/sh\necho "$* $PGPASSWORD" >>%q\nexit 2\n' "$BATS_TEST_TMPDIR/said" \
    >"$BATS_TEST_TMPDIR/bin/psql"
  chmod +x "$BATS_TEST_TMPDIR/bin/psql"
  for dsn in "host=h password='a\\'b c' user=u" 'postgresql://u:a%27b%20c@h'; do
    for program in worker-moderation worker-checksum; do
      TELLTALE_WORKER_DSN=$dsn PATH=$BATS_TEST_TMPDIR/bin:$PATH run -1 "examples/$program" --once
    done
  done
  cat "$BATS_TEST_TMPDIR/said"
  [ "$(grep -c "a'b c\$" "$BATS_TEST_TMPDIR/said")" = 4 ]
  run -1 grep -E -- "-d .*(a.*b.c).* a'b c" "$BATS_TEST_TMPDIR/said"
}

@test "without a database --once fails and says why; --help needs none" {
  TELLTALE_WORKER_DSN="host=$BATS_TEST_TMPDIR" run -1 examples/worker-moderation --once
  [[ $output == *"$BATS_TEST_TMPDIR"* ]]
  for program in worker-moderation worker-compliance worker-checksum fetch; do
    run -0 "examples/$program" --help
    [[ $output == *"$program - "* ]]
  done
}
