-- The queue in the order in which claim() takes it, an account's part by itself:
-- counted and shown by the programs without a look at the table.

create index job_waiting on telltale.job (account_id, priority, run_after, id)
 where status = 'queued';
