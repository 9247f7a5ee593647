-- Accounts, the keys that speak for them, and the types of job they may submit.

create table telltale.account (
    account_id      bigint      generated always as identity primary key,
    name            text        not null unique check (name ~ '^[A-Za-z0-9_.-]{1,64}$'),
    public_queue    boolean     not null default false,
    rate_per_minute integer     not null default 60   check (rate_per_minute > 0),
    stream_limit    integer     not null default 5    check (stream_limit >= 0),
    watch_limit     integer     not null default 1000 check (watch_limit >= 0),
    created_at      timestamptz not null default now(),
    terminated_at   timestamptz
);

comment on table  telltale.account                 is 'Who owns jobs and keys.';
comment on column telltale.account.account_id      is 'Internal number; never leaves the database.';
comment on column telltale.account.name            is 'What the operator and the workers call it.';
comment on column telltale.account.public_queue    is 'May its jobs be seen without a key, on the queue and updates surfaces?';
comment on column telltale.account.rate_per_minute is 'Requests a minute that each of its keys may make.';
comment on column telltale.account.stream_limit    is 'Compliance streams that may be open at once, over all hosts.';
comment on column telltale.account.watch_limit     is 'Other streams that may be open at once, over all hosts.';
comment on column telltale.account.created_at      is 'When the operator added it.';
comment on column telltale.account.terminated_at   is 'Since when every request with its keys is refused; null while it is in good standing.';

create table telltale.api_key (
    key_id     bigint      generated always as identity primary key,
    account_id bigint      not null references telltale.account,
    name       text        not null default '' check (length(name) <= 128),
    prefix     text        not null check (length(prefix) between 4 and 16),
    hash       bytea       not null unique check (octet_length(hash) = 32),
    scopes     text[]      not null check (cardinality(scopes) > 0),
    created_at timestamptz not null default now(),
    expires_at timestamptz,
    revoked_at timestamptz
);

create index api_key_account on telltale.api_key (account_id);

comment on table  telltale.api_key            is 'Bearer keys, as hashes: the key itself is shown once and never stored.';
comment on column telltale.api_key.key_id     is 'Internal number.';
comment on column telltale.api_key.account_id is 'The account it speaks for.';
comment on column telltale.api_key.name       is 'A word for the operator.';
comment on column telltale.api_key.prefix     is 'The visible beginning of the key, to find it again in a list.';
comment on column telltale.api_key.hash       is 'SHA-256 of the whole key.';
comment on column telltale.api_key.scopes     is 'What it may do; the words are those of telltale.scope_list().';
comment on column telltale.api_key.created_at is 'When it was made.';
comment on column telltale.api_key.expires_at is 'From when on it is refused; null for never.';
comment on column telltale.api_key.revoked_at is 'Since when it is refused because the operator said so.';

create table telltale.job_type (
    name       text        primary key check (name ~ '^[a-z][a-z0-9_-]{0,31}$'),
    created_at timestamptz not null default now()
);

comment on table  telltale.job_type            is 'The words that submit() accepts as a type.';
comment on column telltale.job_type.name       is 'The word.';
comment on column telltale.job_type.created_at is 'When it was added.';

insert into telltale.job_type (name)
values ('prompt'), ('image'), ('video'), ('pre'), ('post'), ('transform'),
       ('compliance'), ('index'), ('delete'), ('move'), ('checksum');
