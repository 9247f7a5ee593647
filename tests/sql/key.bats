#!/usr/bin/env bats
# What the web functions say of a key: its verdict, its rate, whether its use is
# to be noted, and what a ticket of it may do.

setup_file() { load helpers; fresh; }

# A key of each fate.
setup() {
  load helpers
  reset
  sql "select telltale.account_set('demo', p_rate_per_minute => 70);
       select telltale.key_add('demo', sha256('good'), 'tt_x', '{job:read,job:write,queue:read}'),
              telltale.key_add('demo', sha256('narrow'), 'tt_x', '{webhook:manage}'),
              telltale.key_add('demo', sha256('revoked'), 'tt_x', '{job:read}'),
              telltale.key_add('demo', sha256('expired'), 'tt_x', '{job:read}'),
              telltale.key_add('other', sha256('terminated'), 'tt_x', '{job:read}'),
              telltale.submit('demo', 'video', job_id => 'j'),
              telltale.submit('other', 'video', job_id => 'theirs');
       select telltale.account_set('other', p_rate_per_minute => 80, p_terminated => true);
       update telltale.api_key set revoked_at = now() where hash = sha256('revoked');
       update telltale.api_key set expires_at = now() where hash = sha256('expired')" >/dev/null
}

teardown_file() { drop; }

# The web functions that judge a key: their calls, with $key for it.
judges() {
  cat <<'END'
telltale.web_job(sha256('$key'), 'job:read', 'j')
telltale.web_job_list(sha256('$key'), 'job:read', 1, 0, null, null, null, null, null, null, null, null)
telltale.web_progress_open(sha256('$key'), 'job:read', '{j}', null, null, 'watch', null)
telltale.web_ticket(sha256('$key'), '{job:read}')
telltale.web_submit(sha256('$key'), 'job:read', 'video', null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null)
telltale.web_cancel(sha256('$key'), 'job:read', 'j')
telltale.web_webhook_set(sha256('$key'), 'job:read', 'https://h/', null)
telltale.web_webhook_delete(sha256('$key'), 'job:read')
END
}

# VERDICT|RATE|UNUSED of the first row of each.
verdicts() {
  local call
  while IFS= read -r call; do
    as telltale_web "select verdict, rate_per_minute, unused from ${call//\$key/$1} limit 1"
  done < <(judges)
}

# When keys were used, a line for each.
used() { sql "select k.key_id, u.last_used_at from telltale.key_use as u join telltale.api_key as k using (key_id) order by 1"; }

note() { as telltale_web "select telltale.web_key_used(sha256('$1'))"; }

all_are() { [ "$(verdicts "$1" | sort -u)" = "$2" ]; }

# --- verdict and rate ----------------------------------------------------------

@test "every verdict on a key that is known tells its rate" {
  all_are good 'ok|70|t'
  all_are narrow 'forbidden|70|t'
  all_are revoked 'unauthorized|70|f'
  all_are expired 'unauthorized|70|f'
  all_are terminated 'terminated|80|f'
  all_are nobody 'unauthorized||f'
}

@test "so does every verdict on what a good key asks for" {
  prints as telltale_web "
    select verdict, rate_per_minute, unused from telltale.web_job(sha256('good'), 'job:read', 'theirs')
    union all
    select verdict, rate_per_minute, unused from telltale.web_progress_open(sha256('good'), 'job:read', '{gone}', null, null, 'watch', null)
    union all
    select verdict, rate_per_minute, unused from telltale.web_job_list(sha256('good'), 'job:read', 1, 0, null, null, 'bicycle', null, null, null, null, null)
    " <<<'not_found|70|t
not_found|70|t
unknown_type|70|t'
}

@test "in a list only the head has them" {
  prints as telltale_web "select verdict, rate_per_minute, unused, total, job_id
         from telltale.web_job_list(sha256('good'), 'job:read', 9, 0, null, null, null, null, null, null, null, null)" <<<'ok|70|t|1|
||||j'
}

