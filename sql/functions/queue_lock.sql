-- telltale.queue_lock(bigint) returns (control, server_paused)
--
--      Locks the state of an account's queue until the end of the transaction,
--      and says what it is: control is its row, which is made if there is none.
--      server_paused says whether the operator has paused all; that stays as it
--      is for as long: who changes it wants the advisory lock (class 29784) alone,
--      which is shared here.
--
-- Called by:   queue_pause, schedule_set, schedule_check
-- Writes:      telltale.queue_control

create or replace function telltale.queue_lock(
    p_account_id bigint,
    out control       telltale.queue_control,
    out server_paused boolean)
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform pg_advisory_xact_lock_shared(29784, 0);
    insert into telltale.queue_control (account_id)
    values (p_account_id)
        on conflict do nothing;
    select q.* into strict control
      from telltale.queue_control as q
     where q.account_id = p_account_id
       for update;

    server_paused := exists (
        select from telltale.queue_control as q
         where q.account_id is null
           and q.paused);
end
$$;

comment on function telltale.queue_lock(bigint) is
    'Locks the state of an account''s queue, and says what it is.';

revoke all on function telltale.queue_lock(bigint) from public;
