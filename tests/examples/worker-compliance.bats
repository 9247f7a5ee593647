#!/usr/bin/env bats
# What examples/worker-compliance makes of jobs: on a stack of the runner's.

setup() {
  bats_require_minimum_version 1.5.0
  cd "$BATS_TEST_DIRNAME/../.." || return
  # shellcheck source=tests/examples/helpers.bash
  . tests/examples/helpers.bash
}

teardown() { clean_up; }

# check TEXT [MODE [JURISDICTIONS [PLATFORMS [IMAGES]]]]: submits it, has it
# checked; sets $id.
check() {
  id=$(submit compliance "$(jq -n --arg text "$1" --arg mode "${2-fast}" \
    --argjson j "${3-[\"us\"]}" --argjson p "${4-[\"youtube\"]}" --argjson i "${5-[]}" \
    '{jurisdictions: $j, platforms: $p, content: {text: $text, imageUrls: $i}, mode: $mode}')")
  examples/worker-compliance --once
  [ "$(job "$id" status)" = completed ]
}

# "score decision job's-decision"; the names of what was found.
verdict() { job "$id" "concat_ws(' ', result->>'score', result->>'decision', decision)"; }
found() {
  sql "select string_agg(c->>'checkName', ' ' order by c->>'checkName')
         from telltale.job, jsonb_array_elements(result->'checks') as c
        where job_id = '$id' and c->>'status' <> 'pass'"
}

# The kinds of its events, with the stage of each.
kinds() {
  sql "select string_agg(concat_ws('=', kind, data->>'stage'), ' ' order by seq)
         from telltale.job_event where job_id = '$id' and kind <> 'job.progress'"
}

@test "each event has its place: starts, ends, score, report" {
  check 'A walk through the old town.'
  run -0 kinds
  echo "$output"
  agents=(ai-laws advertising-law platform-policy metadata-labeling rights-clearance)
  starts=$(printf ' stage.started=%s' "${agents[@]}")
  [[ $output == "job.created job.started$starts stage.completed="* ]]
  [[ $output == *' score.computed job.completed' ]]
  [ "$(grep -o 'stage.completed=[a-z-]*' <<<"$output" | cut -d = -f 2 | sort | tr '\n' ' ')" = \
    "$(printf '%s\n' "${agents[@]}" | sort | tr '\n' ' ')" ]
}

@test "a text that is fine is published" {
  check 'A walk through the old town.'
  [ "$(verdict)" = '100 PUBLISH pass' ]
  [ -z "$(found)" ]
}

@test "something critical is BLOCK, and the job's decision reject" {
  check 'This tea cures cancer.'
  [ "$(verdict)" = '75 BLOCK reject' ]
  [ "$(found)" = cure-claim ]
  [ "$(sql "select data->>'decision' from telltale.job_event
       where job_id = '$id' and kind = 'score.computed'")" = BLOCK ]
}

@test "something high is at most HOLD, and enough of it BLOCK" {
  check 'Guaranteed results!'
  [ "$(verdict)" = '85 HOLD pass' ]
  check 'Guaranteed results! sub4sub, footage from the movie, buy cheap vapes'
  [ "$(verdict)" = '40 BLOCK reject' ]
  check 'Act now: Foo® for you'
  [ "$(verdict)" = '94 PUBLISH pass' ]
}

@test "what is disclosed is well" {
  check 'Thanks to Acme for
sending this.'
  [ "$(found)" = 'missing-ad-disclosure paid-promotion-label' ]
  check '#ad Thanks to Acme for sending this. Paid partnership.'
  [ -z "$(found)" ]
  check 'An AI-generated cat' fast '["eu"]'
  [ "$(found)" = 'synthetic-media-label undisclosed-ai-content' ]
  check 'This video is AI-generated: a cat' fast '["eu"]'
  [ -z "$(found)" ]
  check 'My song by Adele'
  [ "$(found)" = music-without-licence ]
  check 'My song by the sea, and a song by Adele, licensed'
  [ -z "$(found)" ]
}

@test "rules are those of the places and platforms asked for" {
  check "The world's best tea. Tag three friends." fast '["us"]' '["youtube"]'
  [ -z "$(found)" ]
  check "The world's best tea. Tag three friends." fast '["us","china"]' '["youtube","facebook"]'
  [ "$(found)" = 'engagement-bait superlative' ]
  [ "$(job "$id" "result->'indexes'->'byJurisdiction'->'china' ? (select c->>'id'
    from jsonb_array_elements(result->'checks') as c where c->>'checkName' = 'superlative')")" = t ]
}

@test "mode full looks at the addresses of images, if there are any" {
  check 'A cat.' full
  run -1 grep rights-clearance-image <<<"$(kinds)"
  check 'A cat.' fast '["us"]' '["youtube"]' '["https://media.gettyimages.com/cat.jpg"]'
  run -1 grep rights-clearance-image <<<"$(kinds)"
  check 'A cat.' full '["us"]' '["youtube"]' '["https://media.gettyimages.com/cat.jpg"]'
  grep -q 'stage.completed=rights-clearance-image' <<<"$(kinds)"
  [ "$(found)" = stock-photo-preview ]
  [ "$(verdict)" = '85 HOLD pass' ]
}

@test "the report has all its parts, and each check all of its own" {
  check 'Guaranteed results! This tea cures cancer.'
  job "$id" result >"$BATS_TEST_TMPDIR/report"
  jq . "$BATS_TEST_TMPDIR/report"
  [ "$(jq -r 'keys | sort | join(" ")' "$BATS_TEST_TMPDIR/report")" = \
    'agentSummaries annotations cached checks checksById costBreakdown creditsCharged decision indexes profile score versionInfo' ]
  jq -e '(.checks | length > 5) and (.checks | length) == (.checksById | length)
    and all(.checks[]; (.id | test("^chk_[0-9a-f]{8}$"))
      and (keys == ["agentId","categories","checkName","citation","id","jurisdictions","message",
        "platforms","primaryCategory","recommendation","scope","severity","status"])
      and (.status | IN("pass","flag","block","escalate"))
      and (.severity | IN("critical","high","medium","low","info")))
    and (.annotations[0].text == "Guaranteed results") and .annotations[0].start == 0
    and (.costBreakdown.totalCredits == 0) and (.costBreakdown.agents | length == 5)
    and (.agentSummaries | length == 5)' "$BATS_TEST_TMPDIR/report"
}

@test "the stream of the surface ends with the report" {
  [ -e "${BUILD:-build}/cgi-bin/compliance.fcgi" ] || skip 'compliance is not built'
  start examples/worker-compliance
  run -0 curl -sN --max-time 30 -H "Authorization: Bearer $TELLTALE_KEY" \
    -H 'Content-Type: application/json' -H 'Accept: text/event-stream' \
    "$TELLTALE_URL/v1/compliance/check" -d '{"jurisdictions":["us"],"platforms":["youtube"],
      "content":{"text":"cures cancer"},"mode":"fast","responseMode":"stream"}'
  [ "$(grep -c '^event: agent.started' <<<"$output")" = 5 ]
  [ "$(grep -c '^event: agent.completed' <<<"$output")" = 5 ]
  [ "$(grep '^event: ' <<<"$output" | tail -n 1)" = 'event: complete' ]
}

@test "a payload that is none fails for good, and says what is wrong" {
  id=$(submit compliance '{"jurisdictions": ["mars"], "platforms": [], "content": 1, "mode": "slow"}')
  examples/worker-compliance --once
  [ "$(job "$id" "concat_ws('|', status, error_code, error)")" = \
    'failed|INVALID_PAYLOAD|not understood: jurisdictions, platforms, content.text, mode' ]
}

@test "an agent that breaks fails the job, and the worker goes on" {
  # A worker of this module whose work has a bug for one of two jobs.
  bad=$(submit compliance '{"bug": true}' '' 1)
  good=$(submit compliance '{}')
  cat >"$BATS_TEST_TMPDIR/worker" <<-END
	import sys
	sys.path.insert(0, "$PWD/examples")
	import telltale_worker
	def work(job):
	    job.complete(result={"n": 1 // (0 if job.payload.get("bug") else 1)})
	telltale_worker.main(work, ["compliance"], "")
	END
  start python3 -B "$BATS_TEST_TMPDIR/worker"
  until_true "$good" "status = 'completed'"
  [ "$(job "$bad" "concat_ws('|', status, error_code)")" = 'failed|INTERNAL_ERROR' ]
}

@test "the lease is kept while something takes long" {
  id=$(submit compliance '{}')
  cat >"$BATS_TEST_TMPDIR/worker" <<-END
	import sys, time
	sys.path.insert(0, "$PWD/examples")
	import telltale_worker
	def work(job):
	    job.during(time.sleep, 8)
	    job.complete()
	telltale_worker.main(work, ["compliance"], "")
	END
  python3 -B "$BATS_TEST_TMPDIR/worker" --once --lease 6
  [ "$(job "$id" "concat_ws('|', status, attempt)")" = 'completed|1' ]
}

@test "killed between its stages: taken again, and one report" {
  id=$(submit compliance '{"jurisdictions":["us"],"platforms":["youtube"],"content":{"text":"x"}}')
  cat >"$BATS_TEST_TMPDIR/worker" <<-END
	import sys, time
	sys.path.insert(0, "$PWD/examples")
	import telltale_worker
	def work(job):
	    job.stage_started("ai-laws")
	    job.during(time.sleep, 60)
	telltale_worker.main(work, ["compliance"], "")
	END
  start "$(python3 -c 'import sys; print(sys.executable)')" -B "$BATS_TEST_TMPDIR/worker" --lease 2
  has_begun() { [[ $(kinds) == *stage.started* ]]; }
  within 20 has_begun
  kill -9 "$worker"
  wait "$worker" || true

  start examples/worker-compliance
  until_true "$id" "status = 'completed'"
  run -0 kinds
  echo "$output"
  [[ $output == *'stage.started=ai-laws job.requeued job.started stage.started=ai-laws '* ]]
  [ "$(grep -o job.completed <<<"$output" | wc -l)" = 1 ]
}
