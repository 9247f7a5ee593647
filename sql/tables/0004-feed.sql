-- Who reads the log now, and what life of the cluster it is.

-- Logged, so that after a crash no hub finds another's row under its own number.
create sequence telltale.listener_id;

comment on sequence telltale.listener_id is 'Numbers of hubs'' sessions; never given out twice.';

-- Unlogged: true only while the hubs live, and cheap to write.
create unlogged table telltale.listener (
    listener_id  bigint      primary key default nextval('telltale.listener_id'),
    host         text        not null,
    program      text        not null,
    pid          integer     not null,
    backend_pid  integer     not null,
    streams      integer     not null default 0,
    opened       bigint      not null default 0,
    delivered    bigint      not null default 0,
    coalesced    bigint      not null default 0,
    slow_cut     bigint      not null default 0,
    caught_up    bigint      not null default 0,
    wakes        bigint      not null default 0,
    reconnects   bigint      not null default 0,
    started_at   timestamptz not null default now(),
    seen_at      timestamptz not null default now()
) with (fillfactor = 50);

comment on table  telltale.listener             is 'One row per hub that holds streams open.  The hub also holds a session advisory lock (class 0x7454, listener_id).';
comment on column telltale.listener.listener_id is 'Number of the hub''s database session.';
comment on column telltale.listener.host        is 'The web host it runs on.';
comment on column telltale.listener.program     is 'Which program it is.';
comment on column telltale.listener.pid         is 'Its process, on that host.';
comment on column telltale.listener.backend_pid is 'Its backend here.';
comment on column telltale.listener.streams     is 'Streams open now; true within 2 s.';
comment on column telltale.listener.opened      is 'Streams opened since it started.';
comment on column telltale.listener.delivered   is 'Frames handed to streams.';
comment on column telltale.listener.coalesced   is 'Progress frames that a newer one replaced.';
comment on column telltale.listener.slow_cut    is 'Streams ended because no byte was taken for 30 s.';
comment on column telltale.listener.caught_up   is 'Events fetched from the log for resumed and slow streams.';
comment on column telltale.listener.wakes       is 'Times the doorbell woke it.';
comment on column telltale.listener.reconnects  is 'Times it had to connect anew.';
comment on column telltale.listener.started_at  is 'When this session began.';
comment on column telltale.listener.seen_at     is 'When it last wrote this row.';

-- Alone and narrow, because every writer of an event looks at it.
create unlogged table telltale.listener_sleep (
    listener_id bigint  primary key,
    asleep      boolean not null default false
) with (fillfactor = 50, autovacuum_vacuum_threshold = 50, autovacuum_vacuum_scale_factor = 0);

comment on table  telltale.listener_sleep             is 'Which hubs are blocked on their socket and want the doorbell rung.';
comment on column telltale.listener_sleep.listener_id is 'The hub.';
comment on column telltale.listener_sleep.asleep      is 'Ring for it?';

-- Snapshots mean something only within one uninterrupted life of one cluster.
-- Crash recovery empties unlogged tables: whoever finds this one empty knows
-- that transaction ids may have been given out twice.
create unlogged table telltale.log_life (
    only_row boolean primary key default true check (only_row),
    life     uuid    not null default gen_random_uuid()
);

comment on table  telltale.log_life          is 'One row, which does not survive a crash.';
comment on column telltale.log_life.only_row is 'Always true.';
comment on column telltale.log_life.life     is 'Name of the time since the last crash.';

create table telltale.log_generation (
    generation     bigint      generated always as identity primary key,
    cluster        text        not null,
    timeline       integer     not null,
    life           uuid        not null,
    floor_event_id bigint      not null,
    started_at     timestamptz not null default now(),
    unique (cluster, timeline, life)
);

comment on table  telltale.log_generation                is 'The lives of the log: a cursor carries the number of the one it was read in.';
comment on column telltale.log_generation.generation     is 'The number.';
comment on column telltale.log_generation.cluster        is 'System identifier and oid of the database.';
comment on column telltale.log_generation.timeline       is 'Timeline of the cluster; changes with a promotion or a recovery to a point in time.';
comment on column telltale.log_generation.life           is 'log_life.life, which changes with a crash.';
comment on column telltale.log_generation.floor_event_id is 'Events up to this id were written in another cluster (a restored dump): no feed reads them.';
comment on column telltale.log_generation.started_at     is 'When it was first seen.';

create table telltale.tick_state (
    duty    text        primary key,
    last_at timestamptz not null,
    note    text        not null default ''
);

comment on table  telltale.tick_state         is 'When each duty of tick() was last done.';
comment on column telltale.tick_state.duty    is 'The duty.';
comment on column telltale.tick_state.last_at is 'When.';
comment on column telltale.tick_state.note    is 'What it did or why it could not, for a person.';
