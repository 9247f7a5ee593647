-- An update of one of the jobs; it says when.
\set n random(1, :jobs)
select telltale.progress('bench-' || :n::text, 1, 50,
           't=' || extract(epoch from clock_timestamp()));
