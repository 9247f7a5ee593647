-- What the tests find in their database, and what they are written in.

select telltale.account_add('demo');
select telltale.account_add('other');

-- For the next test of a file.
create function public.reset() returns void language sql as $$
    truncate telltale.job, telltale.job_event, telltale.queue_control,
             telltale.api_key, telltale.listener, telltale.listener_sleep,
             telltale.tick_state, telltale.webhook, telltale.webhook_delivery,
             telltale.schedule, telltale.queue_metric cascade;
    update telltale.account set terminated_at = null where terminated_at is not null;
$$;

-- What becomes of a statement: its SQLSTATE and message, or 00000.
create function public.outcome(p_sql text, out state text, out message text)
language plpgsql as $$
begin
    execute p_sql;
    state := '00000';
exception when others then
    state   := sqlstate;
    message := sqlerrm;
end
$$;

-- All that the functions write, in one word; what leases and ticks leave out of
-- it is no event and no change of a job's state.
create function public.fingerprint() returns text
language sql as $$
    select md5(concat(
        (select string_agg(t::text, ',' order by t.id) from telltale.job as t),
        (select string_agg(t::text, ',' order by t.event_id) from telltale.job_event as t),
        (select string_agg(t::text, ',' order by t.account_id) from telltale.account as t),
        (select string_agg(t::text, ',' order by t.key_id) from telltale.api_key as t),
        (select string_agg(t::text, ',' order by t.job, t.n) from telltale.job_input as t),
        (select string_agg(t::text, ',' order by t.account_id, t.key) from telltale.idempotency_key as t),
        (select string_agg(t::text, ',' order by t.account_id) from telltale.webhook as t),
        (select string_agg(t::text, ',' order by t.delivery_id) from telltale.webhook_delivery as t),
        (select string_agg(t::text, ',' order by t.name) from telltale.job_type as t),
        (select string_agg(t::text, ',' order by t.opcode) from telltale.opcode as t),
        (select string_agg(t::text, ',' order by t.account_id) from telltale.queue_control as t),
        (select string_agg(t::text, ',' order by t.account_id) from telltale.schedule as t),
        (select string_agg(t::text, ',' order by t.account_id, t.n) from telltale.schedule_rule as t),
        (select string_agg(t::text, ',' order by t.account_id, t.name) from telltale.queue_metric as t)))
$$;

-- A job that is being worked on: claimed once, by worker w.
create function public.working(p_job_id text, p_max_attempts integer default 3)
returns void language plpgsql as $$
begin
    perform telltale.submit('demo', 'video', job_id => p_job_id,
                            max_attempts => p_max_attempts, file_path => '/a.mp4',
                            priority => -1000);
    perform telltale.claim('w', '{video}');
end
$$;

-- As if the worker of a job had been silent for longer than its lease.
create function public.silence(p_job_id text) returns void language sql as $$
    update telltale.job set lease_until = clock_timestamp() - interval '1 second'
     where job_id = p_job_id
$$;

-- The events of an account's queue, one a line: kind and data.
create function public.told(p_account text default 'demo') returns setof text
language sql as $$
    select e.kind || ' ' || e.data
      from telltale.job_event as e
      join telltale.account as a on a.account_id = e.account_id
     where e.job is null and a.name = p_account
     order by e.event_id
$$;

-- The events of a job, one a line: seq, kind and data.
create function public.life(p_job_id text) returns setof text language sql as $$
    select e.seq || ' ' || e.kind || ' ' || e.data
      from telltale.job_event as e where e.job_id = p_job_id order by e.event_id
$$;
