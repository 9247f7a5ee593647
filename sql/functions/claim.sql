-- telltale.claim(...) returns table
--
--      Work for a worker: up to max queued jobs of these types, which are his
--      until the lease runs out.  Lower priority first, then what has been due
--      for longest.  Two workers never get the same job, and never wait for
--      each other.
--
--      worker    his name, 1 to 128 characters
--      types     words of job_type
--      max       1 to 1000; 1
--      lease     how long he may stay silent, 1 second to 1 day; 60 seconds
--      accounts  whose jobs; null for everybody's
--
--      Nothing of a paused queue or a terminated account is given out.  A
--      worker who would go hungry gets what expired leases held, without
--      waiting for tick().
--
-- Raises:      TT400 malformed or unknown type, TT404 no such account
-- Called by:   workers
-- Reads:       telltale.account, telltale.queue_control, telltale.job_type
-- Writes:      telltale.job, telltale.job_event

create or replace function telltale.claim(
    worker text, types text[], max integer default 1,
    lease interval default '60 seconds', accounts text[] default null)
returns table (
    job_id text, attempt integer, type text, payload jsonb, file_path text,
    account text, max_attempts integer, callback_id text)
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
#variable_conflict error
declare
    v_types  text[];
    v_wrong  text;
    v_only   bigint[];
    v_not    bigint[];
    v_max    integer  := coalesce(claim.max, 1);
    v_lease  interval := coalesce(claim.lease, interval '60 seconds');
    v_left   integer  := v_max;
    v_window integer  := v_max + 16;
    v_ids    bigint[];
    v_more   boolean;
    v_races  integer  := 0;
    v_hungry boolean  := false;
    v_now    timestamptz;
    v_row    record;
    v_job    telltale.job;
begin
    v_wrong := case
        when length(claim.worker) between 1 and 128 is not true then
            'worker: a name of 1 to 128 characters wanted'
        when cardinality(claim.types) > 0 is not true
          or exists (select from unnest(claim.types) as t (name)
                      where t.name is null) then
            'types: one type of job at least wanted'
        when v_max not between 1 and 1000 then
            format('max %s: 1 to 1000 wanted', v_max)
        when exists (select from unnest(claim.accounts) as a (name)
                      where a.name is null) then
            'accounts: names, or null for everybody''s, wanted'
        when v_lease not between interval '1 second' and interval '1 day' then
            format('lease %s: 1 second to 1 day wanted', v_lease)
        end;
    if v_wrong is not null then
        raise exception using errcode = 'TT400', message = v_wrong;
    end if;

    -- Whose jobs, of which types: one look at the small tables.
    select array_agg(distinct t.name),
           min(t.name) filter (where not exists (
               select from telltale.job_type as k where k.name = t.name))
      into v_types, v_wrong
      from unnest(claim.types) as t (name);
    if v_wrong is not null then
        raise exception using errcode = 'TT400',
            message = format('there is no job type %L', left(v_wrong, 80)),
            hint = 'telltale type add makes one.';
    end if;
    if claim.accounts is not null then
        select coalesce(array_agg(a.account_id), '{}'),
               min(n.name) filter (where a.account_id is null)
          into v_only, v_wrong
          from unnest(claim.accounts) as n (name)
          left join telltale.account as a on a.name = n.name;
        if v_wrong is not null then
            raise exception using errcode = 'TT404', message =
                format('there is no account %L', left(v_wrong, 80));
        end if;
    end if;
    select coalesce(array_agg(s.account_id), '{}')
      into v_not
      from (select q.account_id
              from telltale.queue_control as q
             where q.paused
            union all
            select a.account_id
              from telltale.account as a
             where a.terminated_at is not null) as s;
    if array_position(v_not, null) is not null then
        return;                         -- the whole server is paused
    end if;

    loop
        -- The heads of the queues, merged, and nothing locked: a few more than
        -- are wanted, because other workers may be at the first ones.
        v_now := clock_timestamp();
        select array_agg(c.id order by c.priority, c.run_after, c.id),
               count(*) >= v_window
          into v_ids, v_more
          from unnest(v_types) as t (name)
         cross join lateral (
               select j.id, j.priority, j.run_after
                 from telltale.job as j
                where j.type = t.name
                  and j.status = 'queued'
                  and j.run_after <= v_now
                  and (v_only is null or j.account_id = any (v_only))
                  and j.account_id <> all (v_not)
                order by j.priority, j.run_after, j.id
                limit v_window) as c;

        -- Take the first that nobody else is at.  Without lease or end it is
        -- queued; that word here would let a plan read all of job_claim again.
        for v_row in
            with taken as materialized (
                select j.id, c.n
                  from unnest(v_ids) with ordinality as c (id, n)
                  join telltale.job as j on j.id = c.id
                 where j.lease_until is null
                   and j.completed_at is null
                   and j.run_after <= v_now
                 order by c.n
                 limit v_left
                   for no key update of j skip locked),
            claimed as (
                update telltale.job as j
                   set status           = 'processing',
                       attempt          = j.attempt + 1,
                       progress         = 0,
                       detail           = null,
                       frames_completed = null,
                       frame_count      = null,
                       worker           = claim.worker,
                       lease            = v_lease,
                       lease_until      = clock_timestamp() + v_lease,
                       started_at       = clock_timestamp(),
                       updated_at       = clock_timestamp(),
                       seq              = j.seq + 1
                  from taken as t
                 where j.id = t.id
                returning t.n, j as job)
            select k.job, a.name
              from claimed as k
              join telltale.account as a on a.account_id = (k.job).account_id
             order by k.n
        loop
            v_job  := v_row.job;
            v_left := v_left - 1;
            perform telltale.job_event_append(v_job, 'job.started',
                jsonb_build_object(
                    'attempt',   v_job.attempt,
                    'file_path', v_job.file_path,
                    'priority',  v_job.priority));

            job_id       := v_job.job_id;
            attempt      := v_job.attempt;
            type         := v_job.type;
            payload      := v_job.payload;
            file_path    := v_job.file_path;
            account      := v_row.name;
            max_attempts := v_job.max_attempts;
            callback_id  := v_job.callback_id;
            return next;
        end loop;

        exit when v_left = 0;
        if v_more then
            v_window := v_window * 8;
        elsif v_ids is not null and v_races < 3 then
            v_races := v_races + 1;     -- others were faster: is there more by now?
        elsif not v_hungry then
            v_hungry := true;
            exit when telltale.lease_expire(100) = 0;
        else
            exit;
        end if;
    end loop;
end
$$;

comment on function telltale.claim(text, text[], integer, interval, text[]) is
    'Work for a worker: queued jobs, his until the lease runs out.';

revoke all on function telltale.claim(text, text[], integer, interval, text[]) from public;
grant execute on function telltale.claim(text, text[], integer, interval, text[])
    to telltale_worker, telltale_admin;
