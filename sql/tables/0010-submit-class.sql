-- Who waits for a job is counted by class: web_submit and job_make are told it
-- and tell more.  Where they are there already, they cannot be replaced by
-- functions with other arguments.

drop function if exists telltale.web_submit(bytea, text, text, jsonb, text, integer, bigint, integer, text, text, text, text, bytea, text[], text[], text[], bytea[], bigint);
drop function if exists telltale.job_make(bigint, text, jsonb, text, integer, timestamptz, integer, text, text, text, text, text, bytea, text[], text[], text[], bytea[], bigint);
