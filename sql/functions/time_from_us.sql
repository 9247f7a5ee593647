-- telltale.time_from_us(us) returns timestamptz
--
--      Microseconds since the epoch as a time, exactly: multiplied at once
--      they would pass through a float, which has not the digits for it.
--
-- Called by:   telltale.web_job_list
-- Reads:       nothing

create or replace function telltale.time_from_us(p_us bigint)
returns timestamptz
language sql immutable strict parallel safe
security definer set search_path = pg_catalog, pg_temp
return timestamptz '1970-01-01 00:00:00+00'
     + (p_us / 1000000) * interval '1 second'
     + (p_us % 1000000) * interval '1 microsecond';

comment on function telltale.time_from_us(bigint) is
    'Microseconds since the epoch as a time.';

revoke all on function telltale.time_from_us(bigint) from public;
