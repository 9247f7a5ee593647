#!/usr/bin/env bats
# What progress.fcgi asks when a stream begins, beside a log of 40,000 events and
# an account of 20,000 jobs: it looks at what it is asked for.

setup_file() {
  load helpers
  fresh
  # Not before the statements that follow: the plan of an empty database is one
  # of those that must do.
  psql -Xq -v ON_ERROR_STOP=1 <<'END' >/dev/null
alter table telltale.job               set (autovacuum_enabled = off);
alter table telltale.job_event_default set (autovacuum_enabled = off);
select telltale.account_add('busy'), telltale.key_add('busy', sha256('k'), 'tt_x', '{job:read}');
END
}

setup() { load helpers; }

teardown_file() { drop; }

fill() {
  psql -Xq -v ON_ERROR_STOP=1 <<'END' >/dev/null
insert into telltale.job (account_id, job_id, type, seq)
select a.account_id, 'j' || n, 'video', 2
  from telltale.account as a, generate_series(1, 20000) as n
 where a.name = 'busy';
insert into telltale.job_event (at, account_id, job, job_id, type, seq, kind)
select now() - interval '2 days', j.account_id, j.id, j.job_id, j.type, s, 'job.progress'
  from telltale.job as j, generate_series(1, 2) as s;
END
}

# opens SEQ: how many rows the scans of jobs and events looked at, for three jobs
# that were followed up to there.
opens() {
  psql -Xq -v ON_ERROR_STOP=1 2>&1 >/dev/null <<END | tee -a "$BATS_TEST_TMPDIR/plans" |
load 'auto_explain';
set auto_explain.log_min_duration = 0;
set auto_explain.log_nested_statements = on;
set auto_explain.log_analyze = on;
set auto_explain.log_timing = off;
set client_min_messages = log;
select * from telltale.web_progress_open(sha256('k'), 'job:read', array['j7', 'j70', 'j700'],
    array[$1, $1, $1]::bigint[], null, 'watch', null);
END
    awk 'BEGIN { RS = "LOG:  duration"; FS = "\n" }
      /asked as materialized/ {
        for (i = 1; i <= NF; i++)
          if ($i ~ /Scan .*on (job|job_event_[a-z0-9]+)( |$)/ &&
              match($i, /actual rows=[0-9]+ loops=[0-9]+/)) {
            split(substr($i, RSTART, RLENGTH), n, /[= ]/)
            sum += n[3] * n[5]
          } else if ($i ~ /Rows Removed by Filter/)
            sum += substr($i, index($i, ": ") + 2)
        found = 1
      }
      END { print found ? sum + 0 : "no such statement" }'
}

few() {
  local rows
  for seq in 0 1 2 null; do
    rows=$(opens "$seq")
    echo "up to $seq: $rows rows"
    [ "$rows" -le 20 ] || { cat "$BATS_TEST_TMPDIR/plans"; return 1; }
  done
}

@test "a stream that begins reads its jobs and their events, whatever the plan was made for" {
  psql -Xqc 'analyze telltale.job, telltale.job_event'
  fill
  few
  psql -Xqc 'vacuum analyze telltale.job, telltale.job_event'
  few
}
