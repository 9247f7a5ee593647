-- telltale.job_make(...) returns (verdict, message, job, replayed, leased, resumable)
--
--      A new job of that account, queued, with its files and its first event;
--      or the one that the same submission has made already.
--
--      ok            job is the row; replayed says that it was there
--      invalid       malformed; message says what, for a worker's programmer
--      unknown_type  there is no such type
--      conflict      the idempotency key was used for another request
--      taken         the job id is another job's
--      limited, unregistered
--                    nobody may wait for it: see lease_take
--
--      Nothing is made, counted or written unless 'ok'.
--
--      Null means the default.  p_key makes p_request (SHA-256 of what is asked)
--      be done once in 24 hours: an advisory lock (class 29783) lets one at a
--      time look and make for a key, until it commits.  Above READ COMMITTED who
--      came second gets a serialization failure.
--
--      p_listener_id, if there is one, takes a lease of p_class ('stream', else
--      'watch'), after all that may be refused and before the job is made; leased
--      says whether it did.  A 'stream' is told all that happens, a 'watch' here
--      waits for the end: so none is taken for a job that was there and has
--      ended, but for a stream where the log still has all of it.  resumable says
--      that it has, from the first event on.  Order of locks: key, then those of
--      lease_take.
--
--      p_fields, p_names, p_media_types and p_data are the files, side by side.
--
-- Raises:      TT409 if the job id was a removed job's (its worker may be alive,
--              and could not be told from the new one's)
-- Called by:   submit, web_submit
-- Reads:       telltale.job_type, telltale.job_event, telltale.log_generation
-- Writes:      telltale.job, telltale.job_input, telltale.idempotency_key,
--              telltale.job_event, telltale.stream_lease by lease_take

create or replace function telltale.job_make(
    p_account_id     bigint,
    p_type           text,
    p_payload        jsonb,
    p_file_path      text,
    p_priority       integer,
    p_run_after      timestamptz,
    p_max_attempts   integer,
    p_webhook_url    text,
    p_callback_id    text,
    p_job_id         text,
    p_webhook_secret text,
    p_key            text,
    p_request        bytea,
    p_fields         text[],
    p_names          text[],
    p_media_types    text[],
    p_data           bytea[],
    p_listener_id    bigint,
    p_class          text,
    out verdict   text,
    out message   text,
    out job       telltale.job,
    out replayed  boolean,
    out leased    boolean,
    out resumable boolean)
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
#variable_conflict error
declare
    v_files   integer := coalesce(cardinality(p_data), 0);
    v_request bytea;
    v_id      bigint;
