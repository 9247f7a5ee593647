-- telltale.event_append(account_id, job, job_id, type, seq, kind, data)
--
--      Write one event to the log.  Every event goes through here, because the
--      order of its statements is the protocol that lets hubs sleep: insert
--      first, which assigns the transaction id; look for sleepers second, in a
--      statement of its own and so with a fresh snapshot.  A hub that says
--      asleep before we look is rung; one that says so after we looked finds
--      our transaction id open in its next snapshot, and waits for it.
--
--      Under REPEATABLE READ and above the second look would see an old
--      snapshot, so those transactions always ring.
--
--      The transaction id is assigned before the event id is drawn, which the
--      columns' defaults would do the other way round.  So all events of a
--      transaction have higher ids than any that was drawn before it got its
--      transaction id.  Who reads last_value of telltale.job_event_id, and then
--      has a transaction id assigned to himself, knows: all events of
--      transactions above his have ids above that value.
--
--      It does not follow that those which a snapshot calls not yet begun
--      (xid >= its xmax) have higher ids than what was there when it was taken.
--      xmax is one more than the highest that has ended: it may be under way,
--      and have drawn its ids long ago.
--
--      p_job, p_job_id, p_type and p_seq are null for what concerns a queue.
--
-- Called by:   job_event_append and what else has something to tell
-- Reads:       telltale.listener_sleep
-- Writes:      telltale.job_event; NOTIFY telltale

create or replace function telltale.event_append(
    p_account_id bigint,
    p_job        bigint,
    p_job_id     text,
    p_type       text,
    p_seq        bigint,
    p_kind       text,
    p_data       jsonb)
returns void
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform pg_current_xact_id();
    insert into telltale.job_event
           (account_id, job, job_id, type, seq, kind, data)
    values (p_account_id, p_job, p_job_id, p_type, p_seq, p_kind, p_data);

    if current_setting('transaction_isolation') <> 'read committed'
       or exists (select from telltale.listener_sleep as l where l.asleep)
    then
        perform pg_notify('telltale', '');
    end if;
end;
$$;

comment on function telltale.event_append(bigint, bigint, text, text, bigint, text, jsonb) is
    'Writes one event to the log, and rings the doorbell if a hub sleeps.';

revoke all on function telltale.event_append(bigint, bigint, text, text, bigint, text, jsonb) from public;
