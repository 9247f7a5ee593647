-- telltale.job_action(payload) returns text
--
--      What a job is to do with its file: the action of its payload, if that is
--      index, delete or move, which are what the updates surface's clients
--      know.  Null otherwise: they are shown its type.
--
-- Called by:   job_event_append, and what shows jobs to that surface

create or replace function telltale.job_action(p_payload jsonb)
returns text
language plpgsql immutable parallel safe
security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_action text := p_payload ->> 'action';
begin
    return case when v_action in ('index', 'delete', 'move') then v_action end;
end
$$;

comment on function telltale.job_action(jsonb) is
    'What a job is to do with its file, in the word of the updates surface; or null.';

revoke all on function telltale.job_action(jsonb) from public;
