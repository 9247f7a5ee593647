-- telltale.score(text, integer, numeric, text) returns boolean
--
--      The score that the work came to: the event score.computed.  Extends the
--      lease.
--
--      job_id, attempt  as claim() gave them
--      score            0 to 100; kept to three decimals
--      decision         a word of 1 to 32 of A-Z a-z 0-9 _ -, such as PUBLISH,
--                       HOLD, BLOCK; the job's own decision is complete()'s
--
--      False: cancelled, removed, ended, or the lease is lost.  Stop working.
--
-- Raises:      TT400 malformed, TT404 if there never was such a job
-- Called by:   workers
-- Writes:      telltale.job, telltale.job_event, by job_tell

create or replace function telltale.score(
    job_id text, attempt integer, score numeric, decision text)
returns boolean
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
#variable_conflict error
declare
    -- Not a number is above every number, for PostgreSQL.
    v_wrong text := case
        when score.score between 0 and 100 is not true then
            format('score %s: 0 to 100 wanted', coalesce(left(score.score::text, 40), 'null'))
        when score.decision ~ '^[A-Za-z0-9_-]{1,32}$' is not true then
            format('decision %L: a word of 1 to 32 of A-Z a-z 0-9 _ - wanted',
                   left(score.decision, 80))
        end;
begin
    if v_wrong is not null then
        raise exception using errcode = 'TT400', message = v_wrong;
    end if;
    return telltale.job_tell(score.job_id, score.attempt, 'score.computed',
        jsonb_build_object('score',    trim_scale(round(score.score, 3)),
                           'decision', score.decision));
end
$$;

comment on function telltale.score(text, integer, numeric, text) is
    'The score that the work came to; false means stop.';

revoke all on function telltale.score(text, integer, numeric, text) from public;
grant execute on function telltale.score(text, integer, numeric, text)
    to telltale_worker, telltale_admin;
