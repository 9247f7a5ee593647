-- telltale.web_progress_open(key, scope, job_ids, seqs, listener, class, type)
--      returns (verdict, rate_per_minute, unused, account_id, key_id, id,
--               job_id, type, status, progress, detail, frames_completed,
--               frame_count, error_code, seq, resumable, leased)
--
--      What a stream needs to begin: the key judged first, then each job as it
--      stands, in the order asked, and if all is well one stream more counted
--      against a limit of the account's, held by that listener (lease_take):
--      stream_limit for class 'stream', else watch_limit.  A listener of null
--      wants no stream, only to see (HEAD); and none is counted where nothing is
--      to come, all jobs having ended and the client having all of it or asking
--      for none.  leased says whether one was.
--
--      verdict is one of telltale.web_key(), or of telltale.lease_take(), in
--      one row alone if it is not 'ok'; or, job by job, 'not_found', for an
--      unknown one, for another account's and for one that is not of the type,
--      if there is one: then nothing is counted.
--      rate_per_minute and unused are in every row, as telltale.web_key() says;
--      account_id and key_id where that said 'ok'.
--
--      seqs is null, or the number of the last event that the client has of
--      each job: resumable says that the log still holds what came after, and
--      that it is this cluster's.
--      progress is a JSON number.
--
--      The jobs are read once, before the lease is taken: one that went away in
--      between cannot have cost a place.
--
--      One plan for all: no argument makes a better one, and to plan over the
--      partitions of job_event takes longer than all the rest.  It must hold
--      whatever there was when it was made: "limit 1" keeps the log from being
--      read whole into a hash, "offset 0" the account's jobs.
--
-- Called by:   cgi-bin/progress, cgi-bin/compliance, by lib/job/progress
-- Reads:       telltale.job, telltale.job_event, telltale.log_generation
-- Writes:      telltale.stream_lease, by lease_take

create or replace function telltale.web_progress_open(
    p_key         bytea,
    p_scope       text,
    p_job_ids     text[],
    p_seqs        bigint[],
    p_listener_id bigint,
    p_class       text,
    p_type        text)
returns table (
    verdict          text,
    rate_per_minute  integer,
    unused           boolean,
    account_id       bigint,
    key_id           bigint,
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
    resumable        boolean,
    leased           boolean)
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
    set plan_cache_mode = force_generic_plan set enable_seqscan = off set jit = off
as $$
declare
    v_who record;
begin
    select k.* into v_who
      from telltale.web_key(p_key, p_scope) as k;
    if v_who.verdict <> 'ok' then
        verdict := v_who.verdict;
        rate_per_minute := v_who.rate_per_minute;
        unused := v_who.unused;
        return next;
        return;
    end if;

    return query
    with asked as materialized (
        select a.n, j.id, a.job_id, j.type, j.status::text,
               trim_scale(j.progress)::text as progress, j.detail,
               j.frames_completed, j.frame_count, j.error_code, j.seq, a.seq as asked_seq,
               a.seq = j.seq or coalesce((
                    select true
                      from telltale.job_event as e
                     where e.job = j.id
                       and e.seq = a.seq + 1
                       and e.event_id > (select coalesce(max(g.floor_event_id), 0)
                                           from telltale.log_generation as g)
                     limit 1), false) as resumable
          from unnest(p_job_ids, p_seqs) with ordinality as a (job_id, seq, n)
          left join lateral (
               select j.*
                 from telltale.job as j
                where j.job_id = a.job_id
                  and j.account_id = v_who.account_id
                  and (p_type is null or j.type = p_type)
               offset 0) as j on true),
    wanted as materialized (
        select p_listener_id is not null
               and bool_and(a.id is not null)
               and bool_or(a.status not in ('completed', 'failed', 'cancelled')
                           or (a.resumable and a.asked_seq <> a.seq)) is true as yes
          from asked as a),
    lease as materialized (
        select w.yes,
               case when w.yes
                    then telltale.lease_take(v_who.account_id,
                         case p_class when 'stream' then p_class else 'watch' end,
                         p_listener_id)
                    else 'ok' end as verdict
          from wanted as w)
    select case when l.verdict <> 'ok' then l.verdict
                when a.id is null      then 'not_found'
                else 'ok' end,
           v_who.rate_per_minute, v_who.unused, v_who.account_id, v_who.key_id,
           a.id, a.job_id, a.type, a.status, a.progress, a.detail,
           a.frames_completed, a.frame_count, a.error_code, a.seq, a.resumable, l.yes
      from lease as l
      left join asked as a on l.verdict = 'ok'
     order by a.n;
end;
$$;

comment on function telltale.web_progress_open(bytea, text, text[], bigint[], bigint, text, text) is
    'Judges the key, says how the jobs of a stream stand, and counts the stream.';

revoke all on function telltale.web_progress_open(bytea, text, text[], bigint[], bigint, text, text) from public;
grant execute on function telltale.web_progress_open(bytea, text, text[], bigint[], bigint, text, text) to telltale_web;
