"""telltale_worker - how a worker in Python talks to Telltale.

    import telltale_worker

    def work(job):
        job.progress(50, "half of it")
        job.complete(result={"length": len(job.payload["text"])})

    telltale_worker.main(work, ["mytype"], "what --help says")

That is a whole worker.  work() is called for one job after the other; if it
raises Failed, the job fails with its message and code; if somebody cancelled
the job or has it by now, progress() raises Lost, and the next job follows.

Python 3.9 or newer with its standard library, and PostgreSQL's psql, to which
one process a worker is kept.  Values reach SQL as psql's variables, quoted by
psql; a password in the connection string reaches psql by its environment, so
that `ps` does not show it.  Copy this file, and change it as you like.
"""
import argparse
import json
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
import traceback
import urllib.parse


class Away(Exception):
    """The database cannot be reached."""


class Refused(Exception):
    """PostgreSQL said no: state is its SQLSTATE."""

    def __init__(self, state, message):
        super().__init__(message)
        self.state = state


class Lost(Exception):
    """The job was cancelled, or is somebody else's by now: stop."""


class Failed(Exception):
    """Raise it when a job comes to nothing."""

    def __init__(self, message, code, retryable=False):
        super().__init__(message)
        self.code = code
        self.retryable = retryable


def say(text):
    """A line on standard error."""
    print(f"{os.path.basename(sys.argv[0])}: {text}", file=sys.stderr,
          flush=True)


# --- the database ------------------------------------------------------------

def split_password(dsn):
    """(the connection string without its password, the password or None)."""
    found = []
    if re.match(r"postgres(ql)?://", dsn):
        def take(match):
            found.append(urllib.parse.unquote(match[2]))
            return match[1]
        dsn = re.sub(r"^([a-z]*://[^:@/]*):([^@/]*)(?=@)", take, dsn)
        dsn = re.sub(r"([?&])password=([^&]*)&?", take, dsn)
    else:
        def take(match):
            value = match[2]
            if value.startswith("'"):
                value = value[1:-1]
            found.append(re.sub(r"\\(.)", r"\1", value))
            return match[1]
        dsn = re.sub(r"(^|\s)password\s*=\s*('(?:[^'\\]|\\.)*'|"
                     r"(?:[^'\s\\]|\\.)*)", take, dsn)
    return dsn, (found[-1] if found else None)


class Database:
    """One psql that lives as long as the worker does."""

    def __init__(self, dsn):
        dsn, password = split_password(dsn)
        self.command = ["psql", "-XqAt"] + (["-d", dsn] if dsn else [])
        self.environment = dict(os.environ, PGCLIENTENCODING="UTF8")
        if password is not None:
            self.environment["PGPASSWORD"] = password
        self.end = f"--{secrets.token_hex(8)} "
        self.psql = None

    def open(self):
        """Connect, or raise Away."""
        self.close()
        # A session of its own: a terminal's Ctrl-C is for us, not for psql.
        try:
            self.psql = subprocess.Popen(
                self.command,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=-1,
                env=self.environment, start_new_session=True)
        except FileNotFoundError:
            raise SystemExit("psql is not installed") from None
        # What others may have made in the schema public is not for us.
        self.ask("set search_path = pg_catalog, pg_temp")

    def run_file(self, path):
        """Whether all of a file of SQL went well; if not, none of it did."""
        return subprocess.run(
            self.command + ["-1", "-v", "ON_ERROR_STOP=1", "-f", path],
            env=self.environment, check=False).returncode == 0

    def close(self):
        """End psql."""
        if self.psql:
            try:
                self.psql.stdin.close()
            except OSError:
                pass
            self.psql.stdout.close()
            self.psql.wait()
        self.psql = None

    def ask(self, sql, **values):
        """The rows of a statement, a JSON value each."""
        lines = [f"\\set {name} '{_escape(value)}'"
                 for name, value in values.items()]
        lines += [sql, ";", f"\\echo '{self.end}':SQLSTATE "
                  ":LAST_ERROR_MESSAGE", f"\\echo '{self.end}'", ""]
        if not self.psql:
            raise Away
        try:
            self.psql.stdin.write("\n".join(lines).encode(errors="replace"))
            self.psql.stdin.flush()
            rows, verdict = self._until_end()
        except OSError as error:
            raise Away from error
        state, _, message = "\n".join(verdict)[len(self.end):].partition(" ")
        if state != "00000":
            raise Refused(state, message)
        return [json.loads(row) for row in rows]

    def insist(self, sql, **values):
        """The same, on a new connection if the old one is gone."""
        try:
            return self.ask(sql, **values)
        except Away:
            self.open()
            return self.ask(sql, **values)

    def _until_end(self):
        rows, verdict = [], []
        for line in self.psql.stdout:
            line = line.decode().rstrip("\n")
            if verdict and line == self.end:
                return rows, verdict
            if verdict or line.startswith(self.end):
                verdict.append(line)
            else:
                rows.append(line)
        raise Away


