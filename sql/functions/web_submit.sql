-- telltale.web_submit(key, scope, type, payload, file_path, priority,
--                     run_after_us, max_attempts, webhook_url, callback_id,
--                     webhook_secret, idempotency_key, request, fields, names,
--                     media_types, data, listener, class)
--      returns (verdict, rate_per_minute, unused, account_id, key_id, id,
--               job_id, status, seq, replayed, webhook_secret, callback_id,
--               created_us, leased, resumable)
--
--      A new job of the key's account, or the one that the same idempotency key
--      and request have made already (replayed).  One row always, the key
--      judged first; verdict is one of telltale.web_key(), or of
--      telltale.job_make() ('invalid', 'unknown_type', 'conflict', 'limited',
--      'unregistered'); nothing is made or counted unless 'ok'.  account_id and
--      key_id are told where the key was 'ok', the rest where all was.
--
--      Null means the default.  run_after is microseconds since the epoch.
--      webhook_secret signs what this job's webhook is told, 1 to 256 of ASCII;
--      null for the account's secret.  fields, names, media_types and data are
--      the files, side by side; names and media types may be null, each or all.
--      listener, if not null, is the hub in which somebody will wait for the job:
--      for all that happens (class 'stream', counted against the account's
--      stream_limit) or for its end ('watch', watch_limit).  leased says whether
--      he was counted: not where nothing is to come; see job_make, as for
--      resumable, which says that the log still holds all of the job.
--
-- Called by:   cgi-bin/submit, cgi-bin/jobs, cgi-bin/compliance
-- Writes:      as job_make does

create or replace function telltale.web_submit(
    p_key             bytea,
    p_scope           text,
    p_type            text,
    p_payload         jsonb,
    p_file_path       text,
    p_priority        integer,
    p_run_after_us    bigint,
    p_max_attempts    integer,
    p_webhook_url     text,
    p_callback_id     text,
    p_webhook_secret  text,
    p_idempotency_key text,
    p_request         bytea,
    p_fields          text[],
    p_names           text[],
    p_media_types     text[],
    p_data            bytea[],
    p_listener_id     bigint,
    p_class           text)
returns table (
    verdict         text,
    rate_per_minute integer,
    unused          boolean,
    account_id      bigint,
    key_id          bigint,
    id              bigint,
    job_id          text,
    status          text,
    seq             bigint,
    replayed        boolean,
    webhook_secret  text,
    callback_id     text,
    created_us      bigint,
    leased          boolean,
    resumable       boolean)
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
#variable_conflict error
declare
    v_who  record;
    v_made record;
    v_job  telltale.job;
begin
    select k.* into v_who
      from telltale.web_key(p_key, p_scope) as k;
    verdict         := v_who.verdict;
    rate_per_minute := v_who.rate_per_minute;
    unused          := v_who.unused;
    account_id      := v_who.account_id;
    key_id          := v_who.key_id;
    if verdict <> 'ok' then
        return next;
        return;
    end if;

    -- From 1970 to 9999: others make no time.
    if p_run_after_us not between 0 and 253402300799999999 then
        verdict := 'invalid';
        return next;
        return;
    end if;
    select m.*
      into v_made
      from telltale.job_make(
           v_who.account_id, p_type, p_payload, p_file_path, p_priority,
           telltale.time_from_us(p_run_after_us), p_max_attempts,
           p_webhook_url, p_callback_id, null, p_webhook_secret,
           p_idempotency_key, p_request, p_fields, p_names, p_media_types,
           p_data, p_listener_id, p_class) as m;
    verdict := v_made.verdict;
    if verdict = 'ok' then
        v_job          := v_made.job;
        id             := v_job.id;
        job_id         := v_job.job_id;
        status         := v_job.status;
        seq            := v_job.seq;
        replayed       := v_made.replayed;
        webhook_secret := v_job.webhook_secret;
        callback_id    := v_job.callback_id;
        created_us     := extract(epoch from v_job.created_at) * 1000000;
        leased         := v_made.leased;
        resumable      := v_made.resumable;
    end if;
    return next;
end
$$;

comment on function telltale.web_submit(bytea, text, text, jsonb, text, integer, bigint, integer, text, text, text, text, bytea, text[], text[], text[], bytea[], bigint, text) is
    'Judges the key, and makes a job of its account, once for an idempotency key.';

revoke all on function telltale.web_submit(bytea, text, text, jsonb, text, integer, bigint, integer, text, text, text, text, bytea, text[], text[], text[], bytea[], bigint, text) from public;
grant execute on function telltale.web_submit(bytea, text, text, jsonb, text, integer, bigint, integer, text, text, text, text, bytea, text[], text[], text[], bytea[], bigint, text) to telltale_web;
