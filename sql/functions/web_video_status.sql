-- telltale.web_video_status(key, scope, path)
--      returns (verdict, rate_per_minute, unused, status, progress, error,
--               started_us, completed_us)
--
--      How the newest job about that file stands, among those of the key's
--      account, or without a key of the public ones.  The path is that of
--      submit(), to the letter; where no job has it, it is tried with a slash
--      before it, since a URL's path has lost that.
--
--      One row always; verdict is one of telltale.web_view(), or 'not_found'.
--      The rest is null unless 'ok', but for rate_per_minute and unused, which
--      are as telltale.web_view() says.  progress is a JSON number, times are
--      microseconds since the epoch.
--
--      The settings keep to the index that has the newest first: of a file with
--      many jobs a bitmap would read and sort all.
--
-- Called by:   cgi-bin/queue, by lib/job/jobs
-- Reads:       telltale.job

create or replace function telltale.web_video_status(
    p_key   bytea,
    p_scope text,
    p_path  text)
returns table (
    verdict         text,
    rate_per_minute integer,
    unused          boolean,
    status          text,
    progress        text,
    error           text,
    started_us      bigint,
    completed_us    bigint)
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_bitmapscan = off
set jit = off
as $$
begin
    -- One look into the index job_file for each account and path.
    return query
    select case when v.verdict = 'ok' and j.id is null
                then 'not_found' else v.verdict end,
           v.rate_per_minute, v.unused,
           j.status::text, trim_scale(j.progress)::text, j.error,
           (extract(epoch from j.started_at)   * 1000000)::bigint,
           (extract(epoch from j.completed_at) * 1000000)::bigint
      from telltale.web_view(p_key, p_scope) as v
      left join lateral (
           select j.*
             from unnest(array[p_path, '/' || p_path]) with ordinality as p (path, n)
            cross join unnest(v.accounts) as a (account_id)
            cross join lateral (
                  select j.*
                    from telltale.job as j
                   where j.account_id = a.account_id
                     and hashtextextended(j.file_path, 0) = hashtextextended(p.path, 0)
                     and j.file_path = p.path
                   order by j.created_at desc, j.id desc
                   limit 1) as j
            order by p.n, j.created_at desc, j.id desc
            limit 1) as j on true;
end
$$;

comment on function telltale.web_video_status(bytea, text, text) is
    'Judges who asks, and says how the newest job about a file stands.';

revoke all on function telltale.web_video_status(bytea, text, text) from public;
grant execute on function telltale.web_video_status(bytea, text, text) to telltale_web;
