-- The log of what happened, which every stream is read from.

create sequence telltale.job_event_id;

comment on sequence telltale.job_event_id is
    'Event ids.  Uncached, so that within a job their order is the order of commit.';

create table telltale.job_event (
    event_id   bigint      not null default nextval('telltale.job_event_id'),
    xid        xid8        not null default pg_current_xact_id(),
    at         timestamptz not null default clock_timestamp(),
    account_id bigint      not null,
    job        bigint,
    job_id     text,
    type       text,
    seq        bigint,
    kind       text        not null,
    data       jsonb       not null default '{}'
) partition by range (at);

create index job_event_xid on telltale.job_event (xid);
create index job_event_job on telltale.job_event (job, seq);

-- Nothing is ever lost for want of a day's partition.
create table telltale.job_event_default partition of telltale.job_event default;

comment on table  telltale.job_event            is 'What happened, in neutral words; a partition a day, made ahead by tick().';
comment on table  telltale.job_event_default    is 'Events of a day whose partition was not made in time.';
comment on column telltale.job_event.event_id   is 'Increases; not in order of commit across jobs.';
comment on column telltale.job_event.xid        is 'The transaction that wrote it: what a snapshot cursor looks at.';
comment on column telltale.job_event.at         is 'When it was written.';
comment on column telltale.job_event.account_id is 'Whose it is.';
comment on column telltale.job_event.job        is 'The job''s internal number; null for what concerns the whole queue.';
comment on column telltale.job_event.job_id     is 'The job''s public name, kept here because the job may be removed.';
comment on column telltale.job_event.type       is 'The job''s type, for streams that want one type only.';
comment on column telltale.job_event.seq        is 'Number within the job: gapless, in order of commit.';
comment on column telltale.job_event.kind       is 'job.created, job.progress and so on; DESIGN has the table.';
comment on column telltale.job_event.data       is 'What the kind carries.';
