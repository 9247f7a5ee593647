#!/usr/bin/env bats
# What examples/worker-transcode makes of videos, and what a client of
# GET /queue/events sees of it.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # setup_file, start() and others set what is used

setup_file() {
  load ../helpers
  account=$(new_account)
  key=$(new_key "$account" queue:read)
  export account key
  command -v ffmpeg >/dev/null || return 0
  cd "$BATS_FILE_TMPDIR" || return
  ffmpeg -v error -nostdin -f lavfi -i testsrc2=s=1280x720:r=25:d=30 -f lavfi -i sine=d=30 \
    -c:v libx264 -preset ultrafast -c:a aac clip.mp4
  ffmpeg -v error -nostdin -f lavfi -i testsrc=s=320x180:r=10:d=5 -c:v libx264 -preset ultrafast small.mp4
  # Of an hour and of few bytes, for what does not wait for its end.
  ffmpeg -v error -nostdin -f lavfi -i color=s=1280x720:r=25:d=60 -c:v libx264 -preset ultrafast blue.mp4
  ffmpeg -v error -nostdin -stream_loop 60 -i blue.mp4 -c copy long.mp4
}

setup() {
  bats_require_minimum_version 1.5.0
  command -v ffmpeg >/dev/null || skip 'no ffmpeg here'
  cd "$BATS_TEST_DIRNAME/../.." || return
  load ../helpers
  load ../stream/sse
  load helpers
  root=$BATS_TEST_TMPDIR/media
  mkdir -p "$root/videos"
  ln "$BATS_FILE_TMPDIR"/{clip,small,long}.mp4 "$root/videos/"
  open_stream queue /queue/events
  await queue '^event: connected'
}

teardown() {
  leave_all
  clean_up
}

transcode() { examples/worker-transcode --account "$account" --root "$root" "$@"; }

# One job, done: its status, error_code and error.
made_of() {
  id=$(submit transform "$2" "$1" 1)
  transcode --once
  run -0 job "$id" "concat_ws('|', status, error_code, error)"
  echo "$output"
}

# A job of an hour, which a worker is at; sets id and ffmpeg, which is its pid.
begin() {
  id=$(submit transform '{"format": "webm"}' videos/long.mp4)
  start examples/worker-transcode --account "$account" --root "$root" "$@"
  await queue "\"jobId\":\"$id\",\"progress\"" 20
  ffmpeg=$(pgrep -P "$worker" ffmpeg)
  [ -n "$ffmpeg" ]
}

is_gone() { ! kill -0 "$1" 2>/dev/null || [ "$(ps -o stat= -p "$1" | cut -c 1)" = Z ]; }

# What is in the folder of the videos, but for those.
others() { find "$root/videos" -mindepth 1 ! -regex '.*/\(clip\|small\|long\)\.mp4' -printf '%f '; }

@test "a video is made smaller, and how far that is is seen live" {
  id=$(submit transform '{"format": "webm", "width": 320}' videos/clip.mp4)
  start examples/worker-transcode --account "$account" --root "$root"
  await queue '^event: job:completed' 60

  shown queue | tail -n +2 | grep -v '^job:progress' | diff - <(cat <<END
job:created {"jobId":"$id","filePath":"videos/clip.mp4","status":"pending","priority":1}
job:started {"jobId":"$id","filePath":"videos/clip.mp4","status":"running"}
job:completed {"jobId":"$id","filePath":"videos/clip.mp4","status":"completed"}
END
  )
  shown queue | sed -n 's/^job:progress //p' | tee /dev/stderr |
    jq -es --arg id "$id" 'all(.[]; .jobId == $id) and (map(.progress) |
      . == sort and last == 99 and any(.[]; 0 < . and . < 99))'

  # As is what was told of the frames.
  [ "$(job "$id" "concat_ws('/', frames_completed, frame_count)")" = 750/750 ]
  sql "select string_agg(data->>'frames_completed', ' ' order by seq) from telltale.job_event
        where job_id = '$id' and data ? 'frames_completed'" | tee /dev/stderr |
    jq -es '. == sort and first < 750'

  run -0 job "$id" result
  file=$root/$(jq -r .output <<<"$output")
  [ "$file" = "$root/videos/clip.mp4.320w.webm" ]
  [ "$(jq .size <<<"$output")" = "$(stat -c %s "$file")" ]
  [ "$(jq '.duration | round' <<<"$output")" = 30 ]
  [ "$(ffprobe -v error -show_entries stream=codec_name,width,height -of csv=p=0 "$file" | paste -sd ' ')" = \
    'vp9,320,180 opus' ]
  [ "$(others)" = 'clip.mp4.320w.webm ' ]
}

@test "without a width it keeps its size, and a second time it is the same" {
  for _ in 1 2; do
    made_of videos/small.mp4 '{"format": "mp4"}'
    [ "$output" = completed ]
    [ "$(others)" = 'small.mp4.mp4 ' ]
    [ "$(ffprobe -v error -select_streams v -show_entries stream=codec_name,width -of csv=p=0 \
      "$root/videos/small.mp4.mp4")" = h264,320 ]
  done
}

@test "a video that is broken is an error, in the words of ffmpeg" {
  head -c 3000 "$root/videos/small.mp4" >"$root/videos/broken.mp4"
  made_of videos/broken.mp4 '{"format": "mp4"}'

  [ "$output" = 'failed|FFMPEG_FAILED|FFmpeg process exited with code 1: videos/broken.mp4: Invalid data found when processing input' ]
  await queue '^event: job:error'
  [ "$(shown queue | tail -n 1)" = "job:error {\"jobId\":\"$id\",\"filePath\":\"videos/broken.mp4\",\"status\":\"error\",\
\"error\":\"FFmpeg process exited with code 1: videos/broken.mp4: Invalid data found when processing input\"}" ]
  [ "$(others)" = 'broken.mp4 ' ]
}

