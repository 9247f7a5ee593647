-- telltale.json_wrong(jsonb, integer) returns text
--
--      Why this JSON cannot be passed on to programs of others: it is longer
--      than that many bytes, nested deeper than 32, or has a number that does
--      not fit 64 bits.  Null if it can.
--
-- Called by:   publish

create or replace function telltale.json_wrong(p_json jsonb, p_bytes integer)
returns text
language plpgsql immutable
security definer set search_path = pg_catalog, pg_temp
as $$
begin
    return case
        when octet_length(p_json::text) > p_bytes then
            format('of %s bytes: up to %s wanted', octet_length(p_json::text), p_bytes)
        when jsonb_path_exists(p_json, 'strict $.**{33 to last}') then
            'nested deeper than 32'
        when jsonb_path_exists(p_json, 'strict $.** ? (@.type() == "number"
                 && (@ > 9223372036854775807 || @ < -9223372036854775808))') then
            'with a number that does not fit 64 bits'
        end;
end
$$;

comment on function telltale.json_wrong(jsonb, integer) is
    'Why this JSON cannot be passed on; null if it can.';

revoke all on function telltale.json_wrong(jsonb, integer) from public;
