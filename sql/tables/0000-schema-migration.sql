-- What `telltale init` and `telltale migrate` have done: run each time, and so
-- written to be; the other files of this folder are run once each, in order.

create table if not exists telltale.schema_migration (
    name       text        primary key,
    checksum   text        not null,
    applied_at timestamptz not null default now()
);

comment on table  telltale.schema_migration            is 'Files of sql/tables that made this schema what it is.';
comment on column telltale.schema_migration.name       is 'The file, without .sql.';
comment on column telltale.schema_migration.checksum   is 'SHA-256 of the file as it was applied: it is never edited after that.';
comment on column telltale.schema_migration.applied_at is 'When.';