def _escape(value):
    """Any text, as psql takes it between quotes: :'name' is a literal then."""
    return (str(value).replace("\0", "").replace("\\", "\\\\")
            .replace("'", "\\'").replace("\n", "\\n").replace("\r", "\\r"))


# --- a job -------------------------------------------------------------------

class Job:
    """A job in hand: job_id, attempt, type, payload, file_path, account."""

    def __init__(self, database, row):
        self._database = database
        self._said = 0.0
        self.percent = 0
        self.job_id = row["job_id"]
        self.attempt = row["attempt"]
        self.type = row["type"]
        self.payload = row["payload"]
        self.file_path = row["file_path"]
        self.account = row["account"]

    def _call(self, function, arguments="", **values):
        """A function of Telltale's, about this job: its rows."""
        sql = (f"select to_jsonb(f) from telltale.{function}"
               f"(:'job_id', :'attempt'{arguments}) as f")
        values.update(job_id=self.job_id, attempt=self.attempt)
        try:
            rows = self._database.insist(sql, **values)
        except Refused as error:
            if error.state == "TT409":      # complete and fail: not ours now
                raise Lost from error
            raise
        if rows == [False]:
            raise Lost
        return rows

    def progress(self, percent, detail=None, done=None, count=None):
        """Say how far it is; done and count are of frames."""
        self.percent = percent
        self._said = time.monotonic()
        self._call("progress", ", :'percent', nullif(:'detail', ''), "
                   "nullif(:'done', '')::int, nullif(:'count', '')::int",
                   percent=percent, detail=detail or "",
                   done="" if done is None else done,
                   count="" if count is None else count)

    def alive(self, percent=None, detail=None, done=None, count=None):
        """The same, but at most twice a second: say it as often as you like.

        What is not given is as it was.
        """
        if time.monotonic() - self._said >= 0.5:
            self.progress(self.percent if percent is None else percent, detail,
                          done, count)

    def during(self, function, *arguments, **named):
        """What a function returns that takes long: the lease is kept.

        It runs in a thread of its own, so it may not use this job; it may
        set percent.  If the job is lost nobody waits for it any more.
        """
        outcome = []

        def call():
            try:
                outcome.append((function(*arguments, **named), None))
            except BaseException as error:  # pylint: disable=broad-except
                outcome.append((None, error))

        thread = threading.Thread(target=call, daemon=True)
        thread.start()
        thread.join(0.5)
        while thread.is_alive():
            self.alive()
            thread.join(0.5)
        value, error = outcome[0]
        if error:
            raise error
        return value

    def publish(self, opcode, **data):
        """Tell those who watch the account's queue: see telltale.publish."""
        self._database.insist(
            "select 1 from telltale.publish(:'account', :'opcode', :'data')",
            account=self.account, opcode=opcode, data=json.dumps(data))

    def stage_started(self, stage):
        """A stage of the work begins."""
        self._call("stage_started", ", :'stage'", stage=stage)

    def stage_completed(self, stage, checks=()):
        """A stage is done, and what it found."""
        self._call("stage_completed", ", :'stage', :'checks'", stage=stage,
                   checks=json.dumps(list(checks)))

    def score(self, score, decision):
        """What the stages came to."""
        self._call("score", ", :'score', :'decision'", score=score,
                   decision=decision)

    def inputs(self):
        """The files that came with it: field, name, media_type, data."""
        rows = self._call("job_input")
        for row in rows:
            row["data"] = bytes.fromhex(row["data"][2:])
        return rows

    def complete(self, decision=None, result=None, categories=None,
                 reason=None):
        """It is done: decision is pass, reject or None."""
        self._call(
            "complete", ", nullif(:'decision', '')"
            ", nullif(:'result', '')::jsonb"
            ", nullif(:'categories', '')::jsonb, nullif(:'reason', '')",
            decision=decision or "", reason=reason or "",
            result="" if result is None else json.dumps(result),
            categories="" if categories is None else json.dumps(categories))

    def fail(self, message, code, retryable=False):
        """It came to nothing."""
        self._call("fail", ", :'message', :'code', :'retryable'",
                   message=message, code=code, retryable=retryable)


