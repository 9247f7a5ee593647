-- The life of a job: submitted, claimed, completed.
select telltale.submit('demo', 'checksum', '{"file": "a.mov"}');
select job_id, attempt from telltale.claim('bench', array['checksum']) \gset
select telltale.complete(:job_id, :attempt, 'pass', '{"sum": "d41d8cd98f00b204"}');
