-- Who streams now, counted against the limits of his account, and when a key
-- was last of use.

-- One counter for a hub, an account and a class, not one row a stream.  n is in
-- no index, so that counting stays within the page (HOT).
create unlogged table telltale.stream_lease (
    account_id  bigint  not null,
    class       text    not null check (class in ('watch', 'stream')),
    listener_id bigint  not null references telltale.listener on delete cascade,
    n           integer not null,
    primary key (account_id, class, listener_id)
) with (fillfactor = 50);

create index stream_lease_listener on telltale.stream_lease (listener_id);

comment on table  telltale.stream_lease             is 'Streams open now, by account, class and hub; they die with the hub.';
comment on column telltale.stream_lease.account_id  is 'Whose limit they count against.';
comment on column telltale.stream_lease.class       is 'Which limit: stream (account.stream_limit) or watch (account.watch_limit).';
comment on column telltale.stream_lease.listener_id is 'The hub that holds them open.';
comment on column telltale.stream_lease.n           is 'How many.';

-- Apart from api_key, whose rows every request reads.
create table telltale.key_use (
    key_id       bigint      primary key references telltale.api_key on delete cascade,
    last_used_at timestamptz not null
) with (fillfactor = 50);

comment on table  telltale.key_use              is 'When keys were last used; a key without a row never was.';
comment on column telltale.key_use.key_id       is 'The key.';
comment on column telltale.key_use.last_used_at is 'The hour of its last use: where that hour began.';

alter table telltale.listener add column listening boolean not null default true;

comment on column telltale.listener.listening is 'False: it polls and holds no lock, so only seen_at tells of its life.';
