-- What comes with a job that is submitted over HTTP, and who is told that it
-- ended.

-- Files that came with it.  As they are: what is uploaded is compressed already.
create table telltale.job_input (
    job        bigint  not null references telltale.job on delete cascade,
    n          integer not null,
    field      text    not null,
    name       text,
    media_type text,
    data       bytea   not null,
    primary key (job, n)
);

alter table telltale.job_input alter column data set storage external;

comment on table  telltale.job_input            is 'Files that were submitted with a job.';
comment on column telltale.job_input.job        is 'The job''s internal number.';
comment on column telltale.job_input.n          is 'Which one: from 1, in the order in which they came.';
comment on column telltale.job_input.field      is 'The field of the form.';
comment on column telltale.job_input.name       is 'What the client calls the file; never a path to be trusted.';
comment on column telltale.job_input.media_type is 'What the client says it is.';
comment on column telltale.job_input.data       is 'Its bytes.';

create table telltale.idempotency_key (
    account_id bigint      not null references telltale.account,
    key        text        not null check (length(key) between 1 and 255),
    request    bytea       not null check (octet_length(request) = 32),
    job        bigint      not null references telltale.job on delete cascade,
    created_at timestamptz not null default clock_timestamp(),
    primary key (account_id, key)
);

create index idempotency_key_job     on telltale.idempotency_key (job);
create index idempotency_key_created on telltale.idempotency_key (created_at);

comment on table  telltale.idempotency_key            is 'Submissions that are not done twice: for 24 hours the key means that job.';
comment on column telltale.idempotency_key.account_id is 'Whose key: another account may use the same word.';
comment on column telltale.idempotency_key.key        is 'The submitter''s word.';
comment on column telltale.idempotency_key.request    is 'SHA-256 of what was asked: the same word for something else is refused.';
comment on column telltale.idempotency_key.job        is 'The job that was made.';
comment on column telltale.idempotency_key.created_at is 'When; after 24 hours the row is as if it were not there.';

alter table telltale.job add column webhook_secret text;

comment on column telltale.job.webhook_secret is 'What its own deliveries are signed with; null for the account''s secret.';

create table telltale.webhook (
    account_id      bigint      primary key references telltale.account,
    url             text,
    secret          text        not null,
    previous_secret text,
    previous_until  timestamptz,
    created_at      timestamptz not null default now(),
    updated_at      timestamptz not null default now(),
    check ((previous_secret is null) = (previous_until is null))
);

comment on table  telltale.webhook                 is 'Where an account wants to be told that a job ended, and what that is signed with.';
comment on column telltale.webhook.account_id      is 'The account: it has one.';
comment on column telltale.webhook.url             is 'Where; null if only jobs that name a place of their own are told of.';
comment on column telltale.webhook.secret          is 'What deliveries are signed with.';
comment on column telltale.webhook.previous_secret is 'What they were signed with before, and are besides for a while.';
comment on column telltale.webhook.previous_until  is 'For how long.';
comment on column telltale.webhook.created_at      is 'When there first was a secret.';
comment on column telltale.webhook.updated_at      is 'When place or secret last changed.';

-- job_id is no reference: that a job ended is told although it was removed.
create table telltale.webhook_delivery (
    delivery_id bigint      generated always as identity primary key,
    event_id    uuid        not null unique,
    account_id  bigint      not null references telltale.account,
    job_id      text        not null,
    url         text        not null,
    style       text        not null check (style in ('moderation', 'compliance')),
    body        text        not null,
    secret      text,
    attempts    integer     not null default 0,
    next_at     timestamptz not null,
    lease_until timestamptz,
    state       text        not null default 'waiting'
                            check (state in ('waiting', 'delivered', 'dead')),
    last_status integer,
    last_error  text,
    created_at  timestamptz not null,
    done_at     timestamptz,
    constraint webhook_delivery_done_when_over check ((state = 'waiting') = (done_at is null))
) with (fillfactor = 70);

create index webhook_delivery_due  on telltale.webhook_delivery (next_at)
    where state = 'waiting';
create index webhook_delivery_done on telltale.webhook_delivery (done_at)
    where done_at is not null;

comment on table  telltale.webhook_delivery             is 'What is to be told of jobs that ended, written in the transaction that ended them, and what became of it.';
comment on column telltale.webhook_delivery.delivery_id is 'Number, for the operator.';
comment on column telltale.webhook_delivery.event_id    is 'Name, for the receiver: the same in every attempt.';
comment on column telltale.webhook_delivery.account_id  is 'Whose job it was.';
comment on column telltale.webhook_delivery.job_id      is 'The job''s public name.';
comment on column telltale.webhook_delivery.url         is 'Where to.';
comment on column telltale.webhook_delivery.style       is 'Whose headers and signature: moderation or compliance.';
comment on column telltale.webhook_delivery.body        is 'The body, as it is signed and sent.';
comment on column telltale.webhook_delivery.secret      is 'The job''s own secret; null for the account''s, as it is at the time of the attempt.';
comment on column telltale.webhook_delivery.attempts    is 'How often it was claimed: the fencing token of whoever sends it.';
comment on column telltale.webhook_delivery.next_at     is 'When it is due; while somebody is at it, when his lease ends.';
comment on column telltale.webhook_delivery.lease_until is 'How long the attempt may take; null while nobody is at it.';
comment on column telltale.webhook_delivery.state       is 'Waiting to be sent, delivered, or dead: given up.';
comment on column telltale.webhook_delivery.last_status is 'HTTP status of the last attempt; null if there was none.';
comment on column telltale.webhook_delivery.last_error  is 'Why the last attempt came to nothing.';
comment on column telltale.webhook_delivery.created_at  is 'When the job ended.';
comment on column telltale.webhook_delivery.done_at     is 'Since when it is delivered or dead.';
