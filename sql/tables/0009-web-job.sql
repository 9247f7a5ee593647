-- web_job tells more of a job than it did: where it is there already, it cannot
-- be replaced by a function with another result.

drop function if exists telltale.web_job(bytea, text, text);
