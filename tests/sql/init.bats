#!/usr/bin/env bats
# telltale init and migrate: from nothing, again, at once, and after a change.
# shellcheck disable=SC2030,SC2031 # each test has an output of its own

setup() { load helpers; }

teardown() { drop; }

# A copy of the command and its SQL, to be changed.
copy() {
  mkdir -p "$BATS_TEST_TMPDIR/tree/bin"
  cp bin/telltale "$BATS_TEST_TMPDIR/tree/bin/"
  cp -R sql "$BATS_TEST_TMPDIR/tree/"
  telltale=$BATS_TEST_TMPDIR/tree/bin/telltale
}

files() { cd sql/tables && printf '%s\n' [0-9]*.sql | sed -e 1d -e 's/\.sql$//'; }

@test "a fresh init is what sql/schema.expected says" {
  fresh template0
  bin/telltale init
  diff sql/schema.expected <(tests/sql/schema-dump) ||
    { echo 'if this is meant: tests/sql/schema-dump --fresh >sql/schema.expected'; false; }
}

@test "init says what it applied, and the second time nothing" {
  fresh template0
  prints bin/telltale init < <(files | sed 's/^/applied /')
  prints sql 'select name from telltale.schema_migration order by name' < <(files)
  before=$(tests/sql/schema-dump)

  [ "$(bin/telltale init)" = 'up to date' ]
  [ "$(bin/telltale migrate --json)" = '{"applied":[]}' ]

  [ "$(tests/sql/schema-dump)" = "$before" ]
}

@test "what was applied is told as JSON" {
  fresh template0
  diff <(bin/telltale init --json | jq -r '.applied[]') <(files)
}

@test "init leaves jobs, keys and the log as they are" {
  fresh fresh
  sql "select telltale.account_add('demo'), telltale.submit('demo', 'video', job_id => 'j')" >/dev/null
  bin/telltale init
  [ "$(sql 'select job_id, seq from telltale.job')" = 'j|1' ]
  [ "$(sql 'select count(*) from telltale.job_event')" = 1 ]
}

@test "what others made in public is neither called nor stored in our functions" {
  fresh template0
  sql "create function public.times(bigint, interval) returns interval language sql
           as 'select interval ''1 second'' / (\$1 - \$1)';
       create operator public.* (leftarg = bigint, rightarg = interval, function = public.times);
       create function public.greater(numeric, integer) returns boolean language sql as 'select 1 / 0 = 1';
       create operator public.> (leftarg = numeric, rightarg = integer, function = public.greater)"

  bin/telltale init

  [ -z "$(sql "select p.proname
                 from pg_depend as d
                 join pg_proc as p on d.classid = 'pg_proc'::regclass and p.oid = d.objid
                 left join pg_operator as o on d.refclassid = 'pg_operator'::regclass and o.oid = d.refobjid
                 left join pg_proc as f on d.refclassid = 'pg_proc'::regclass and f.oid = d.refobjid
                where p.pronamespace = 'telltale'::regnamespace
                  and 'public'::regnamespace in (o.oprnamespace, f.pronamespace)")" ]
}

