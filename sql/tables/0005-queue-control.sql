-- Whether work may be claimed.

create table telltale.queue_control (
    account_id bigint      references telltale.account,
    paused     boolean     not null default false,
    source     text        check (length(source) <= 64),
    changed_at timestamptz not null default now(),
    unique nulls not distinct (account_id)
);

comment on table  telltale.queue_control            is 'Pauses, by account; the row without an account is the operator''s and concerns the whole server.';
comment on column telltale.queue_control.account_id is 'Whose queue; null for all.';
comment on column telltale.queue_control.paused     is 'Does claim() pass over it?';
comment on column telltale.queue_control.source     is 'Who paused or resumed it.';
comment on column telltale.queue_control.changed_at is 'When.';
