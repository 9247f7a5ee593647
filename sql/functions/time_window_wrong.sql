-- telltale.time_window_wrong(jsonb) returns text
--
--      What is wrong with a time window, an object: the place in the rule whose
--      value it is, a colon and what is wanted there.  Null if nothing is.
--
--      A time zone is one that PostgreSQL knows by name.  It would also take
--      rules in the manner of POSIX, whatever they say: these have digits.
--
-- Called by:   schedule_rule_read

create or replace function telltale.time_window_wrong(p_window jsonb)
returns text
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_key  text;
    v_zone text := p_window ->> 'timezone';
begin
    v_key := (select min(k.name)
                from jsonb_object_keys(p_window - '{start,end,timezone}'::text[]) as k (name));
    if v_key is not null then
        return format('.value.%s: there are start, end and timezone, and no such key',
                      left(v_key, 80));
    end if;

    foreach v_key in array '{start,end}'::text[] loop
        if jsonb_typeof(p_window -> v_key) = 'string' is not true
           or p_window ->> v_key !~ '^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$' then
            return format('.value.%s: a time wanted, "00:00" to "24:00"', v_key);
        end if;
    end loop;
    if p_window -> 'start' in ('"24:00"', p_window -> 'end') then
        return '.value.end: another time than start wanted; all day is 00:00 to 24:00';
    end if;

    if jsonb_typeof(p_window -> 'timezone') = 'string'
       and v_zone ~ '^([A-Za-z][A-Za-z_/-]{0,63}|Etc/GMT[+-][0-9]{1,2})$' then
        begin
            perform clock_timestamp() at time zone v_zone;
            return null;
        exception when invalid_parameter_value then
            null;                       -- it does not
        end;
    end if;
    return '.value.timezone: the name of a time zone wanted, such as Europe/Berlin';
end
$$;

comment on function telltale.time_window_wrong(jsonb) is
    'What is wrong with a time window; null if nothing is.';

revoke all on function telltale.time_window_wrong(jsonb) from public;
