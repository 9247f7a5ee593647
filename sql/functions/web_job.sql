-- telltale.web_job(key, scope, job_id)
--      returns (verdict, rate_per_minute, unused, id, job_id, type, status,
--               progress, detail, frames_completed, frame_count, decision,
--               categories, reason, error_code, result, attempt, created_us,
--               started_us, completed_us, callback_id, error, file_path)
--
--      One job of the key's account.  One row always, the key judged first;
--      verdict is one of telltale.web_key(), or 'not_found', for a job that is
--      not and for another account's alike.  The rest is null unless 'ok',
--      but for rate_per_minute and unused, which are as telltale.web_key() says.
--
--      progress is a JSON number, categories and result are JSON; times are
--      microseconds since the epoch.
--
-- Called by:   cgi-bin/job, by lib/job/job
-- Reads:       telltale.job

create or replace function telltale.web_job(
    p_key    bytea,
    p_scope  text,
    p_job_id text)
returns table (
    verdict          text,
    rate_per_minute  integer,
    unused           boolean,
    id               bigint,
    job_id           text,
    type             text,
    status           text,
    progress         text,
    detail           text,
    frames_completed integer,
    frame_count      integer,
    decision         text,
    categories       text,
    reason           text,
    error_code       text,
    result           text,
    attempt          integer,
    created_us       bigint,
    started_us       bigint,
    completed_us     bigint,
    callback_id      text,
    error            text,
    file_path        text)
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
begin
    return query
    select case when k.verdict = 'ok' and j.id is null
                then 'not_found' else k.verdict end,
           k.rate_per_minute, k.unused,
           j.id, j.job_id, j.type, j.status::text,
           trim_scale(j.progress)::text,
           j.detail, j.frames_completed, j.frame_count, j.decision,
           j.categories::text, j.reason, j.error_code, j.result::text,
           j.attempt,
           (extract(epoch from j.created_at)   * 1000000)::bigint,
           (extract(epoch from j.started_at)   * 1000000)::bigint,
           (extract(epoch from j.completed_at) * 1000000)::bigint,
           j.callback_id, j.error, j.file_path
      from telltale.web_key(p_key, p_scope) as k
      left join telltale.job as j
        on j.job_id = p_job_id and j.account_id = k.account_id;
end
$$;

comment on function telltale.web_job(bytea, text, text) is
    'Judges the key, and shows one job of its account.';

revoke all on function telltale.web_job(bytea, text, text) from public;
grant execute on function telltale.web_job(bytea, text, text) to telltale_web;
