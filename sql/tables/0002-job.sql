-- Jobs as they stand now.  What happened to them is in job_event.

create type telltale.job_status as enum
    ('queued', 'processing', 'completed', 'failed', 'cancelled');

comment on type telltale.job_status is
    'Where a job stands; the last three are terminal.';

-- Room is left in each page, so that the updates of a running job stay there
-- (HOT): no index below holds a column that progress() writes.
--
-- Only two checks: each check of a table is parsed anew for every statement
-- that writes it, and sixteen more took a third off progress().  What a value
-- may be is judged by the functions, which alone write here.
create table telltale.job (
    id               bigint              generated always as identity primary key,
    job_id           text                not null unique default gen_random_uuid()::text,
    account_id       bigint              not null references telltale.account,
    type             text                not null references telltale.job_type,
    status           telltale.job_status not null default 'queued',
    progress         numeric(4,1)        not null default 0,
    detail           text,
    frames_completed integer,
    frame_count      integer,
    decision         text,
    is_prohibited    boolean             generated always as (decision = 'reject') stored,
    categories       jsonb,
    reason           text,
    error_code       text,
    error            text,
    file_path        text,
    priority         integer             not null default 1,
    attempt          integer             not null default 0,
    max_attempts     integer             not null default 3,
    run_after        timestamptz         not null default now(),
    worker           text,
    lease            interval,
    lease_until      timestamptz,
    payload          jsonb               not null default '{}',
    result           jsonb,
    callback_id      text,
    webhook_url      text,
    seq              bigint              not null default 0,
    created_at       timestamptz         not null default now(),
    started_at       timestamptz,
    completed_at     timestamptz,
    updated_at       timestamptz         not null default now(),
    constraint job_lease_while_processing
        check ((status = 'processing') = (lease_until is not null)),
    constraint job_completed_when_terminal
        check ((status in ('completed', 'failed', 'cancelled')) = (completed_at is not null))
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);

-- The list: newest first within an account, alone and under each filter.
create index job_list           on telltale.job (account_id, created_at desc, id desc);
create index job_list_status    on telltale.job (account_id, status, created_at desc, id desc);
create index job_list_type      on telltale.job (account_id, type, created_at desc, id desc);
create index job_list_decision  on telltale.job (account_id, decision, created_at desc, id desc)
    where decision is not null;
create index job_list_search    on telltale.job (account_id, job_id text_pattern_ops);

-- The queue: what claim() takes next, and what tick() watches over.
create index job_claim          on telltale.job (type, priority, run_after, id)
    where status = 'queued';
create index job_processing     on telltale.job (id)
    where status = 'processing';

comment on table  telltale.job                  is 'One row a job, as it stands now.  Only the functions of this schema write it.';
comment on column telltale.job.id               is 'Internal number, in order of submission; the log refers to it.';
comment on column telltale.job.job_id           is 'Public name: a UUID unless the submitter chose one.';
comment on column telltale.job.account_id       is 'Whose it is.';
comment on column telltale.job.type             is 'What kind of work: a word of job_type.';
comment on column telltale.job.status           is 'Where it stands.';
comment on column telltale.job.progress         is 'Per cent of this attempt; 100 only when completed.';
comment on column telltale.job.detail           is 'What the worker is doing, for a person to read.';
comment on column telltale.job.frames_completed is 'Frames done so far, where the work has frames.';
comment on column telltale.job.frame_count      is 'Frames in all.';
comment on column telltale.job.decision         is 'The verdict of a finished check: pass or reject.';
comment on column telltale.job.is_prohibited    is 'True for reject, false for pass, null while undecided.';
comment on column telltale.job.categories       is 'What the check found, by category; a JSON object.';
comment on column telltale.job.reason           is 'Why it was rejected, for a person to read.';
comment on column telltale.job.error_code       is 'Why it failed, for a program.';
comment on column telltale.job.error            is 'Why it failed, for a person.';
comment on column telltale.job.file_path        is 'The file it is about, where there is one.';
comment on column telltale.job.priority         is 'Lower goes first.';
comment on column telltale.job.attempt          is 'How often it was claimed: the fencing token of the worker that holds it.';
comment on column telltale.job.max_attempts     is 'How many attempts it may have.';
comment on column telltale.job.run_after        is 'Not to be claimed before.';
comment on column telltale.job.worker           is 'Who claimed it last.';
comment on column telltale.job.lease            is 'How long the worker may stay silent.';
comment on column telltale.job.lease_until      is 'When its silence has been too long; null unless processing.';
comment on column telltale.job.payload          is 'What the worker needs to know.';
comment on column telltale.job.result           is 'What the worker found.';
comment on column telltale.job.callback_id      is 'A word of the submitter''s, handed back to him.';
comment on column telltale.job.webhook_url      is 'Where to tell that it ended.';
comment on column telltale.job.seq              is 'Number of its last event: gapless, raised under the row''s lock.';
comment on column telltale.job.created_at       is 'When it was submitted.';
comment on column telltale.job.started_at       is 'When the current or last attempt began.';
comment on column telltale.job.completed_at     is 'When it reached a terminal status.';
comment on column telltale.job.updated_at       is 'When this row last changed.';
