-- The same work, and the update told to everybody by NOTIFY, which is what is
-- written first.
\set n random(1, :jobs)
select telltale.progress('bench-' || :n::text, 1, 50,
           't=' || extract(epoch from clock_timestamp())),
       pg_notify('everybody', json_build_object(
           'job_id', 'bench-' || :n::text, 'status', 'processing', 'progress', 50,
           'detail', 't=' || extract(epoch from clock_timestamp()))::text);
