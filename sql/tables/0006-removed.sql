-- A job that was removed is told from one that never was by its last event.
-- Partial: every other event pays one comparison for it.

create index job_event_deleted on telltale.job_event (job_id)
    where kind = 'job.deleted';