@test "a job that is cancelled ends ffmpeg, leaves nothing, and the next one is done" {
  begin
  [ "$(others)" = ".$id-1.part " ]

  bin/telltale cancel "$id"

  within 10 is_gone "$ffmpeg"
  await queue '^event: job:cancelled'
  id=$(submit transform '{"format": "mp4", "width": 64}' videos/small.mp4)
  until_true "$id" "status = 'completed'"
  [ "$(others)" = 'small.mp4.64w.mp4 ' ]
}

@test "a worker that is killed takes ffmpeg along, and the next one begins again" {
  begin --lease 2
  kill -9 "$worker"
  wait "$worker" || true
  within 10 is_gone "$ffmpeg"
  ln -f "$root/videos/small.mp4" "$root/videos/long.mp4"

  start examples/worker-transcode --account "$account" --root "$root"

  until_true "$id" "status = 'completed'"
  [ "$(job "$id" attempt)" = 2 ]
  [ "$(others)" = 'long.mp4.webm ' ]
}

@test "a database that is away for a moment costs nothing" {
  id=$(submit transform '{"format": "webm", "width": 320}' videos/clip.mp4)
  start examples/worker-transcode --account "$account" --root "$root"
  await queue '"progress"' 20
  for _ in 1 2 3; do
    psql -XqAt -d "$TELLTALE_SUPER_DSN" -c "select pg_terminate_backend(pid) from pg_stat_activity
      where usename = 'telltale_worker'" >/dev/null
  done
  until_true "$id" "status = 'completed'"
  [ "$(job "$id" attempt)" = 1 ]
}

@test "no path leads out of the root, and to nothing but a video" {
  ln -s "$BATS_FILE_TMPDIR/clip.mp4" "$root/link.mp4"
  ln -s "$BATS_FILE_TMPDIR" "$root/folder"
  mkfifo "$root/pipe.mp4"
  for path in ../media/videos/clip.mp4 videos/../../clip.mp4 "$BATS_FILE_TMPDIR/clip.mp4" /etc/passwd . '' videos/; do
    made_of "$path" '{"format": "mp4"}'
    [[ $output == 'failed|OUTSIDE|'* ]]
  done
  for path in link.mp4 folder/clip.mp4 pipe.mp4 videos nothing.mp4 "$(printf %0300d 1)"; do
    made_of "$path" '{"format": "mp4"}'
    [[ $output == "failed|UNREADABLE|$path: "* ]]
  done
  [ -z "$(others)" ]
  [ ! -e "$BATS_FILE_TMPDIR/clip.mp4.mp4" ]
}

@test "a file that names other files is no video" {
  printf "ffconcat version 1.0\nfile '%s'\n" "$root/videos/clip.mp4" >"$root/list.mp4"
  printf '#EXTM3U\n#EXTINF:1,\nfile:%s\n#EXT-X-ENDLIST\n' "$root/videos/clip.mp4" >"$root/list.m3u8"
  for path in list.mp4 list.m3u8; do
    made_of $path '{"format": "mp4"}'
    [[ $output == 'failed|FFMPEG_FAILED|FFmpeg process exited with code 1: '* ]]
  done
}

@test "a video may have any name, up to where the new one is too long" {
  name=$'videos/-i "it\'s" \\ %d\n$(id).mp4'
  cp "$BATS_FILE_TMPDIR/small.mp4" "$root/$name"
  made_of "$name" '{"format": "mp4", "width": 64}'
  [ "$output" = completed ]
  [ -s "$root/$name.64w.mp4" ]

  name=$(printf %0251d.mp4 1)
  cp "$BATS_FILE_TMPDIR/small.mp4" "$root/$name"
  made_of "$name" '{"format": "mp4"}'
  [ "$output" = "failed|UNREADABLE|$name.mp4: too long a name" ]
}

@test "a payload that is not understood is refused by its value" {
  while IFS='|' read -r payload error; do
    made_of videos/clip.mp4 "$payload"
    [ "$output" = "failed|INVALID_PAYLOAD|$error" ]
  done <<-'END'
	{}|payload.format null: mp4 or webm wanted
	{"format": "gif"}|payload.format "gif": mp4 or webm wanted
	{"format": ["mp4"]}|payload.format ["mp4"]: mp4 or webm wanted
	{"format": "mp4", "width": 15}|payload.width 15: an even number from 16 to 7680 wanted
	{"format": "mp4", "width": 7682}|payload.width 7682: an even number from 16 to 7680 wanted
	{"format": "mp4", "width": "320"}|payload.width "320": an even number from 16 to 7680 wanted
	{"format": "mp4", "width": true}|payload.width true: an even number from 16 to 7680 wanted
	{"format": "mp4", "-vf": "x"}|payload.-vf "x": only format and width are known
	[1]|the payload is no object
	END
}

@test "it says what it lacks" {
  run -2 examples/worker-transcode
  [[ $output == *'--root'* ]]
  run -2 examples/worker-transcode --root /nowhere
  [[ $output == *'/nowhere: not a directory'* ]]
  PATH=$(path_without_ffmpeg) run -1 examples/worker-transcode --root "$root"
  [[ $output == *'there is no ffmpeg here'* ]]
}
