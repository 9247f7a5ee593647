-- telltale.submit(...) returns text
--
--      A new job, queued.  Returns its public name.
--
--      account       whose it is
--      type          what kind of work: a word of job_type
--      payload       what the worker needs to know; any JSON
--      file_path     the file it is about, up to 4096 characters
--      priority      lower goes first; 1
--      run_after     not to be claimed before; at once
--      max_attempts  1 to 1000; 3
--      webhook_url   http or https, up to 2048 characters
--      callback_id   a word of the submitter's, up to 256 characters
--      job_id        a name of his choosing, 1 to 64 of A-Z a-z 0-9 _ -; a UUID
--
--      After payload all is passed by name; null means the default.
--
-- Raises:      TT400 malformed, TT403 account terminated, TT404 no such account
--              or type, TT409 name taken (also by a job removed lately: its
--              worker may be alive, and could not be told from the new one's)
-- Called by:   sites and workers, bin/telltale
-- Reads:       telltale.account, telltale.job_type, telltale.job_event
-- Writes:      telltale.job, telltale.job_event

create or replace function telltale.submit(
    account text, type text, payload jsonb default '{}',
    file_path text default null, priority integer default 1,
    run_after timestamptz default null, max_attempts integer default 3,
    webhook_url text default null, callback_id text default null,
    job_id text default null)
returns text
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
#variable_conflict error
declare
    v_account telltale.account;
    v_job     telltale.job;
    v_wrong   text;
begin
    v_wrong := case
        when submit.job_id !~ '^[A-Za-z0-9_-]{1,64}$' then
            format('job id %L: 1 to 64 of A-Z a-z 0-9 _ - wanted',
                   left(submit.job_id, 80))
        when length(submit.file_path) not between 1 and 4096 then
            format('file path of %s characters: 1 to 4096 wanted',
                   length(submit.file_path))
        when not isfinite(submit.run_after) then
            format('run_after %s: a point in time wanted', submit.run_after)
        when submit.max_attempts not between 1 and 1000 then
            format('max_attempts %s: 1 to 1000 wanted', submit.max_attempts)
        when length(submit.webhook_url) > 2048
          or submit.webhook_url !~ '^https?://[^[:space:][:cntrl:]/][^[:space:][:cntrl:]]*$' then
            format('webhook URL %L: http:// or https://, up to 2048 characters wanted',
                   left(submit.webhook_url, 80))
        when length(submit.callback_id) > 256 then
            format('callback id of %s characters: up to 256 wanted',
                   length(submit.callback_id))
        end;
    if v_wrong is not null then
        raise exception using errcode = 'TT400', message = v_wrong;
    end if;

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
    if not exists (select from telltale.job_type as t
                    where t.name = submit.type) then
        raise exception using errcode = 'TT404',
            message = format('there is no job type %L', left(submit.type, 80)),
            hint = 'telltale type add makes one.';
    end if;
    insert into telltale.job as j (
        job_id, account_id, type, payload, file_path, priority,
        run_after, max_attempts, webhook_url, callback_id, seq)
    values (
        coalesce(submit.job_id, gen_random_uuid()::text), v_account.account_id,
        submit.type, coalesce(submit.payload, '{}'), submit.file_path,
        coalesce(submit.priority, 1), coalesce(submit.run_after, now()),
        coalesce(submit.max_attempts, 3), submit.webhook_url,
        submit.callback_id, 1)
    on conflict do nothing
    returning j.* into v_job;
    if not found then
        raise exception using errcode = 'TT409', message =
            format('job id %s is taken: choose another', submit.job_id);
    end if;

    -- After the insert, which has waited for a remove() under way: this sees its
    -- event, and the error undoes the insert.
    if submit.job_id is not null
       and exists (select from telltale.job_event as e
                    where e.job_id = submit.job_id
                      and e.kind = 'job.deleted') then
        raise exception using errcode = 'TT409', message =
            format('job id %s was a removed job''s: choose another', submit.job_id);
    end if;

    perform telltale.job_event_append(v_job, 'job.created',
        jsonb_build_object(
            'priority',  v_job.priority,
            'file_path', v_job.file_path,
            'attempt',   v_job.attempt,
            'action',    case when v_job.payload->>'action' in ('index', 'delete', 'move')
                              then v_job.payload->>'action' end));
    return v_job.job_id;
end
$$;

comment on function telltale.submit(text, text, jsonb, text, integer, timestamptz, integer, text, text, text) is
    'A new job, queued; returns its public name.';

revoke all on function telltale.submit(text, text, jsonb, text, integer, timestamptz, integer, text, text, text) from public;
grant execute on function telltale.submit(text, text, jsonb, text, integer, timestamptz, integer, text, text, text)
    to telltale_worker, telltale_admin;
