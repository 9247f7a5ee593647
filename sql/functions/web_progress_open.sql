-- telltale.web_progress_open(key, scope, job_ids, seqs)
--      returns (verdict, rate_per_minute, account_id, id, job_id, type,
--               status, progress, detail, frames_completed, frame_count,
--               error_code, seq, resumable)
--
--      What a stream needs to begin: the key judged first, then each job as it
--      stands, in the order asked.  A verdict other than 'ok' comes in one row
--      alone; an unknown job, or another account's, is 'not_found'.
--
--      seqs is null, or the number of the last event that the client has of
--      each job: resumable says that the log still holds what came after, and
--      that it is this cluster's.
--      progress is a JSON number.
--
-- Called by:   cgi-bin/progress, by lib/job/watch
-- Reads:       telltale.job, telltale.job_event, telltale.log_generation

create or replace function telltale.web_progress_open(
    p_key     bytea,
    p_scope   text,
    p_job_ids text[],
    p_seqs    bigint[])
returns table (
    verdict          text,
    rate_per_minute  integer,
    account_id       bigint,
    id               bigint,
    job_id           text,
    type             text,
    status           text,
    progress         text,
    detail           text,
    frames_completed integer,
    frame_count      integer,
    error_code       text,
    seq              bigint,
    resumable        boolean)
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_who record;
begin
    select k.verdict, k.account_id, k.rate_per_minute into v_who
      from telltale.web_key(p_key, p_scope) as k;
    if v_who.verdict <> 'ok' then
        verdict := v_who.verdict;
        rate_per_minute := v_who.rate_per_minute;
        return next;
        return;
    end if;

    return query
    select case when j.id is null then 'not_found' else 'ok' end,
           v_who.rate_per_minute, v_who.account_id, j.id, a.job_id, j.type,
           j.status::text, trim_scale(j.progress)::text, j.detail,
           j.frames_completed, j.frame_count, j.error_code, j.seq,
           a.seq = j.seq or exists (
                select from telltale.job_event as e
                 where e.job = j.id
                   and e.seq = a.seq + 1
                   and e.event_id > (select coalesce(max(g.floor_event_id), 0)
                                       from telltale.log_generation as g))
      from unnest(p_job_ids, p_seqs) with ordinality as a (job_id, seq, n)
      left join telltale.job as j
        on j.job_id = a.job_id and j.account_id = v_who.account_id
     order by a.n;
end;
$$;

comment on function telltale.web_progress_open(bytea, text, text[], bigint[]) is
    'Judges the key, and says how the jobs of a stream stand.';

revoke all on function telltale.web_progress_open(bytea, text, text[], bigint[]) from public;
grant execute on function telltale.web_progress_open(bytea, text, text[], bigint[]) to telltale_web;
