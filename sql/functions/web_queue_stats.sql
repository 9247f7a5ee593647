-- telltale.web_queue_stats(key, scope)
--      returns (verdict, rate_per_minute, unused, queued, processing, completed,
--               failed, cancelled)
--
--      How many jobs there are in each status, all of one snapshot: those of the
--      key's account, or without a key those of the public ones.  One row
--      always; verdict is one of telltale.web_view(), and the numbers are null
--      unless it is 'ok'.
--
-- Called by:   cgi-bin/queue, by lib/job/jobs
-- Reads:       as job_count does

create or replace function telltale.web_queue_stats(
    p_key   bytea,
    p_scope text,
    out verdict         text,
    out rate_per_minute integer,
    out unused          boolean,
    out queued          bigint,
    out processing      bigint,
    out completed       bigint,
    out failed          bigint,
    out cancelled       bigint)
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_accounts bigint[];
begin
    select v.verdict, v.rate_per_minute, v.unused, v.accounts
      into verdict, rate_per_minute, unused, v_accounts
      from telltale.web_view(p_key, p_scope) as v;
    if verdict <> 'ok' then
        return;
    end if;

    select c.queued, c.processing, c.completed, c.failed, c.cancelled
      into queued, processing, completed, failed, cancelled
      from telltale.job_count(v_accounts, null, null, null, null, null) as c;
end
$$;

comment on function telltale.web_queue_stats(bytea, text) is
    'Judges who asks, and counts the jobs of his view by their status.';

revoke all on function telltale.web_queue_stats(bytea, text) from public;
grant execute on function telltale.web_queue_stats(bytea, text) to telltale_web;
