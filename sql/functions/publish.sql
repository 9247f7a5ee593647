-- telltale.publish(text, text, jsonb) returns void
--
--      Tell those who watch that account's queue: the event notice, which the
--      updates surface shows as it is.
--
--      account  whose queue
--      opcode   what happened: a word of telltale.opcode
--      data     a JSON object; it holds the fields that the opcode wants, each
--               of its type, and any others; up to 64 KiB, 32 deep; {}
--
-- Raises:      TT400 malformed or unknown opcode, TT403 account terminated,
--              TT404 no such account
-- Called by:   workers, bin/telltale
-- Reads:       telltale.opcode; telltale.account, by account_find
-- Writes:      telltale.job_event, by event_append

create or replace function telltale.publish(
    account text, opcode text, data jsonb default '{}')
returns void
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
#variable_conflict error
declare
    v_data    jsonb := coalesce(publish.data, '{}');
    v_account telltale.account := telltale.account_find(publish.account);
    v_fields  jsonb;
    v_wrong   text;
begin
    if v_account.terminated_at is not null then
        raise exception using errcode = 'TT403', message =
            format('account %s is terminated', v_account.name);
    end if;

    select o.fields
      into v_fields
      from telltale.opcode as o
     where o.opcode = publish.opcode;
    if not found then
        raise exception using errcode = 'TT400',
            message = format('there is no opcode %L', left(publish.opcode, 80)),
            hint = 'telltale opcode list names them, telltale opcode add makes one.';
    end if;

    v_wrong := 'data ' || telltale.json_wrong(v_data, 65536);
    if v_wrong is null and jsonb_typeof(v_data) <> 'object' then
        v_wrong := format('data is of type %s: object wanted', jsonb_typeof(v_data));
    end if;
    if v_wrong is null then
        select format(case g.type when 'missing' then 'data.%s is missing: %3$s wanted'
                                  else 'data.%s is of type %s: %s wanted' end,
                      f.name, g.type, f.type)
          into v_wrong
          from jsonb_each_text(v_fields) as f (name, type)
         cross join lateral (
               select coalesce(jsonb_typeof(v_data -> f.name), 'missing')) as g (type)
         where case when g.type in ('null', 'missing') then f.type not like '%?'
                    else rtrim(f.type, '?') not in ('any', g.type) end
         order by f.name
         limit 1;
    end if;
    if v_wrong is not null then
        raise exception using errcode = 'TT400', message =
            format('opcode %s: %s', publish.opcode, v_wrong);
    end if;

    perform telltale.event_append(
        v_account.account_id, null, null, null, null, 'notice',
        jsonb_build_object('opcode', publish.opcode, 'data', v_data));
end
$$;

comment on function telltale.publish(text, text, jsonb) is
    'Tells those who watch an account''s queue what the application has to say.';

revoke all on function telltale.publish(text, text, jsonb) from public;
grant execute on function telltale.publish(text, text, jsonb)
    to telltale_worker, telltale_admin;
