-- telltale.web_queue_status(key, scope)
--      returns (verdict, rate_per_minute, unused, paused, manually_paused,
--               scheduler_paused, server_paused, user_override, failing_rules,
--               processing, waiting, cooling_down)
--
--      How the queue stands, all of one snapshot: that of the key's account, or
--      with a key of null those that are public, together.  One row always;
--      verdict is one of telltale.web_view(), and the rest is null unless 'ok'.
--
--      paused            claim() hands out nothing
--      manually_paused   by hand: the account's, or the operator's
--      scheduler_paused  the account's schedule wants it so
--      server_paused     the operator has paused all: only he can resume that
--      user_override     paused (true) or resumed (false) by hand, whatever the
--                        schedule wants; else null
--      failing_rules     the rules that keep it paused by the schedule, a JSON
--                        array of their names; with a key only
--
--      Of several accounts each of these is so if it is so of all of them.
--
-- Called by:   cgi-bin/control, by lib/job/control
-- Reads:       telltale.queue_control; as queue_count and schedule_look do

create or replace function telltale.web_queue_status(
    p_key   bytea,
    p_scope text,
    out verdict          text,
    out rate_per_minute  integer,
    out unused           boolean,
    out paused           boolean,
    out manually_paused  boolean,
    out scheduler_paused boolean,
    out server_paused    boolean,
    out user_override    boolean,
    out failing_rules    jsonb,
    out processing       bigint,
    out waiting          bigint,
    out cooling_down     bigint)
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_view record;
begin
    select v.* into v_view
      from telltale.web_view(p_key, p_scope) as v;
    verdict         := v_view.verdict;
    rate_per_minute := v_view.rate_per_minute;
    unused          := v_view.unused;
    if verdict <> 'ok' then
        return;
    end if;

    server_paused := exists (
        select from telltale.queue_control as q
         where q.account_id is null
           and q.paused);
    select bool_and(coalesce(q.paused, false)),
           bool_and(coalesce(q.scheduler_paused, false)),
           case when bool_and(q.user_override is true)  then true
                when bool_and(q.user_override is false) then false end
      into paused, scheduler_paused, user_override
      from unnest(v_view.accounts) as a (id)
      left join telltale.queue_control as q on q.account_id = a.id;
    paused          := paused or server_paused;
    manually_paused := user_override is true or server_paused;

    failing_rules := '[]';
    if scheduler_paused and v_view.account_id is not null then
        failing_rules := jsonb_path_query_array(
            (telltale.schedule_look(v_view.account_id)).results,
            '$[*] ? (@.met == false).rule');
    end if;
    select c.* into processing, waiting, cooling_down
      from telltale.queue_count(v_view.accounts) as c;
end
$$;

comment on function telltale.web_queue_status(bytea, text) is
    'Judges who asks, and says how the queue of his view stands.';

revoke all on function telltale.web_queue_status(bytea, text) from public;
grant execute on function telltale.web_queue_status(bytea, text) to telltale_web;
