-- telltale.submit(...) returns text
--
--      A new job, queued.  Returns its public name.
--
--      account          whose it is
--      type             what kind of work: a word of job_type
--      payload          what the worker needs to know; any JSON
--      file_path        the file it is about, up to 4096 characters
--      priority         lower goes first; 1
--      run_after        not to be claimed before; at once
--      max_attempts     1 to 1000; 3
--      webhook_url      http or https, up to 2048 characters
--      callback_id      a word of the submitter's, up to 256 characters
--      job_id           a name of his choosing, 1 to 64 of A-Z a-z 0-9 _ -; a UUID
--      idempotency_key  up to 255 characters: who says it again within 24 hours,
--                       with the same arguments, gets the same job
--
--      After payload all is passed by name; null means the default.
--
-- Raises:      TT400 malformed, TT403 account terminated, TT404 no such account
--              or type, TT409 name taken (also by a job removed lately: its
--              worker may be alive, and could not be told from the new one's),
--              or key used with other arguments
-- Called by:   sites and workers, bin/telltale
-- Reads:       telltale.account
-- Writes:      telltale.job, telltale.job_event, telltale.idempotency_key, by
--              job_make

create or replace function telltale.submit(
    account text, type text, payload jsonb default '{}',
    file_path text default null, priority integer default 1,
    run_after timestamptz default null, max_attempts integer default 3,
    webhook_url text default null, callback_id text default null,
    job_id text default null, idempotency_key text default null)
returns text
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
#variable_conflict error
declare
    v_account telltale.account;
    v_request bytea;
    v_made    record;
begin
    select a.*
      into v_account
      from telltale.account as a
     where a.name = submit.account;
    if not found then
        raise exception using errcode = 'TT404',
            message = format('there is no account %L', left(submit.account, 80)),
            hint = 'telltale account add makes one.';
    elsif v_account.terminated_at is not null then
        raise exception using errcode = 'TT403', message =
            format('account %s is terminated', v_account.name);
    end if;

    -- The same in every session, whatever its time zone.
    if submit.idempotency_key is not null then
        v_request := sha256(convert_to(jsonb_build_array(
            submit.type, coalesce(submit.payload, '{}'), submit.file_path,
            coalesce(submit.priority, 1), extract(epoch from submit.run_after),
            coalesce(submit.max_attempts, 3), submit.webhook_url,
            submit.callback_id, submit.job_id)::text, 'UTF8'));
    end if;

    select m.*
      into v_made
      from telltale.job_make(
           v_account.account_id, submit.type, submit.payload, submit.file_path,
           submit.priority, submit.run_after, submit.max_attempts,
           submit.webhook_url, submit.callback_id, submit.job_id, null,
           submit.idempotency_key, v_request, null, null, null, null, null,
           null) as m;
    case v_made.verdict
    when 'ok' then
        return (v_made.job).job_id;
    when 'unknown_type' then
        raise exception using errcode = 'TT404',
            message = format('there is no job type %L', left(submit.type, 80)),
            hint = 'telltale type add makes one.';
    when 'conflict' then
        raise exception using errcode = 'TT409', message =
            format('idempotency key %L was used with other arguments',
                   left(submit.idempotency_key, 80));
    when 'taken' then
        raise exception using errcode = 'TT409', message =
            format('job id %s is taken: choose another', submit.job_id);
    else
        raise exception using errcode = 'TT400', message = v_made.message;
    end case;
end
$$;

comment on function telltale.submit(text, text, jsonb, text, integer, timestamptz, integer, text, text, text, text) is
    'A new job, queued; returns its public name.';

revoke all on function telltale.submit(text, text, jsonb, text, integer, timestamptz, integer, text, text, text, text) from public;
grant execute on function telltale.submit(text, text, jsonb, text, integer, timestamptz, integer, text, text, text, text)
    to telltale_worker, telltale_admin;
