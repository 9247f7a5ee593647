#!/usr/bin/env bats
# What receivers are told, and how often.
# shellcheck disable=SC2154 # ok, other: start_receiver sets them

load hook

# Signatures by somebody else's arithmetic: each line of input is a request as
# the receiver wrote it; the secrets are the arguments.
check_signatures() {
  python3 -c '
import base64, hashlib, hmac, json, sys, time
for line in sys.stdin:
    r = json.loads(line)
    h = r["headers"]
    assert abs(time.time() - int(h["webhook-timestamp"])) < 60, h
    signed = ".".join((h["webhook-id"], h["webhook-timestamp"], r["body"])).encode()
    want = ["v1," + base64.b64encode(hmac.new(base64.b64decode(s[6:]), signed, hashlib.sha256)
                                     .digest()).decode() for s in sys.argv[1:]]
    assert h["webhook-signature"].split(" ") == want, (h["webhook-signature"], want)
    print("good")' "$@"
}

# A job from its submission to its end: JOB_ID URL TYPE [SECRET].
finish_job() {
  sql "select from telltale.submit('demo', '$3', webhook_url => '$2', job_id => '$1',
                              callback_id => 'c-$1');
       update telltale.job set webhook_secret = nullif('${4-}', '') where job_id = '$1';
       select from telltale.complete('$1', (select attempt from telltale.claim('w', array['$3'])),
                                'pass')" >/dev/null
}

@test "that a job ended is told in a signed POST, byte by byte as it was written" {
  start_receiver ok
  start_daemon one
  within 5 listens
  finish_job mine "$ok/ok/hook?x=1" video

  within 5 has_had ok 1
  within 5 counts 1 delivered
  [ "$(had ok | jq -r .method)" = POST ]
  [ "$(had ok | jq -r .path)" = '/ok/hook?x=1' ]
  [ "$(had ok | jq -r '.headers["content-type"]')" = application/json ]
  [ "$(had ok | jq -r '.headers["user-agent"]')" = "telltale-webhookd/$("$webhookd" --version | cut -d ' ' -f 3)" ]
  [ "$(had ok | jq -r '.headers["webhook-id"]')" = "msg_$(sql 'select event_id from telltale.webhook_delivery')" ]
  [ "$(had ok | jq -r '.headers | keys | join(" ")')" = \
    'content-length content-type host user-agent webhook-id webhook-signature webhook-timestamp' ]
  [ "$(had ok | jq -r .body)" = "$(sql 'select body from telltale.webhook_delivery')" ]
  [ "$(had ok | jq -r .body | jq -r '.job_id + .status')" = minecompleted ]
  [ "$(had ok | check_signatures "$(sql 'select secret from telltale.webhook')")" = good ]
}

@test "a job's own secret signs, and for a day the account's secret of before besides" {
  local own new old
  own=whsec_$(head -c 24 /dev/urandom | base64)
  start_receiver ok
  sql "select telltale.key_add('demo', sha256('k'), 'tt_x', '{webhook:manage}')" >/dev/null
  old=$(sql "select secret from telltale.web_webhook_set(sha256('k'), 'webhook:manage', '$ok/ok', null)")
  new=$(sql "select secret from telltale.web_webhook_set(sha256('k'), 'webhook:manage', '$ok/ok', '')")
  [ "$old" != "$new" ]
  finish_job first "$ok/ok/own" compliance "$own"
  finish_job second "$ok/ok/account" video

  once
  [ "$(had ok | grep /own | check_signatures "$own")" = good ]
  [ "$(had ok | grep /own | jq -r '.body | fromjson | .event + .callbackId')" = compliance.completedc-first ]
  [ "$(had ok | grep /account | check_signatures "$new" "$old")" = good ]
}

@test "the library of Standard Webhooks accepts them, and nothing that was changed" {
  [ -e build/node_modules/standardwebhooks ] || skip 'tools/deps test found no node, or no network'
  start_receiver ok
  deliver "$ok/ok" 3 >/dev/null
  once
  had ok | NODE_PATH=$PWD/build/node_modules node -e '
    const { Webhook } = require("standardwebhooks");
    const hook = new Webhook(process.argv[1]);
    const lines = require("fs").readFileSync(0, "utf8").trim().split("\n").map(JSON.parse);
    for (const r of lines) {
      if (hook.verify(r.body, r.headers).word !== "bodyword") throw new Error("other body");
      let refused = 0;
      for (const [body, change] of [[r.body + " ", {}], [r.body, { "webhook-id": "msg_x" }],
                                    [r.body, { "webhook-timestamp": "1" }]])
        try { hook.verify(body, { ...r.headers, ...change }); } catch (e) { refused++; }
      if (refused !== 3) throw new Error("accepted what was changed");
    }
    if (lines.length !== 3) throw new Error(lines.length + " requests");
  ' "$(sql 'select secret from telltale.webhook')"
}

@test "a daemon that sleeps is rung" {
  local began
  start_receiver ok
  start_daemon one
  within 5 listens
  began=$EPOCHREALTIME
  deliver "$ok/ok"
  within 5 has_had ok 1
  figure "rung and delivered within $(awk "BEGIN { printf \"%.0f\", 1000 * ($EPOCHREALTIME - $began) }") ms"
}