@test "the judge names key and account only where it says ok, and needs no scope where none is asked" {
  judge() { sql "select verdict, account_id is not null, key_id is not null, unused from telltale.web_key(sha256('$1'), $2)"; }
  [ "$(judge good "'job:read'")" = 'ok|t|t|t' ]
  [ "$(judge good "'admin'")" = 'forbidden|f|f|t' ]
  [ "$(judge narrow null)" = 'ok|t|t|t' ]
  [ "$(judge revoked null)" = 'unauthorized|f|f|f' ]
  [ "$(judge terminated null)" = 'terminated|f|f|f' ]
  [ "$(judge nobody null)" = 'unauthorized|f|f|f' ]
  [ "$(sql "select verdict, unused from telltale.web_key(null, null)")" = 'unauthorized|f' ]
}

# --- use -----------------------------------------------------------------------

@test "a use is noted to the hour, and for that hour nothing more is to be noted" {
  amid hour
  note good
  prints used < <(sql "select key_id, date_trunc('hour', now()) from telltale.api_key where hash = sha256('good')")
  all_are good 'ok|70|f'
  all_are narrow 'forbidden|70|t'
}

@test "noted again within the hour nothing is written; after it, once more" {
  amid hour
  note good
  before=$(sql 'select ctid, xmin from telltale.key_use')
  note good
  [ "$(sql 'select ctid, xmin from telltale.key_use')" = "$before" ]

  sql "update telltale.key_use set last_used_at = last_used_at - interval '1 hour'"
  all_are good 'ok|70|t'
  note good
  all_are good 'ok|70|f'
  [ "$(sql "select last_used_at = date_trunc('hour', now()) from telltale.key_use")" = t ]
}

@test "the hour is the same whatever the session's zone" {
  amid hour
  as telltale_web "set timezone = 'Asia/Kolkata'; select telltale.web_key_used(sha256('good'))"
  [ "$(sql "select extract(minute from last_used_at at time zone 'UTC') from telltale.key_use")" = 0 ]
  [ "$(as telltale_web "set timezone = 'Asia/Kathmandu'; select unused from telltale.web_ticket(sha256('good'), null)")" = f ]
}

@test "of a key that is refused for good, or is none, nothing is noted" {
  for key in revoked expired terminated nobody; do note $key; done
  as telltale_web 'select telltale.web_key_used(null)'
  [ "$(used)" = '' ]
  note narrow
  [ "$(used | wc -l)" = 1 ]
}

@test "twenty who note the same use at once write one row, and none of them fails" {
  echo "select telltale.web_key_used(sha256('good'));" |
    timeout 300 pgbench -n -c 20 -t 5 -f - >"$BATS_TEST_TMPDIR/race" 2>&1
  [ "$(used | wc -l)" = 1 ]
}

@test "what is known of a key's use goes with the key" {
  note good
  sql "delete from telltale.api_key where hash = sha256('good')"
  [ "$(sql 'select count(*) from telltale.key_use')" = 0 ]
}

# --- tickets -------------------------------------------------------------------

ticket() { as telltale_web "select verdict, scopes from telltale.web_ticket(sha256('$1'), $2)"; }

@test "a ticket is for reading, as far as its key is, if nothing else is asked" {
  [ "$(ticket good null)" = 'ok|{job:read,queue:read}' ]
  [ "$(ticket narrow null)" = 'forbidden|' ]
  sql "select telltale.key_add('demo', sha256('queue'), 'tt_x', '{admin,queue:read}')"
  [ "$(ticket queue null)" = 'ok|{queue:read}' ]
}

@test "a ticket is for what is asked, each scope once, in the order of the list" {
  [ "$(ticket good "'{queue:read,job:write,queue:read}'")" = 'ok|{job:write,queue:read}' ]
  [ "$(ticket narrow "'{webhook:manage}'")" = 'ok|{webhook:manage}' ]
}

@test "a ticket is for nothing that its key is not for" {
  for scopes in '{admin}' '{job:read,admin}' '{job:burn}' '{job:read,NULL}' '{}' '{""}'; do
    [ "$(ticket good "'$scopes'")" = 'forbidden|' ]
  done
}

@test "a key that is refused has no ticket, whatever it asks for" {
  for scopes in null "'{job:read}'" "'{admin}'"; do
    [ "$(ticket nobody "$scopes")" = 'unauthorized|' ]
    [ "$(ticket revoked "$scopes")" = 'unauthorized|' ]
    [ "$(ticket terminated "$scopes")" = 'terminated|' ]
  done
}
