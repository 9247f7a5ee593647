-- The roles, which the databases of a cluster share, and the schema.  Run by
-- `telltale init`: safe again, and while the same is done in another database.
--
-- Who runs it is a superuser, or may create roles and owns the database.  The
-- four that log in get no password here: that is between the operator and
-- pg_hba.conf.

do $$
declare
    v_role record;
begin
    for v_role in
        select r.name, r.login, r.about
          from (values
            (1, 'telltale_owner',  'nologin', 'Telltale: owns its objects; nobody logs in as this.'),
            (2, 'telltale_web',    'login',   'Telltale: the programs behind the web server.'),
            (3, 'telltale_worker', 'login',   'Telltale: what submits jobs and works on them.'),
            (4, 'telltale_admin',  'login',   'Telltale: the operator''s command.'),
            (5, 'telltale_webhook', 'login',  'Telltale: what tells others that jobs ended.')
          ) as r (n, name, login, about)
         where not exists (select from pg_roles as p where p.rolname = r.name)
         order by r.n
    loop
        begin
            execute format('create role %I %s', v_role.name, v_role.login);
            execute format('comment on role %I is %L', v_role.name, v_role.about);
        exception when duplicate_object or unique_violation then
            null;                       -- somebody else did, just now
        end;
    end loop;

    -- To hand things over to the owner one must be able to become it.  Since
    -- PostgreSQL 16 who made a role is a member that may not, at first.
    if not pg_has_role('telltale_owner', case
           when current_setting('server_version_num')::integer >= 160000
           then 'set' else 'member' end) then
        begin
            execute format('grant telltale_owner to %I', session_user);
        exception when unique_violation then
            null;
        end;
    end if;
exception when insufficient_privilege then
    raise exception using errcode = sqlstate, message = sqlerrm, hint =
        'Connect as a superuser, or as a role that may create roles and owns the database.';
end
$$;

create schema if not exists telltale authorization telltale_owner;
comment on schema telltale is
    'Job list, job status and live progress: only its functions write here.';

set role telltale_owner;
grant usage on schema telltale
   to telltale_web, telltale_worker, telltale_admin, telltale_webhook;

-- The operator may look at everything, and writes by functions like all others.
alter default privileges in schema telltale grant select on tables to telltale_admin;
