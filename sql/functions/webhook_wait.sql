-- telltale.webhook_wait(integer) returns interval
--
--      How long to wait after the nth attempt of a delivery that failed; null
--      after the last.  Twelve attempts within about five hours, each wait a
--      fifth shorter or longer by chance, so that what failed together does
--      not come back together.
--
-- Called by:   webhook_done

create or replace function telltale.webhook_wait(p_attempt integer)
returns interval
language sql volatile
security definer set search_path = pg_catalog, pg_temp
return (array['5 s', '30 s', '1 min', '2 min', '5 min', '10 min', '20 min',
              '40 min', '60 min', '80 min', '80 min'])[p_attempt]::interval
       * (0.8 + 0.4 * random());

comment on function telltale.webhook_wait(integer) is
    'How long to wait after the nth attempt; null after the last.';

revoke all on function telltale.webhook_wait(integer) from public;
