-- telltale.web_queue_job(key, scope, job_id)
--      returns (verdict, rate_per_minute, unused, job_id, file_path, payload,
--               status, priority, progress, error, attempt, max_attempts,
--               created_us, started_us, completed_us)
--
--      One job of the key's account, or without a key of a public one.  One row
--      always; verdict is one of telltale.web_view(), or 'not_found', for a job
--      that is not and for one outside the view alike.  The rest is null unless
--      'ok', but for rate_per_minute and unused, which are as
--      telltale.web_view() says.
--
--      payload is JSON, progress a JSON number; times are microseconds since
--      the epoch.
--
-- Called by:   cgi-bin/queue, by lib/job/jobs
-- Reads:       telltale.job

create or replace function telltale.web_queue_job(
    p_key    bytea,
    p_scope  text,
    p_job_id text)
returns table (
    verdict         text,
    rate_per_minute integer,
    unused          boolean,
    job_id          text,
    file_path       text,
    payload         text,
    status          text,
    priority        integer,
    progress        text,
    error           text,
    attempt         integer,
    max_attempts    integer,
    created_us      bigint,
    started_us      bigint,
    completed_us    bigint)
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
begin
    return query
    select case when v.verdict = 'ok' and j.id is null
                then 'not_found' else v.verdict end,
           v.rate_per_minute, v.unused,
           j.job_id, j.file_path, j.payload::text, j.status::text, j.priority,
           trim_scale(j.progress)::text, j.error, j.attempt, j.max_attempts,
           (extract(epoch from j.created_at)   * 1000000)::bigint,
           (extract(epoch from j.started_at)   * 1000000)::bigint,
           (extract(epoch from j.completed_at) * 1000000)::bigint
      from telltale.web_view(p_key, p_scope) as v
      left join telltale.job as j
        on j.job_id = p_job_id and j.account_id = any (v.accounts);
end
$$;

comment on function telltale.web_queue_job(bytea, text, text) is
    'Judges who asks, and shows one job of his view as the queue has it.';

revoke all on function telltale.web_queue_job(bytea, text, text) from public;
grant execute on function telltale.web_queue_job(bytea, text, text) to telltale_web;
