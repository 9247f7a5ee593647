-- How many jobs there are, without counting them: those that have ended are
-- kept count of, those that have not are few, and counted in an index.
--
-- Who ends a job writes one row of his own, so that nobody waits for another's;
-- tick() folds those rows into the sums.

-- The triggers and the indexes below want this lock one after the other: claim(),
-- in between, would wait for us as we for it.  Who reads waits too, for the sums
-- and two indexes: seconds, with millions of jobs a minute.
lock table telltale.job in access exclusive mode;

-- Sums by day, by month and of all days, so that any span of whole days is a
-- few hundred rows at most, whatever the account's age.
create table telltale.job_tally (
    account_id bigint              not null,
    span       text                not null check (span in ('day', 'month', 'all')),
    day        date                not null,
    type       text                not null,
    status     telltale.job_status not null,
    decision   text                not null,
    n          bigint              not null,
    primary key (account_id, span, day, type, status, decision)
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);

comment on table  telltale.job_tally            is 'How many jobs have ended, as far as it was folded: what job_tally_delta holds besides is not in it.';
comment on column telltale.job_tally.account_id is 'Whose.';
comment on column telltale.job_tally.span       is 'Of what n is the sum: a day, a month, or all there is.';
comment on column telltale.job_tally.day        is 'The UTC day of their created_at; the month''s first; -infinity for all.';
comment on column telltale.job_tally.type       is 'Their type.';
comment on column telltale.job_tally.status     is 'Their status, a terminal one.';
comment on column telltale.job_tally.decision   is 'Their decision; empty for none.';
comment on column telltale.job_tally.n          is 'How many; a row of none is taken away.';

-- Emptied every few seconds: the vacuum goes by rows, not by a part of it.
create table telltale.job_tally_delta (
    account_id bigint              not null,
    id         bigint              generated always as identity,
    day        date                not null,
    type       text                not null,
    status     telltale.job_status not null,
    decision   text                not null,
    n          smallint            not null check (n in (-1, 1)),
    primary key (account_id, id)
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000,
        autovacuum_vacuum_insert_threshold = -1,
        autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 100000);

comment on table  telltale.job_tally_delta            is 'A row for each job that ended, or is no ended one any more, since tick() last folded them into job_tally.';
comment on column telltale.job_tally_delta.account_id is 'Whose.';
comment on column telltale.job_tally_delta.id         is 'Its number, drawn after the transaction had an id.';
comment on column telltale.job_tally_delta.day        is 'The UTC day of the job''s created_at.';
comment on column telltale.job_tally_delta.type       is 'Its type.';
comment on column telltale.job_tally_delta.status     is 'Its terminal status.';
comment on column telltale.job_tally_delta.decision   is 'Its decision; empty for none.';
comment on column telltale.job_tally_delta.n          is '1: there is such a job more; -1: one less.';

-- Without it a count would pass all that was folded while an old snapshot is
-- open, as a dump's is for an hour: nothing of that can be vacuumed meanwhile.
create table telltale.job_tally_fold (
    only_row boolean primary key default true check (only_row),
    folded   bigint  not null default 0,
    drawn    bigint  not null default 0,
    drawn_by xid8    not null default '0'
);

comment on table  telltale.job_tally_fold          is 'One row: how far job_tally_delta was folded; see tick_tally().';
comment on column telltale.job_tally_fold.only_row is 'Always true.';
comment on column telltale.job_tally_fold.folded   is 'Up to this id there is no delta any more, and never will be.';
comment on column telltale.job_tally_fold.drawn    is 'An id that was drawn before drawn_by began.';
comment on column telltale.job_tally_fold.drawn_by is 'Transactions above this one have deltas above drawn only.';

insert into telltale.job_tally_fold default values;

-- Every way to change a job is seen here, an operator's too.  Who ended has a
-- completed_at, and a check holds the two together.  progress() sets none of
-- these columns, and pays nothing.  The functions are in sql/functions.
create function telltale.tally_note() returns trigger
    language plpgsql as 'begin return null; end';
create function telltale.tally_clear() returns trigger
    language plpgsql as 'begin return null; end';

create trigger tally_insert after insert on telltale.job
    for each row when (new.completed_at is not null)
    execute function telltale.tally_note();
create trigger tally_update after update of status, completed_at, decision, type, account_id, created_at
    on telltale.job
    for each row when (old.completed_at is not null or new.completed_at is not null)
    execute function telltale.tally_note();
create trigger tally_delete after delete on telltale.job
    for each row when (old.completed_at is not null)
    execute function telltale.tally_note();
create trigger tally_truncate after truncate on telltale.job
    for each statement execute function telltale.tally_clear();

insert into telltale.job_tally (account_id, span, day, type, status, decision, n)
select j.account_id, s.span, s.day, j.type, j.status, j.decision, sum(j.n)
  from (select account_id, (created_at at time zone 'UTC')::date as day, type, status,
               coalesce(decision, '') as decision, count(*) as n
          from telltale.job
         where completed_at is not null
         group by 1, 2, 3, 4, 5) as j
 cross join lateral (values
       ('day',   j.day),
       ('month', date_trunc('month', j.day::timestamp)::date),
       ('all',   date '-infinity')) as s (span, day)
 group by 1, 2, 3, 4, 5, 6
 order by 1, 2, 3;

-- What has not ended is counted in the indexes that are there for the queue: an
-- index of its own would be one more to write for each job.
drop index telltale.job_waiting;
create index job_waiting    on telltale.job (account_id, priority, run_after, id)
    include (created_at, type, decision)
    where status = 'queued';
drop index telltale.job_processing;
create index job_processing on telltale.job (account_id, created_at, type, decision)
    where status = 'processing';
