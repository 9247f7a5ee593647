# Words the SQL tests are written in.
# shellcheck shell=bash

# shellcheck source=tests/within.bash
. "${BASH_SOURCE[0]%/*}/../within.bash"

# A copy of the fixture, or of the database named: for a test, or for a file.
fresh() {
  PGDATABASE=t_$$_${RANDOM}
  psql -Xq -d postgres -c "create database $PGDATABASE template ${1-fixture}"
  export PGDATABASE
}

# As it was when it was fresh, but for what the tests are not about.
reset() {
  psql -XqAt -v ON_ERROR_STOP=1 -c 'set client_min_messages = warning' -c 'select reset()' >/dev/null
}

drop() { psql -Xq -d postgres -c "drop database if exists $PGDATABASE with (force)"; }

cd "$BATS_TEST_DIRNAME/../.." || exit

sql() { psql -XqAt -v ON_ERROR_STOP=1 -c "$1"; }

# sql, logged in as a role.
as() { psql -XqAt -v ON_ERROR_STOP=1 -U "$1" -c "$2"; }

# Each line of input is an SQLSTATE and a statement that is refused with it, and
# changes nothing.
refused() {
  local line
  {
    echo 'select fingerprint() as before \gset'
    while IFS= read -r line; do
      printf "select '%s but ' || state || coalesce(' ' || message, '') from outcome(%s) where state <> '%s';\n" \
        "${line//\'/\'\'}" "\$q\$${line#* }\$q\$" "${line%% *}"
    done
    echo "select 'something was changed' where fingerprint() <> :'before';"
  } | psql -XqAt -v ON_ERROR_STOP=1 | { ! grep .; }
}

# Output is exactly the input.
prints() { diff <(cat) <("$@"); }

# Wait until a query says t.
says_t() { [ "$(sql "$1")" = t ]; }
until_sql() { within 10 says_t "$1"; }

# Wait until somebody waits for a lock, in this database: the tests of other
# files, and of other suites, may wait in theirs.
until_blocked() {
  until_sql "select exists (select from pg_stat_activity
                             where datname = current_database() and wait_event_type = 'Lock')"
}

# A test of days, or of hours, does not begin in the last seconds of one.
amid() {
  until_sql "select clock_timestamp() + interval '8 seconds'
                    < date_trunc('$1', clock_timestamp()) + interval '1 $1'"
}

# A second session that stays open: tell it things by its name.  Each thing it
# is told gives its answer.
session() {
  mkfifo "$BATS_TEST_TMPDIR/$1.in"
  : >"$BATS_TEST_TMPDIR/$1.out"
  psql -XqAt <"$BATS_TEST_TMPDIR/$1.in" >"$BATS_TEST_TMPDIR/$1.out" 2>&1 3>&- &
  eval "exec {$1}>\"\$BATS_TEST_TMPDIR/$1.in\""
}

said_since() { tail -c "+$(($2 + 1))" "$1"; }
has_answered() { said_since "$@" | grep -q '^DONE$'; }
tell() {
  local out=$BATS_TEST_TMPDIR/$1.out from
  from=$(stat -c %s "$out")
  printf '%s\n\\echo DONE\n' "$2" >&"${!1}"
  within 20 has_answered "$out" "$from" || { echo "$1 does not answer"; return 1; }
  said_since "$out" "$from" | grep -v '^DONE$' || true
}

leave() { eval "exec {$1}>&-"; }
