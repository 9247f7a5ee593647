-- telltale.web_job_list(key, scope, limit, offset, cursor_us, cursor_id, type,
--                       decision, statuses, search, from_us, to_us)
--      returns (verdict, rate_per_minute, unused, total, id, job_id, ...)
--
--      A page of the account's jobs, newest first (created_at, id), and how
--      many there are on all pages.  The key is judged first.
--
--      The first row is the head: verdict, rate_per_minute, unused, total; every
--      other row is a job, and has nulls there.  verdict is one of
--      telltale.web_key(), or 'unknown_type'; anything but 'ok' comes alone.
--
--      limit      1 to 101 (one more than a page, to see whether it is the last)
--      cursor_*   only what comes after this (created_at, id); with offset 0
--      statuses   stored words, any of which will do
--      search     literal beginning of the job_id
--      from, to   created_at: from <= it < to
--      Null: no such condition.  Times are microseconds since the epoch.
--
--      With filters a statement is put together from fixed fragments, because one
--      statement for all would have one plan for all; values go in as parameters
--      only.
--      Each status has an arm of its own, in order and no longer than needed:
--      the arms are merged, where "status in (...)" would sort the account.
--      The settings keep to the account's part of the indexes: a sequential
--      scan may look cheaper now, and reads every other account's jobs too;
--      compiling or starting workers takes longer than the answer.
--
--      The function is stable, so that total and page are of one snapshot.  With
--      a search the jobs are counted; else telltale.job_count() has the number.
--
-- Called by:   cgi-bin/jobs, by lib/job/list
-- Reads:       telltale.job, telltale.job_type; as job_count does

create or replace function telltale.web_job_list(
    p_key       bytea,
    p_scope     text,
    p_limit     integer,
    p_offset    integer,
    p_cursor_us bigint,
    p_cursor_id bigint,
    p_type      text,
    p_decision  text,
    p_statuses  text[],
    p_search    text,
    p_from_us   bigint,
    p_to_us     bigint)
returns table (
    verdict         text,
    rate_per_minute integer,
    unused          boolean,
    total           bigint,
    id              bigint,
    job_id          text,
    type            text,
    status          text,
    progress        text,
    detail          text,
    decision        text,
    categories      text,
    reason          text,
    error_code      text,
    created_us      bigint,
    started_us      bigint,
    completed_us    bigint)
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set plan_cache_mode = force_generic_plan
set max_parallel_workers_per_gather = 0
set jit = off
as $$
declare
    v_account  bigint;
    v_statuses telltale.job_status[];
    v_prefix   text;
    v_since    timestamptz := telltale.time_from_us(p_from_us);
    v_until    timestamptz := telltale.time_from_us(p_to_us);
    v_from     constant text := ' from telltale.job as j where j.account_id = $1';
    v_order    constant text := ' order by j.created_at desc, j.id desc';
    v_where    text := '';
    v_after    text := '';
    v_arms     text := '';
    v_union    text := '';
begin
    select k.verdict, k.rate_per_minute, k.unused, k.account_id
      into verdict, rate_per_minute, unused, v_account
      from telltale.web_key(p_key, p_scope) as k;

    if verdict = 'ok' and p_type is not null
       and not exists (select from telltale.job_type as t where t.name = p_type) then
        verdict := 'unknown_type';
    end if;
    if verdict <> 'ok' then
        return next;
        return;
    end if;

    -- The conditions; LIKE shall take no character of the search for its own.
    if p_type     is not null then v_where := v_where || ' and j.type = $2';        end if;
    if p_decision is not null then v_where := v_where || ' and j.decision = $3';    end if;
    if p_from_us  is not null then v_where := v_where || ' and j.created_at >= $6'; end if;
    if p_to_us    is not null then v_where := v_where || ' and j.created_at < $7';  end if;
    if p_search <> '' then
        v_where  := v_where || ' and j.job_id like $5';
        v_prefix := regexp_replace(p_search, '([\\%_])', '\\\1', 'g') || '%';
    end if;
    if p_cursor_us is not null then
        v_after := ' and (j.created_at, j.id) < ($8, $9)';
    end if;
    if p_statuses is not null then
        v_statuses := array(select distinct s::telltale.job_status from unnest(p_statuses) as s);
    end if;

    if v_prefix is null then
        select c.total
          into total
          from telltale.job_count(array[v_account], p_type, p_decision,
                                  v_statuses, v_since, v_until) as c;
    else
        execute 'select count(*)' || v_from || v_where
             || case when p_statuses is null then '' else ' and j.status = any ($4)' end
           into total
          using v_account, p_type, p_decision, v_statuses, v_prefix, v_since, v_until;
    end if;
    return next;

    -- The page of all jobs is what is asked for most: its plan is kept, since to
    -- make one takes longer than the answer.
    if v_where = '' and p_statuses is null then
        return query
        select null::text, null::integer, null::boolean, null::bigint,
               j.id, j.job_id, j.type, j.status::text, trim_scale(j.progress)::text,
               j.detail, j.decision, j.categories::text, j.reason, j.error_code,
               (extract(epoch from j.created_at)   * 1000000)::bigint,
               (extract(epoch from j.started_at)   * 1000000)::bigint,
               (extract(epoch from j.completed_at) * 1000000)::bigint
          from telltale.job as j
         where j.account_id = v_account
           and (j.created_at, j.id)
             < (coalesce(telltale.time_from_us(p_cursor_us), 'infinity'),
                coalesce(p_cursor_id, 9223372036854775807))
         order by j.created_at desc, j.id desc
         limit least(p_limit, 101) offset p_offset;
        return;
    end if;

    -- The page, in one arm or in one for each status.
    for n in 1 .. coalesce(cardinality(v_statuses), 1) loop
        v_arms  := v_arms || v_union || '(select j.*' || v_from || v_where
                || case when p_statuses is null then '' else ' and j.status = $4[' || n || ']' end
                || v_after || v_order || ' limit $10::bigint + $11)';
        v_union := ' union all ';
    end loop;

    return query execute
        'select null::text, null::integer, null::boolean, null::bigint,
                j.id, j.job_id, j.type, j.status::text, trim_scale(j.progress)::text,
                j.detail, j.decision, j.categories::text, j.reason, j.error_code,
                (extract(epoch from j.created_at)   * 1000000)::bigint,
                (extract(epoch from j.started_at)   * 1000000)::bigint,
                (extract(epoch from j.completed_at) * 1000000)::bigint
           from (select j.* from (' || v_arms || ') as j' || v_order || '
                  limit $10 offset $11) as j' || v_order
      using v_account, p_type, p_decision, v_statuses, v_prefix, v_since, v_until,
            telltale.time_from_us(p_cursor_us), p_cursor_id,
            least(p_limit, 101), p_offset;
end;
$$;

comment on function telltale.web_job_list(
    bytea, text, integer, integer, bigint, bigint, text, text, text[], text, bigint, bigint) is
    'Judges the key, and lists a page of its account''s jobs with their number.';

revoke all on function telltale.web_job_list(
    bytea, text, integer, integer, bigint, bigint, text, text, text[], text, bigint, bigint)
    from public;
grant execute on function telltale.web_job_list(
    bytea, text, integer, integer, bigint, bigint, text, text, text[], text, bigint, bigint)
    to telltale_web;
