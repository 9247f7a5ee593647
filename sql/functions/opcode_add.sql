-- telltale.opcode_add(text, jsonb, text, boolean) returns boolean
--
--      publish() accepts that word as an opcode.  False if it is so already, so
--      that it can be said twice.
--
--      p_opcode       a letter and up to 63 of a-z 0-9 _
--      p_fields       a JSON object, {"field": "type"}: what data must have, up
--                     to 32 fields of 1 to 64 characters.  A type is string,
--                     number, boolean, object, array or any; with a question
--                     mark the field may be null or missing.
--      p_description  what it says, for a person; up to 200 characters
--      p_replace      change a word that is there with other fields; else that
--                     is refused, for workers count on it.  The description is
--                     changed without being asked, unless it is null.
--
-- Raises:      TT400 malformed, TT409 if there is one with other fields
-- Called by:   bin/telltale
-- Writes:      telltale.opcode

create or replace function telltale.opcode_add(
    p_opcode text, p_fields jsonb default '{}', p_description text default null,
    p_replace boolean default false)
returns boolean
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_fields jsonb := coalesce(p_fields, '{}');
    v_old    jsonb;
    v_wrong  text;
begin
    v_wrong := case
        when p_opcode ~ '^[a-z][a-z0-9_]{0,63}$' is not true then
            format('opcode %L: a letter and up to 63 of a-z 0-9 _ wanted', left(p_opcode, 80))
        when jsonb_typeof(v_fields) <> 'object' then
            format('fields is of type %s: object wanted', jsonb_typeof(v_fields))
        when (select count(*) from jsonb_each(v_fields)) > 32 then
            'fields: up to 32 wanted'
        when p_description ~ '^[^[:cntrl:]]{0,200}$' is false then
            'description: one line of up to 200 characters wanted'
        end;
    if v_wrong is null then
        select case when f.name ~ '^[^[:cntrl:]]{1,64}$'
                    then format('field %s: type %s: one of these wanted, or with ? behind it: %s',
                                f.name, left(f.type, 80), k.list)
                    else format('field %L: a name of 1 to 64 characters wanted', left(f.name, 80))
                    end
          into v_wrong
          from (values ('string number boolean object array any')) as k (list)
         cross join jsonb_each(v_fields) as e (name, value)
         cross join lateral (select e.name, coalesce(e.value #>> '{}', 'null')) as f (name, type)
         where f.name !~ '^[^[:cntrl:]]{1,64}$'
            or regexp_replace(f.type, '\?$', '') <> all (string_to_array(k.list, ' '))
         limit 1;
    end if;
    if v_wrong is not null then
        raise exception using errcode = 'TT400', message = v_wrong;
    end if;

    insert into telltale.opcode as o (opcode, fields, description)
    values (p_opcode, v_fields, coalesce(p_description, ''))
    on conflict do nothing;
    if found then
        return true;
    end if;

    select o.fields
      into v_old
      from telltale.opcode as o
     where o.opcode = p_opcode
       for update;
    if v_old <> v_fields and p_replace is not true then
        raise exception using errcode = 'TT409',
            message = format('there is an opcode %s with the fields %s', p_opcode, v_old),
            hint = 'telltale opcode add --replace changes it.';
    end if;
    update telltale.opcode as o
       set fields = v_fields, description = coalesce(p_description, o.description)
     where o.opcode = p_opcode
       and (o.fields, o.description)
           is distinct from (v_fields, coalesce(p_description, o.description));
    return found;
end
$$;

comment on function telltale.opcode_add(text, jsonb, text, boolean) is
    'publish() accepts that word as an opcode; false if it did already.';

revoke all on function telltale.opcode_add(text, jsonb, text, boolean) from public;
grant execute on function telltale.opcode_add(text, jsonb, text, boolean) to telltale_admin;
