-- The queue as a whole: what an application may say of itself, when the queue
-- rests, and what who comes back to a queue's events needs.

-- Pages of an account's events, for streams that missed some.
create index job_event_account on telltale.job_event (account_id, event_id);

-- Asked for by its path, which is too long for an index.
create index job_file on telltale.job
       (account_id, hashtextextended(file_path, 0), created_at desc, id desc)
 where file_path is not null;

create table telltale.log_kept (
    only_row boolean     primary key default true check (only_row),
    since    timestamptz not null default '-infinity'
);

comment on table  telltale.log_kept          is 'One row: from when on the log is whole.';
comment on column telltale.log_kept.only_row is 'Always true.';
comment on column telltale.log_kept.since    is 'Some events written before may have been dropped: a cursor as old as that has missed them.';

insert into telltale.log_kept default values;

create table telltale.opcode (
    opcode      text    primary key check (opcode ~ '^[a-z][a-z0-9_]{0,63}$'),
    fields      jsonb   not null default '{}' check (jsonb_typeof(fields) = 'object'),
    description text    not null default '' check (length(description) <= 200)
);

comment on table  telltale.opcode             is 'What may be published, and what its data must hold; an application adds its own.';
comment on column telltale.opcode.opcode      is 'The word.';
comment on column telltale.opcode.fields      is 'Each field that data must have, and its type: string, number, boolean, object, array or any; with a question mark it may be null or missing.';
comment on column telltale.opcode.description is 'What it says, for a person.';

insert into telltale.opcode (opcode, fields, description)
values ('file_parsing',      '{"path": "string", "filename": "string"}', 'Reading a file''s text has begun'),
       ('file_parsed',       '{"path": "string", "filename": "string"}', 'A file''s text was read'),
       ('file_summarizing',  '{"path": "string", "filename": "string"}', 'Summing up a file has begun'),
       ('file_summarized',   '{"path": "string", "filename": "string"}', 'A file was summed up'),
       ('file_embedding',    '{"path": "string", "filename": "string"}', 'Making a file''s vectors has begun'),
       ('file_embedded',     '{"path": "string", "filename": "string"}', 'A file''s vectors were made'),
       ('file_complete',     '{"path": "string", "filename": "string"}', 'A file is wholly indexed'),
       ('file_failed',       '{"path": "string", "filename": "string", "error": "string"}', 'A file could not be indexed'),
       ('file_skipped',      '{"path": "string", "filename": "string", "reason": "string"}', 'A file was passed over'),
       ('file_created',      '{"path": "string"}', 'A new file'),
       ('file_modified',     '{"path": "string"}', 'A file''s content changed'),
       ('file_deleted',      '{"path": "string"}', 'A file is gone'),
       ('file_moved',        '{"src_path": "string", "dest_path": "string"}', 'A file was renamed or moved'),
       ('directory_deleted', '{"path": "string"}', 'A directory is gone'),
       ('directory_moved',   '{"src_path": "string", "dest_path": "string"}', 'A directory was renamed or moved'),
       ('watch_started',     '{"path": "string", "recursive": "boolean"}', 'A directory is watched'),
       ('watch_added',       '{"path": "string"}', 'A directory is on the list of those to watch'),
       ('watch_removed',     '{"path": "string"}', 'A directory is off that list'),
       ('directory_processing_started',   '{"path": "string"}', 'The first scan of a directory has begun'),
       ('directory_processing_completed', '{"path": "string"}', 'The first scan of a directory is done'),
       ('queue_item_added',      '{"id": "string", "file_path": "string?", "action": "string", "status": "string"}', 'A job was added'),
       ('queue_item_updated',    '{"id": "string", "file_path": "string?", "action": "string", "status": "string"}', 'A job waits again'),
       ('queue_item_processing', '{"id": "string", "file_path": "string?", "action": "string", "status": "string"}', 'A worker has a job'),
       ('queue_item_completed',  '{"id": "string", "file_path": "string?", "action": "string", "status": "string"}', 'A job is done'),
       ('queue_item_failed',     '{"id": "string", "file_path": "string?", "action": "string", "error": "string"}', 'A job failed for good'),
       ('queue_item_removed',    '{"id": "string", "file_path": "string?", "action": "string", "status": "string"}', 'A job was taken away'),
       ('queue_paused',      '{"source": "string"}', 'The queue was paused by hand'),
       ('queue_resumed',     '{"source": "string"}', 'The queue was resumed by hand'),
       ('scheduler_paused',  '{}', 'The schedule paused the queue'),
       ('scheduler_resumed', '{}', 'The schedule resumed the queue'),
       ('status_update',     '{}', 'Something of general interest'),
       ('error',             '{"message": "string"}', 'Something went wrong'),
       ('info',              '{"message": "string"}', 'Something to know'),
       ('shutting_down',     '{}', 'The server goes down');

