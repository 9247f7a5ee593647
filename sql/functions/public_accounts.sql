-- telltale.public_accounts() returns bigint[]
--
--      The accounts whose queue may be seen without a key; null if there is
--      none.
--
-- Called by:   web_view, feed_beat
-- Reads:       telltale.account

create or replace function telltale.public_accounts()
returns bigint[]
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
begin
    return (select array_agg(a.account_id order by a.account_id)
              from telltale.account as a
             where a.public_queue
               and a.terminated_at is null);
end
$$;

comment on function telltale.public_accounts() is
    'The accounts whose queue may be seen without a key.';

revoke all on function telltale.public_accounts() from public;
