-- telltale.job_count(accounts, type, decision, statuses, from, to)
--      returns (total, queued, processing, completed, failed, cancelled)
--
--      How many jobs these accounts have, in all and by status: exactly, and as
--      of the snapshot of the caller's statement.
--
--      statuses   any of which will do; of others there are none
--      from, to   created_at: from <= it < to
--      Null: no such condition.
--
--      What has ended is in the sums, and in what was not folded into them yet,
--      as far as the days are whole, UTC.  At either end what is a part of a day
--      is counted in the indexes of job, and so is what has not ended.
--
--      To make a plan takes longer than the answer, so there is one for all, and
--      it must not go by how little there was when it was made: the settings
--      keep to the accounts' part of the indexes.  A part of a day may be many
--      jobs: that statement is put together from fixed fragments, and planned
--      for what it has.
--
-- Called by:   web_job_list, web_queue_list, web_queue_stats
-- Reads:       telltale.job, telltale.job_tally, telltale.job_tally_delta,
--              telltale.job_tally_fold

create or replace function telltale.job_count(
    p_accounts bigint[],
    p_type     text,
    p_decision text,
    p_statuses telltale.job_status[],
    p_from     timestamptz,
    p_to       timestamptz,
    out total      bigint,
    out queued     bigint,
    out processing bigint,
    out completed  bigint,
    out failed     bigint,
    out cancelled  bigint)
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_bitmapscan = off
set max_parallel_workers_per_gather = 0
set jit = off
as $$
declare
    v_statuses telltale.job_status[] := coalesce(p_statuses,
                   '{queued,processing,completed,failed,cancelled}');
    v_from   timestamptz := coalesce(p_from, '-infinity');
    v_to     timestamptz := coalesce(p_to, 'infinity');
    v_always boolean     := p_from is null and p_to is null;
    v_first  date        := (v_from at time zone 'UTC')::date;
    v_last   date        := (v_to at time zone 'UTC')::date;
    v_month  date;
    v_next   date;
    v_spans  text[]      := '{day}';
    v_firsts date[];
    v_lasts  date[];
    v_parts  tstzrange[] := '{}';
    v_part   tstzrange;
    v_ended  bigint[];
begin
    total := 0;  queued := 0;  processing := 0;  completed := 0;  failed := 0;  cancelled := 0;
    if v_from >= v_to then
        return;
    end if;

    -- The whole days are from v_first to before v_last.
    if v_first::timestamp at time zone 'UTC' < v_from then
        v_first := v_first + 1;
    end if;
    if v_first > v_last then
        v_parts := array[tstzrange(v_from, v_to)];
    elsif not v_always then
        v_parts := array[tstzrange(v_from, v_first::timestamp at time zone 'UTC'),
                         tstzrange(v_last::timestamp at time zone 'UTC', v_to)];
    end if;

    -- Of these, whole months, and the days before and after; or all there are.
    v_firsts := array[v_first];
    v_lasts  := array[v_last];
    if v_always then
        v_spans := '{all}';
    else
        v_month := (date_trunc('month', (v_first - 1)::timestamp) + interval '1 month')::date;
        v_next  := date_trunc('month', v_last::timestamp)::date;
        if v_month < v_next then
            v_spans  := '{day,month,day}';
            v_firsts := array[v_first, v_month, v_next];
            v_lasts  := array[v_month, v_next,  v_last];
        end if;
    end if;

    -- "offset 0": no join that would read all spans of the account.
    if v_statuses && '{completed,failed,cancelled}' then
        select coalesce(sum(e.n) filter (where e.status = 'completed'), 0),
               coalesce(sum(e.n) filter (where e.status = 'failed'),    0),
               coalesce(sum(e.n) filter (where e.status = 'cancelled'), 0)
          into completed, failed, cancelled
          from unnest(p_accounts) as a (id)
         cross join lateral (
               select t.status, t.n
                 from unnest(v_spans, v_firsts, v_lasts) as s (span, first, last)
                cross join lateral (
                      select t.status, t.n
                        from telltale.job_tally as t
                       where t.account_id = a.id
                         and t.span = s.span
                         and t.day >= s.first
                         and t.day < s.last
                         and (p_type is null or t.type = p_type)
                         and (p_decision is null or t.decision = p_decision)
                         and (p_statuses is null or t.status = any (p_statuses))
                      offset 0) as t
               union all
               select d.status, d.n
                 from telltale.job_tally_delta as d
                where d.account_id = a.id
                  and d.id > coalesce((select f.folded
                                         from telltale.job_tally_fold as f
                                        where f.only_row), 0)
                  and (v_always or d.day >= v_first and d.day < v_last)
                  and (p_type is null or d.type = p_type)
                  and (p_decision is null or d.decision = p_decision)
                  and (p_statuses is null or d.status = any (p_statuses))) as e;
        foreach v_part in array v_parts loop
            continue when isempty(v_part);
            execute '
                select array[count(*) filter (where j.status = ''completed''),
                             count(*) filter (where j.status = ''failed''),
                             count(*) filter (where j.status = ''cancelled'')]
                  from telltale.job as j
                 where j.account_id = any ($1)
                   and j.status = any ($2)
                   and j.created_at >= $3
                   and j.created_at < $4'
                || case when p_type     is null then '' else ' and j.type = $5'     end
                || case when p_decision is null then '' else ' and j.decision = $6' end
               into v_ended
              using p_accounts,
                    array(select s from unnest(v_statuses) as s
                           where s in ('completed', 'failed', 'cancelled')),
                    lower(v_part), upper(v_part), p_type, p_decision;
            completed := completed + v_ended[1];
            failed    := failed    + v_ended[2];
            cancelled := cancelled + v_ended[3];
        end loop;
    end if;

    -- By job_waiting, which has all of these columns.  A span of time would seem
    -- to be few jobs, and be read from an index that has not: but not in OR.
    -- Where there were none when the plan was made, any index would do: but only
    -- this one for an account at a time.
    if 'queued' = any (v_statuses) then
        select count(*)
          into queued
          from unnest(p_accounts) as a (id)
         cross join lateral (
               select
                 from telltale.job as j
                where j.account_id = a.id
                  and j.status = 'queued'
                  and (v_always or j.created_at >= v_from
                                   and (j.created_at < v_to or p_to is null))
                  and (p_type is null or j.type = p_type)
                  and (p_decision is null or j.decision = p_decision)
               offset 0) as j;
    end if;
    if 'processing' = any (v_statuses) then
        select count(*)
          into processing
          from telltale.job as j
         where j.account_id = any (p_accounts)
           and j.status = 'processing'
           and (j.created_at >= v_from or p_from is null)
           and (j.created_at < v_to or p_to is null)
           and (p_type is null or j.type = p_type)
           and (p_decision is null or j.decision = p_decision);
    end if;
    total := queued + processing + completed + failed + cancelled;
end
$$;

comment on function telltale.job_count(bigint[], text, text, telltale.job_status[], timestamptz, timestamptz) is
    'How many jobs these accounts have, without counting those that have ended.';

revoke all on function telltale.job_count(bigint[], text, text, telltale.job_status[], timestamptz, timestamptz) from public;
