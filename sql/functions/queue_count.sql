-- telltale.queue_count(accounts) returns (processing, waiting, cooling_down)
--
--      How many jobs are in the queues of these accounts: with a worker, due,
--      and due later; exactly, and as of the snapshot of the caller's statement.
--      What has ended is in no queue.
--
--      The settings keep to job_waiting, which need not look at the table.
--
-- Called by:   web_queue_status, web_queue_items
-- Reads:       telltale.job

create or replace function telltale.queue_count(
    p_accounts bigint[],
    out processing   bigint,
    out waiting      bigint,
    out cooling_down bigint)
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_bitmapscan = off
set max_parallel_workers_per_gather = 0
set jit = off
as $$
begin
    select count(*)
      into processing
      from telltale.job as j
     where j.account_id = any (p_accounts)
       and j.status = 'processing';

    select count(*) filter (where j.run_after <= statement_timestamp()),
           count(*) filter (where j.run_after >  statement_timestamp())
      into waiting, cooling_down
      from telltale.job as j
     where j.account_id = any (p_accounts)
       and j.status = 'queued';
end
$$;

comment on function telltale.queue_count(bigint[]) is
    'How many jobs are in the queues of these accounts, by what they wait for.';

revoke all on function telltale.queue_count(bigint[]) from public;
