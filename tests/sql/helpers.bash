# Words the SQL tests are written in.

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

# Wait up to 10 s until a query says t.
until_sql() {
  local i
  for ((i = 0; i < 200; i++)); do
    if [ "$(sql "$1")" = t ]; then return 0; fi
    sleep 0.05
  done
  printf 'never: %s\n' "$1"
  return 1
}

# A second session that stays open: tell it things by its name.  Each thing it
# is told gives its answer.
session() {
  mkfifo "$BATS_TEST_TMPDIR/$1.in"
  : >"$BATS_TEST_TMPDIR/$1.out"
  psql -XqAt <"$BATS_TEST_TMPDIR/$1.in" >"$BATS_TEST_TMPDIR/$1.out" 2>&1 3>&- &
  eval "exec {$1}>\"\$BATS_TEST_TMPDIR/$1.in\""
}

tell() {
  local i out=$BATS_TEST_TMPDIR/$1.out from
  from=$(stat -c %s "$out")
  printf '%s\n\\echo DONE\n' "$2" >&"${!1}"
  for ((i = 0; i < 200; i++)); do
    if tail -c "+$((from + 1))" "$out" | grep -q '^DONE$'; then
      tail -c "+$((from + 1))" "$out" | grep -v '^DONE$' || true
      return 0
    fi
    sleep 0.02
  done
  echo "$1 does not answer"
  return 1
}

leave() { eval "exec {$1}>&-"; }