@test "twenty inits at once are as one" {
  fresh template0
  pids=()
  for i in $(seq 1 20); do
    bin/telltale init >"$BATS_TEST_TMPDIR/$i.out" 2>&1 3>&- || echo "$i" >>"$BATS_TEST_TMPDIR/failed" &
    pids+=($!)
  done
  wait "${pids[@]}"

  [ ! -e "$BATS_TEST_TMPDIR/failed" ] || { cat "$BATS_TEST_TMPDIR"/*.out; false; }
  [ "$(cat "$BATS_TEST_TMPDIR"/*.out | grep -c '^applied 0001-account$')" = 1 ]
  [ "$(cat "$BATS_TEST_TMPDIR"/*.out | grep -c '^up to date$')" = 19 ]
  diff sql/schema.expected <(tests/sql/schema-dump)
}

@test "init in several databases of a cluster at once, none of the roles there yet" {
  fresh template0
  # A cluster of its own: the roles are shared by all databases of one.
  (
    # shellcheck source=tests/sql/cluster.bash
    . tests/sql/cluster.bash
    cluster_up 3>&-
    trap cluster_down EXIT
    for i in 1 2 3; do psql -Xqc "create database d$i"; done
    pids=()
    for i in 1 2 3 1 2 3; do
      PGDATABASE=d$i bin/telltale init >>"$BATS_TEST_TMPDIR/out" 2>&1 3>&- || echo "$i" >>"$BATS_TEST_TMPDIR/failed" &
      pids+=($!)
    done
    wait "${pids[@]}"
    [ ! -e "$BATS_TEST_TMPDIR/failed" ] || { cat "$BATS_TEST_TMPDIR/out"; exit 1; }
    for i in 1 2; do diff sql/schema.expected <(PGDATABASE=d$i tests/sql/schema-dump) || exit 1; done

    # One who is no superuser, may create roles, and owns the database.
    psql -Xq -c 'drop database d1' -c 'create role operator login createrole' -c 'create database d1 owner operator'
    PGUSER=operator PGDATABASE=d1 bin/telltale init || exit 1
    PGUSER=operator PGDATABASE=d1 bin/telltale migrate || exit 1
    diff sql/schema.expected <(PGDATABASE=d1 tests/sql/schema-dump) || exit 1
  )
}

@test "migrate where nothing is set up fails, and says what to do" {
  fresh template0
  run -1 bin/telltale migrate
  [[ $output == *'schema "telltale" does not exist'*'telltale init'* ]]
  [ "$(sql "select count(*) from pg_namespace where nspname = 'telltale'")" = 0 ]
}

@test "who may not make roles or schemas is refused, and nothing is left half done" {
  fresh template0
  run -1 env PGUSER=telltale_worker bin/telltale init
  [[ $output == *'Connect as a superuser'* ]]
  [ "$(sql "select count(*) from pg_namespace where nspname = 'telltale'")" = 0 ]
}

@test "a file that is edited after it was applied is refused by name" {
  fresh fresh
  copy
  echo '-- a harmless word' >>"$BATS_TEST_TMPDIR/tree/sql/tables/0003-event.sql"
  echo 'create table telltale.never ();' >"$BATS_TEST_TMPDIR/tree/sql/tables/9999-new.sql"

  for verb in init migrate; do
    run -1 "$telltale" $verb
    [[ $output == *'sql/tables/0003-event.sql was edited after it was applied'*'new file'* ]]
  done
  [ "$(sql "select to_regclass('telltale.never') is null")" = t ]
}

@test "a database that is newer than the command is refused" {
  fresh template0
  copy
  echo 'create table telltale.coming ();' >"$BATS_TEST_TMPDIR/tree/sql/tables/9998-coming.sql"
  "$telltale" init

  run -1 bin/telltale migrate
  [[ $output == *'9998-coming.sql was applied here'*'database is newer'* ]]
}

@test "a new file is applied, once, after the others" {
  fresh fresh
  copy
  echo 'create table telltale.coming ();' >"$BATS_TEST_TMPDIR/tree/sql/tables/9998-coming.sql"

  [ "$("$telltale" status --json | jq -c .pending)" = '["9998-coming"]' ]
  "$telltale" status | grep -q 'run telltale migrate: 9998-coming'
  [ "$("$telltale" migrate)" = 'applied 9998-coming' ]
  [ "$("$telltale" migrate)" = 'up to date' ]

  [ "$(sql "select relowner::regrole from pg_class where oid = 'telltale.coming'::regclass")" = telltale_owner ]
}

@test "a file that fails undoes all of the migration" {
  fresh fresh
  copy
  before=$(tests/sql/schema-dump)
  echo 'create table telltale.half ();' >"$BATS_TEST_TMPDIR/tree/sql/tables/9997-half.sql"
  echo 'create table telltale.job ();' >"$BATS_TEST_TMPDIR/tree/sql/tables/9998-broken.sql"

  run -1 "$telltale" migrate

  [[ $output == *'9998-broken.sql:1: relation "job" already exists'* ]]
  [ "$(tests/sql/schema-dump)" = "$before" ]
}

@test "a function that is gone from the tree, or has other arguments, is dropped" {
  fresh fresh
  copy
  rm "$BATS_TEST_TMPDIR/tree/sql/functions/type_add.sql"
  sed -i 's/(p_key_id bigint)/(p_key_id integer)/; s/(bigint)/(integer)/' "$BATS_TEST_TMPDIR/tree/sql/functions/key_revoke.sql"
  sql 'create function telltale.mine() returns int language sql as $$ select 1 $$'

  "$telltale" migrate

  prints sql "select p.oid::regprocedure from pg_proc as p where pronamespace = 'telltale'::regnamespace
               and proname in ('type_add', 'key_revoke', 'mine') order by proname" <<'END'
telltale.key_revoke(integer)
telltale.mine()
END
}

@test "a database of the time before webhooks comes to the same as a fresh one" {
  fresh template0
  copy
  local sql=$BATS_TEST_TMPDIR/tree/sql
  rm "$sql"/tables/000[89]-*.sql "$sql"/functions/*.sql
  cp sql/functions/tick{,_duty,_partitions}.sql "$sql/functions/"
  cat >"$sql/functions/web_job.sql" <<'END'
create or replace function telltale.web_job(p_key bytea, p_scope text, p_job_id text)
returns table (verdict text, completed_us bigint) language sql as $$ select '', 0 $$;
END
  "$telltale" init
  sql "insert into telltale.account (name) values ('demo');
       insert into telltale.job (job_id, account_id, type) select 'old', account_id, 'video' from telltale.account"

  run -0 bin/telltale migrate

  [[ $output == 'applied 0008-submit'* ]]
  diff sql/schema.expected <(tests/sql/schema-dump)
  [ "$(sql "select telltale.claim('w', '{video}'); select telltale.complete('old', 1); select status from telltale.job" | tail -n 1)" = completed ]
}

@test "callers are not disturbed by a migrate" {
  fresh fresh
  sql "select telltale.account_add('demo')" >/dev/null
  session caller
  tell caller "prepare s as select length(telltale.submit('demo', 'video'));"
  [ "$(tell caller 'execute s;')" = 36 ]

  bin/telltale migrate

  [ "$(tell caller 'execute s;')" = 36 ]
  leave caller
}

@test "it runs from where it is installed, also through a link and from elsewhere" {
  fresh template0
  mkdir -p "$BATS_TEST_TMPDIR/pre fix's/bin" "$BATS_TEST_TMPDIR/pre fix's/share/telltale"
  cp bin/telltale "$BATS_TEST_TMPDIR/pre fix's/bin/"
  cp -R sql "$BATS_TEST_TMPDIR/pre fix's/share/telltale/"
  ln -s "$BATS_TEST_TMPDIR/pre fix's/bin/telltale" "$BATS_TEST_TMPDIR/link"

  cd /
  "$BATS_TEST_TMPDIR/link" init
}

@test "without its SQL it says where it looked" {
  fresh template0
  mkdir -p "$BATS_TEST_TMPDIR/lone/bin"
  cp bin/telltale "$BATS_TEST_TMPDIR/lone/bin/"
  run -1 "$BATS_TEST_TMPDIR/lone/bin/telltale" init
  [[ $output == *lone/bin/../sql* ]]
}
