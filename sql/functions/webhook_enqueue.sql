-- telltale.webhook_enqueue(telltale.job) returns void
--
--      Somebody is to be told that this job completed or failed: at its own
--      webhook_url, else at the account's, else nobody.  p_job is the row as the
--      update that ended it returned it: it is told if and only if that commits.
--
--      The body is what is signed and sent, byte by byte, in the manner of the
--      job's surface: compliance for jobs of that type, else moderation.
--
-- Called by:   complete, job_give_back
-- Reads:       telltale.webhook
-- Writes:      telltale.webhook_delivery; NOTIFY telltale_webhook

create or replace function telltale.webhook_enqueue(p_job telltale.job)
returns void
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_event_id uuid := gen_random_uuid();
    v_url      text := p_job.webhook_url;
    v_style    text := case p_job.type when 'compliance' then 'compliance' else 'moderation' end;
    v_at       text := to_char(p_job.completed_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"');
    v_data     jsonb;
    v_body     text;
begin
    if v_url is null then
        select w.url
          into v_url
          from telltale.webhook as w
         where w.account_id = p_job.account_id;
        if v_url is null then
            return;
        end if;
    end if;

    if v_style = 'compliance' then
        v_data := jsonb_build_object('jobId', p_job.job_id);
        if p_job.status = 'failed' then
            v_data := v_data || jsonb_build_object('error', jsonb_build_object(
                'message', p_job.error,
                'code',    coalesce(p_job.error_code, 'pipeline_error')));
        elsif jsonb_typeof(p_job.result) = 'object' then
            v_data := p_job.result || v_data;
        elsif p_job.result is not null then
            v_data := v_data || jsonb_build_object('result', p_job.result);
        end if;
        v_body := format(
            '{"eventId":"evt_%s","event":"compliance.%s","jobId":"%s","callbackId":%s,"timestamp":"%s","version":1,"data":%s}',
            replace(v_event_id::text, '-', ''), p_job.status, p_job.job_id,
            coalesce(to_json(p_job.callback_id)::text, 'null'), v_at, v_data);
    else
        v_body := format(
            '{"job_id":"%s","status":"%s","is_prohibited":%s,"categories":%s%s%s,"completed_at":"%s"}',
            p_job.job_id, p_job.status,
            coalesce(to_json(p_job.is_prohibited)::text, 'null'),
            coalesce(p_job.categories::text, '{}'),
            ',"reason":' || to_json(p_job.reason),
            ',"error_code":' || to_json(p_job.error_code), v_at);
    end if;

    insert into telltale.webhook_delivery (
        event_id, account_id, job_id, url, style, body, secret, next_at, created_at)
    values (
        v_event_id, p_job.account_id, p_job.job_id, v_url, v_style, v_body,
        p_job.webhook_secret, clock_timestamp(), clock_timestamp());
    perform pg_notify('telltale_webhook', '');
end
$$;

comment on function telltale.webhook_enqueue(telltale.job) is
    'Somebody is to be told that this job ended.';

revoke all on function telltale.webhook_enqueue(telltale.job) from public;
