# Words that the measurements are written in.
# shellcheck shell=bash
# shellcheck disable=SC2016,SC2034 # at_end's are for later; others use the words

# shellcheck source=tests/within.bash
. tests/within.bash

pg_bin=$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
[ ! -x "$pg_bin/psql" ] || export PATH=$pg_bin:$PATH
export BUILD=${BUILD:-$PWD/build}
sseload=$BUILD/tests/tool/sseload
tab=$'\t'

# --- what came of it ---------------------------------------------------------------

# Is A, which has a fraction perhaps, as the target has it?
holds() { awk -v a="$1" -v b="$3" -v how="$2" 'BEGIN { exit !(how == "least" ? a >= b : a <= b) }'; }

print_row() {
	printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$@" >>"$BENCH_OUT.tsv"
	printf '  %-3s %s: %s %s %s (%s) %s\n' "$@"
}

# ratio ROW MEASURE HERE UNIT PEER-NAME PEER most|least TARGET: HERE / PEER.
ratio() {
	local r verdict='not reached'
	r=$(awk -v a="$3" -v b="$6" 'BEGIN { printf "%.2f", b ? a / b : 0 }')
	! holds "$r" "$7" "$8" || verdict=reached
	print_row "$1" "$2" "$3 $4" "$5: $6 $4" "$r" "at $7 $8" "$verdict"
}

# figure ROW MEASURE VALUE UNIT most|least TARGET
figure() {
	local verdict='not reached'
	! holds "$3" "$5" "$6" || verdict=reached
	print_row "$1" "$2" "$3 $4" '' '' "at $5 $6 $4" "$verdict"
}

# Without a target, for later to be compared with: MEASURE VALUE.
published() { print_row - "$1" "$2" '' '' '' ''; }

# What explains a figure: of the standard input, Markdown, for RESULTS.md.
note() { cat >>"$BENCH_OUT.notes"; }

# --- arithmetic --------------------------------------------------------------------

# The middle one of the numbers, of two the lesser.
median() { printf '%s\n' "$@" | sort -g | sed -n "$((($# + 1) / 2))p"; }

quotient() { awk -v a="$1" -v b="$2" -v digits="${3:-2}" 'BEGIN { printf "%.*f", digits, a / b }'; }

# --- processes ---------------------------------------------------------------------

# A process and all that it has begun.
with_children() {
	local pid
	for pid; do
		echo "$pid"
		# shellcheck disable=SC2046 # a word each
		with_children $(pgrep -P "$pid")
	done
}

# What they hold of the memory, shared pages by halves, in KiB.
pss() {
	local pid
	for pid in $(with_children "$@"); do cat "/proc/$pid/smaps_rollup" 2>/dev/null; done |
	    awk '/^Pss:/ { n += $2 } END { print n + 0 }'
}

# Processor time that they have had, in ms.
cpu_ms() {
	local pid
	for pid in $(with_children "$@"); do cat "/proc/$pid/stat" 2>/dev/null; done |
	    awk -v tick="$(getconf CLK_TCK)" '{ sub(/.*\) /, ""); n += $12 + $13 } END { print int(n * 1000 / tick) }'
}

# --- the stack ---------------------------------------------------------------------

# What is to be done at the end, the last first.
undo=()
at_end() { undo=("$1" ${undo[@]+"${undo[@]}"}); }
end_all() {
	local command
	set +e
	for command in ${undo[@]+"${undo[@]}"}; do eval "$command"; done
}
trap end_all EXIT
trap 'exit 1' INT TERM

# A folder that goes at the end; the programs may look into it.
scratch=$(mktemp -d "${TMPDIR:-/tmp}/tt.XXXXXX")
chmod 711 "$scratch"
at_end 'rm -rf "$scratch"'

# stack_up SERVER [ARGUMENT...]: a private stack, and its variables.
stack_up() {
	local server=$1
	shift
	tools/stack up --server "$server" --dir "$scratch/stack" --port 0 "$@" >"$scratch/stack.log" 2>&1 ||
	    { cat "$scratch/stack.log" >&2; return 1; }
	at_end 'tools/stack down --dir "$scratch/stack" >/dev/null'
	# shellcheck source=/dev/null
	. "$scratch/stack/env"
}

stack_down() { tools/stack down --dir "$scratch/stack" >/dev/null && rm -rf "$scratch/stack"; }

sql() { psql -XAtq -v ON_ERROR_STOP=1 -d "$TELLTALE_ADMIN_DSN" -c "$1"; }

# The process of one of the programs that lighttpd has spawned.
program_pid() { pgrep -f "^$TELLTALE_DIR/site/cgi-bin/$1\.fcgi" | head -n 1; }

free_port() {
	python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}