@test "what is due later is delivered then, without a bell" {
  local due
  start_receiver ok
  start_daemon one
  within 5 listens
  due=$(sql "insert into telltale.webhook_delivery
              (event_id, account_id, job_id, url, style, body, next_at, created_at)
       select gen_random_uuid(), account_id, 'j', '$ok/ok', 'moderation', '{}',
              clock_timestamp() + interval '2 s', clock_timestamp()
         from telltale.account where name = 'demo'
       returning extract(epoch from next_at);
       select from pg_notify('telltale_webhook', '')" | grep .)
  within 5 has_had ok 1
  # By the receiver's clock, not by when this shell looks.
  [ "$(had ok | jq ".at >= $due")" = true ]
}

@test "a receiver that is down for a while gets every event, once" {
  start_receiver ok
  local port began
  port=$(port_of ok)
  signal ok KILL
  start_daemon one
  deliver "$ok/ok" 20 >/dev/null
  # The first time they wait for some 5 s only: we may come too late to hurry.
  within 10 counts 20 waiting "attempts >= 1 and last_error like '%onnect%'"
  began=$(sql 'select clock_timestamp()')
  due_now
  within 10 counts 20 waiting "attempts >= 2 and lease_until is null"
  [ "$(count waiting "next_at > timestamptz '$began' + interval '20 s'")" = 20 ]

  start_receiver ok --port "$port"
  due_now
  within 10 counts 20 delivered "attempts >= 3 and last_error is null"
  [ "$(events_of ok)" = "$(sql "select 'msg_' || event_id from telltale.webhook_delivery" | sort)" ]
}

@test "after the twelfth attempt a delivery is dead; after 410 at once" {
  local id i
  start_receiver ok
  start_daemon one
  id=$(deliver "$ok/status/503")
  for ((i = 1; i <= 11; i++)); do
    within 5 is_about "$id" "state || attempts || (lease_until is null)" "waiting${i}true"
    due_now
  done
  within 5 is_about "$id" "state || attempts || '|' || last_status || last_error" \
    'dead12|503the receiver said 503'
  [ "$(had ok | wc -l)" = 12 ]
  [ "$(events_of ok | uniq | wc -l)" = 1 ]
  within 5 logs one "delivery $id: given up"

  id=$(deliver "$ok/status/410")
  within 5 is_about "$id" 'state || attempts || last_status' dead1410
}

@test "several daemons at once deliver each event once" {
  local i
  start_receiver ok
  for i in 1 2 3 4; do start_daemon "d$i"; done
  within 10 listens 4
  deliver "$ok/ok" 400 >/dev/null
  deliver "$ok/ok" 200 other >/dev/null
  within 30 counts 600 delivered
  [ "$(had ok | wc -l)" = 600 ]
  [ "$(events_of ok | uniq -d)" = '' ]
  for i in 1 2 3 4; do signal "d$i" TERM; done
  for i in 1 2 3 4; do within 5 has_ended "d$i"; done
  figure "delivered by four daemons: $(for i in 1 2 3 4; do log_of "d$i"; done |
    sed -n 's/.* info: \([0-9]*\) delivered.*/\1/p' | tr '\n' ' ')"
}

@test "one that is killed leaves what it was at to others: at least once" {
  start_receiver ok
  start_daemon one
  deliver "$ok/slow/0.5" 200 >/dev/null
  within 10 has_had ok 20
  signal one KILL
  within 5 has_ended one
  [ "$(count waiting 'lease_until is not null')" -gt 0 ]
  [ "$(count waiting)" -gt "$(count waiting 'lease_until is not null')" ]

  # The others first; then the leases run out.
  start_daemon two
  within 20 counts 0 waiting 'lease_until is null'
  within 20 listens
  due_now
  within 20 counts 200 delivered
  [ "$(events_of ok | uniq | wc -l)" = 200 ]
  figure "killed in the middle: $(($(had ok | wc -l) - 200)) of 200 came twice"
}

@test "--once delivers what is due, and ends" {
  start_receiver ok
  once
  deliver "$ok/ok" 150 >/dev/null
  deliver "$ok/status/500" 3 other >/dev/null
  sql "update telltale.webhook_delivery set next_at = next_at + interval '1 hour'
        where delivery_id = (select min(delivery_id) from telltale.webhook_delivery)"
  once
  counts 149 delivered
  counts 3 waiting "attempts = 1 and last_status = 500"
  counts 1 waiting "attempts = 0"
  [[ $output = *'149 delivered, 3 attempts failed, 0 left to others'* ]]

  once_fails TELLTALE_WEBHOOK_DSN="dbname=$PGDATABASE host=$BATS_TEST_TMPDIR"
  [[ $output = *'the database was away'* ]]
  once_fails TELLTALE_WEBHOOK_DSN="dbname=$PGDATABASE user=telltale_web"
  [[ $output = *'permission denied'* ]]
}