begin
    replayed := false;
    leased := false;
    resumable := true;
    message := case
        when p_job_id !~ '^[A-Za-z0-9_-]{1,64}$' then
            format('job id %L: 1 to 64 of A-Z a-z 0-9 _ - wanted', left(p_job_id, 80))
        when length(p_file_path) not between 1 and 4096 then
            format('file path of %s characters: 1 to 4096 wanted', length(p_file_path))
        when not isfinite(p_run_after) then
            format('run_after %s: a point in time wanted', p_run_after)
        when p_max_attempts not between 1 and 1000 then
            format('max_attempts %s: 1 to 1000 wanted', p_max_attempts)
        when not telltale.webhook_url_ok(p_webhook_url) then
            format('webhook URL %L: http:// or https://, up to 2048 characters wanted',
                   left(p_webhook_url, 80))
        when length(p_callback_id) > 256 then
            format('callback id of %s characters: up to 256 wanted', length(p_callback_id))
        when length(p_webhook_secret) > 256 or p_webhook_secret !~ '^[!-~]+$' then
            'webhook secret: 1 to 256 of ASCII, without spaces, wanted'
        when length(p_key) not between 1 and 255 then
            format('idempotency key of %s characters: 1 to 255 wanted', length(p_key))
        when p_key is not null and octet_length(p_request) = 32 is not true then
            'request: the 32 bytes of a SHA-256 wanted'
        when v_files > 100 then
            format('%s files: up to 100 wanted', v_files)
        when coalesce(cardinality(p_fields), 0) <> v_files
          or coalesce(cardinality(p_names), v_files) <> v_files
          or coalesce(cardinality(p_media_types), v_files) <> v_files
          or exists (select from unnest(p_fields, p_names, p_media_types, p_data)
                              as f (field, name, media_type, data)
                      where f.data is null
                         or length(f.field) between 1 and 256 is not true
                         or length(f.name) > 1024 or length(f.media_type) > 256) then
            'files: a field of 1 to 256 characters, a name of up to 1024, a type of up to 256, and data wanted'
        end;
    if message is not null then
        verdict := 'invalid';
        return;
    end if;
    if not exists (select from telltale.job_type as t where t.name = p_type) then
        verdict := 'unknown_type';
        return;
    end if;

    -- Was it asked before?  Each statement has a snapshot of its own, so the
    -- second sees what the one that held the lock before has made.
    if p_key is not null then
        perform pg_advisory_xact_lock(29783, hashtext(p_account_id || ' ' || p_key));
        select k.request, k.job
          into v_request, v_id
          from telltale.idempotency_key as k
         where k.account_id = p_account_id
           and k.key = p_key
           and k.created_at > clock_timestamp() - interval '24 hours';
        if v_request <> p_request then
            verdict := 'conflict';
            return;
        end if;
    end if;
    if v_id is not null then
        select j.* into job
          from telltale.job as j
         where j.id = v_id;
        replayed := found;              -- not if it was removed just now
    end if;
    if replayed then
        resumable := exists (
            select from telltale.job_event as e
             where e.job = v_id
               and e.seq = 1
               and e.event_id > (select coalesce(max(g.floor_event_id), 0)
                                   from telltale.log_generation as g));
    end if;
    leased := p_listener_id is not null
          and not (replayed
                   and job.status in ('completed', 'failed', 'cancelled')
                   and not (p_class = 'stream' and resumable));
    if leased then
        verdict := telltale.lease_take(p_account_id,
            case p_class when 'stream' then p_class else 'watch' end,
            p_listener_id);
        if verdict <> 'ok' then
            job := null;
            return;
        end if;
    end if;
    verdict := 'ok';
    if replayed then
        return;
    end if;

    insert into telltale.job as j (
        job_id, account_id, type, payload, file_path, priority, run_after,
        max_attempts, webhook_url, callback_id, webhook_secret, seq)
    values (
        coalesce(p_job_id, gen_random_uuid()::text), p_account_id, p_type,
        coalesce(p_payload, '{}'), p_file_path, coalesce(p_priority, 1),
        coalesce(p_run_after, now()), coalesce(p_max_attempts, 3),
        p_webhook_url, p_callback_id, p_webhook_secret, 1)
    on conflict do nothing
    returning j.* into job;
    if not found then
        verdict := 'taken';
        return;
    end if;

    -- After the insert, which has waited for a remove() under way: this sees its
    -- event, and the error undoes the insert.
    if p_job_id is not null
       and exists (select from telltale.job_event as e
                    where e.job_id = p_job_id
                      and e.kind = 'job.deleted') then
        raise exception using errcode = 'TT409', message =
            format('job id %s was a removed job''s: choose another', p_job_id);
    end if;

    -- A key that is there by now is older than a day: it begins anew.
    if p_key is not null then
        insert into telltale.idempotency_key as k (account_id, key, request, job)
        values (p_account_id, p_key, p_request, job.id)
        on conflict (account_id, key) do update
           set request    = excluded.request,
               job        = excluded.job,
               created_at = excluded.created_at;
    end if;
    if v_files > 0 then
        insert into telltale.job_input (job, n, field, name, media_type, data)
        select job.id, f.n, f.field, f.name, f.media_type, f.data
          from unnest(p_fields, p_names, p_media_types, p_data)
               with ordinality as f (field, name, media_type, data, n);
    end if;

    perform telltale.job_event_append(job, 'job.created',
        jsonb_build_object(
            'priority',  job.priority,
            'file_path', job.file_path,
            'attempt',   job.attempt));
end
$$;

comment on function telltale.job_make(bigint, text, jsonb, text, integer, timestamptz, integer, text, text, text, text, text, bytea, text[], text[], text[], bytea[], bigint, text) is
    'A new job with its files and first event, or the one that the same submission made.';

revoke all on function telltale.job_make(bigint, text, jsonb, text, integer, timestamptz, integer, text, text, text, text, text, bytea, text[], text[], text[], bytea[], bigint, text) from public;