-- queue_control.paused stays what claim() looks at: what comes of these two.
alter table telltale.queue_control
  add column scheduler_paused boolean not null default false,
  add column user_override    boolean;

comment on column telltale.queue_control.scheduler_paused is 'Does the schedule want it paused?';
comment on column telltale.queue_control.user_override    is 'Paused (true) or resumed (false) by hand, whatever the schedule wants; null since the schedule last changed its mind.';

create table telltale.schedule (
    account_id             bigint      primary key references telltale.account,
    enabled                boolean     not null default false,
    combine_mode           text        not null default 'ALL' check (combine_mode in ('ALL', 'ANY')),
    check_interval_seconds integer     not null default 30 check (check_interval_seconds between 5 and 3600),
    checked_at             timestamptz,
    changed_at             timestamptz not null default now()
);

comment on table  telltale.schedule                        is 'When an account''s queue may run; without a row, always.';
comment on column telltale.schedule.account_id             is 'Whose queue.';
comment on column telltale.schedule.enabled                is 'Does it count?';
comment on column telltale.schedule.combine_mode           is 'Must all rules be met, or any one of them?';
comment on column telltale.schedule.check_interval_seconds is 'How often tick() looks.';
comment on column telltale.schedule.checked_at             is 'When it last looked.';
comment on column telltale.schedule.changed_at             is 'When somebody last changed it.';

create table telltale.schedule_rule (
    account_id bigint  not null references telltale.schedule on delete cascade,
    n          integer not null,
    rule       text    not null,
    operator   text    not null,
    value      jsonb   not null,
    enabled    boolean not null default true,
    primary key (account_id, n)
);

comment on table  telltale.schedule_rule            is 'The conditions of a schedule; schedule_set() judges their form.';
comment on column telltale.schedule_rule.account_id is 'Whose.';
comment on column telltale.schedule_rule.n          is 'Its place in the list, from 1.';
comment on column telltale.schedule_rule.rule       is 'time_window, or the name of a metric.';
comment on column telltale.schedule_rule.operator   is 'gte, lte, gt, lt, eq or in.';
comment on column telltale.schedule_rule.value      is 'What to compare with.';
comment on column telltale.schedule_rule.enabled    is 'Does it count?';

create unlogged table telltale.queue_metric (
    account_id   bigint,
    name         text        not null,
    value        jsonb       not null,
    collected_at timestamptz not null default now(),
    unique nulls not distinct (account_id, name)
);

comment on table  telltale.queue_metric              is 'What workers last measured, for the rules of schedules.';
comment on column telltale.queue_metric.account_id   is 'Whose; null: of the machine, for all.';
comment on column telltale.queue_metric.name         is 'What was measured.';
comment on column telltale.queue_metric.value        is 'A number, string or boolean.';
comment on column telltale.queue_metric.collected_at is 'When it was reported.';

-- Their results have one column more.
drop function if exists telltale.feed_beat(bigint, integer, bigint, bigint, bigint, bigint, bigint, bigint, bigint, bigint[]);
drop function if exists telltale.feed_open(text, text, integer, boolean, bigint, bigint[], text[], integer[]);
