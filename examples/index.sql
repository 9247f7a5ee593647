-- What worker-index writes and search reads: `worker-index --init` runs this,
-- and may again.  It is your application's, not Telltale's: change it freely.

-- How words are stemmed and which are left out: english, german, simple ...
-- (\dF in psql).  With another one, drop the schema, run this again, restart
-- worker-index.
\set language english

set client_min_messages = warning;
create schema if not exists example_index;

create table if not exists example_index.document (
    path        text        primary key,
    size        bigint      not null,
    modified_ns bigint      not null,
    hash        text        not null,
    skipped     text,
    summary     text        not null,
    text        text        not null,
    tsv         tsvector    not null generated always as
                (setweight(to_tsvector(:'language', summary), 'A') ||
                 to_tsvector(:'language', text)) stored,
    indexed_at  timestamptz not null default now()
);

comment on table  example_index.document             is 'The files of worker-index.';
comment on column example_index.document.path        is 'Where it is.';
comment on column example_index.document.size        is 'Its bytes, when it was read.';
comment on column example_index.document.modified_ns is 'When it was changed by then: nanoseconds since 1970.';
comment on column example_index.document.hash        is 'SHA-256 of its kind and of what was read of it, in hex.';
comment on column example_index.document.skipped     is 'Why its text is not here; null if it is.';
comment on column example_index.document.summary     is 'A line that says what it is about.';
comment on column example_index.document.text        is 'Its text, or the beginning of it.';
comment on column example_index.document.tsv         is 'The words of both, as PostgreSQL finds them.';
comment on column example_index.document.indexed_at  is 'When this row was written.';

create index if not exists document_tsv on example_index.document using gin (tsv);

-- The best of what matches a query, as people type them: words, "a phrase",
-- or, -not.  The snippet has its words in **.
create or replace function example_index.search(query text, how_many integer)
returns table (path text, rank real, summary text, snippet text)
language sql stable
begin atomic
    -- Snippets are slow: of these few rows only.
    select f.path, f.rank, f.summary,
           ts_headline(:'language', f.text, f.query,
               'StartSel=**, StopSel=**, MaxFragments=2, MaxWords=20, MinWords=8')
      from (select d.path, ts_rank_cd(d.tsv, q.query, 32) as rank, d.summary,
                   d.text, q.query
              from example_index.document as d
             cross join websearch_to_tsquery(:'language', search.query) as q (query)
             where d.tsv @@ q.query
             order by rank desc, d.path
             limit search.how_many) as f
     order by f.rank desc, f.path;
end;

comment on function example_index.search(text, integer) is
    'The files that match a query, best first.';

-- Telltale's workers may use it, if they are in this database.
select format('grant usage on schema example_index to %1$I;
               grant select, insert, update, delete on example_index.document to %1$I;',
              rolname)
  from pg_roles
 where rolname = 'telltale_worker' and rolname <> current_user
\gexec
