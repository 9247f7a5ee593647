-- telltale.web_queue_open(key, scope, type, generation, xmax, read_us, listener)
--      returns (verdict, rate_per_minute, unused, account_id, key_id, accounts,
--               resumable, leased)
--
--      What a stream of a whole queue needs to begin: whose it is, as
--      telltale.web_view() says, and if there is a key, one stream more counted
--      against its account's watch_limit, held by that listener (lease_take);
--      a listener of null wants none (HEAD).  Streams of the public count
--      against nobody.  verdict is one of web_view()'s or lease_take()'s, or
--      'unknown_type': a type that is neither null nor in telltale.job_type.
--
--      generation, xmax and read_us are of the position that a client comes back
--      with (all null: none): resumable says that it means something here, which
--      takes the same cluster and timeline, and, unless it is of a life of the
--      log that a crash has ended, an xmax that has been; and that the log still
--      holds all that came after.
--
-- Called by:   cgi-bin/queue-events and cgi-bin/updates, by lib/job/view
-- Reads:       telltale.job_type, telltale.log_generation, telltale.log_kept
-- Writes:      telltale.stream_lease, by lease_take

create or replace function telltale.web_queue_open(
    p_key         bytea,
    p_scope       text,
    p_type        text,
    p_generation  bigint,
    p_xmax        xid8,
    p_read_us     bigint,
    p_listener_id bigint,
    out verdict         text,
    out rate_per_minute integer,
    out unused          boolean,
    out account_id      bigint,
    out key_id          bigint,
    out accounts        bigint[],
    out resumable       boolean,
    out leased          boolean)
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
begin
    select v.verdict, v.rate_per_minute, v.unused, v.account_id, v.key_id, v.accounts
      into verdict, rate_per_minute, unused, account_id, key_id, accounts
      from telltale.web_view(p_key, p_scope) as v;
    if verdict = 'ok' and p_type is not null
       and not exists (select from telltale.job_type as t where t.name = p_type) then
        verdict := 'unknown_type';
    end if;
    if verdict <> 'ok' then
        return;
    end if;

    resumable := telltale.time_from_us(p_read_us) >= (select k.since from telltale.log_kept as k)
        and exists (
            select from telltale.log_generation as g
              join lateral (
                   select n.generation, n.cluster, n.timeline
                     from telltale.log_generation as n
                    order by n.generation desc
                    limit 1) as now on (now.cluster, now.timeline) = (g.cluster, g.timeline)
             where g.generation = p_generation
               and (g.generation < now.generation
                    or p_xmax <= pg_snapshot_xmax(pg_current_snapshot())));

    leased := account_id is not null and p_listener_id is not null;
    if leased then
        verdict := telltale.lease_take(account_id, 'watch', p_listener_id);
        leased  := verdict = 'ok';
    end if;
end
$$;

comment on function telltale.web_queue_open(bytea, text, text, bigint, xid8, bigint, bigint) is
    'Judges the key of a queue''s stream, and counts the stream.';

revoke all on function telltale.web_queue_open(bytea, text, text, bigint, xid8, bigint, bigint) from public;
grant execute on function telltale.web_queue_open(bytea, text, text, bigint, xid8, bigint, bigint) to telltale_web;