# --- until told to stop ------------------------------------------------------

def _claim(database, args):
    """A job, or None if nothing waits."""
    rows = database.ask(
        "select to_jsonb(c) from telltale.claim(:'worker',"
        " string_to_array(:'types', ','), 1, :'lease',"
        " case when :'account' <> '' then array[:'account'] end) as c",
        worker=args.worker, types=args.types, lease=f"{args.lease} seconds",
        account=args.account or "")
    return Job(database, rows[0]) if rows else None


def _do(job, work):
    """One job, whatever becomes of it."""
    try:
        try:
            work(job)
        except Failed as error:
            say(f"{job.job_id}: {error}")
            job.fail(str(error), error.code, error.retryable)
        except (Lost, Away):
            raise
        except Exception:       # pylint: disable=broad-except
            traceback.print_exc()
            job.fail("the worker has a bug: see its log", "INTERNAL_ERROR",
                     True)
        else:
            say(f"{job.job_id}: done")
    except Lost:
        say(f"{job.job_id}: cancelled, or somebody else has it by now")


def parser_for(description, types, lease=60):
    """What every worker can be told."""
    parser = argparse.ArgumentParser(
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--once", action="store_true",
                        help="one job, if one is waiting, then end")
    parser.add_argument("--types", default=",".join(types), metavar="T,T...",
                        help="types of jobs to take (%(default)s)")
    parser.add_argument("--account", metavar="NAME",
                        help="take this account's jobs (everybody's)")
    parser.add_argument("--worker", metavar="NAME", default="%s@%s:%d" % (
                            os.path.basename(sys.argv[0]),
                            socket.gethostname()[:64], os.getpid()),
                        help="its name in the job's record")
    parser.add_argument("--lease", type=float, default=lease,
                        metavar="SECONDS", help="how long it may stay silent "
                        "until somebody else gets its job (%(default)s)")
    return parser


def when_told():
    """An event that SIGTERM and SIGINT set."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop


def run(work, args, stop=None):
    """Take jobs until SIGTERM or SIGINT: then finish the one in hand.

    A program that has more to do until then passes its own when_told().
    """
    stop = stop or when_told()
    database = Database(os.environ.get("TELLTALE_WORKER_DSN", ""))
    away, code = True, 0
    while not stop.is_set():
        try:
            if away:
                database.open()
                away = False
            job = _claim(database, args)
            if job:
                _do(job, work)
            elif not args.once:
                stop.wait(1)
        except Away:
            away, code = True, 1
            say("the database is away")
        except Refused as error:
            # Of claim: a type that is unknown, a name that is too long.
            say(error)
            code = 1
        if args.once:
            database.close()
            return code
        stop.wait(code)
        code = 0
    database.close()
    return 0


def main(work, types, description):
    """All of a worker that needs no words of its own on the command line."""
    return run(work, parser_for(description, types).parse_args())
