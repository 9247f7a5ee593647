#!/usr/bin/env bats
# lighttpd of two processes (server.max-worker), which conf-examples/lighttpd.conf
# proposes where an event goes to thousands: still one program, and started again.
# shellcheck disable=SC2154 # the stack's environment

setup_file() {
  load fault
  stack_up --server lighttpd --workers 2
}

teardown_file() {
  load fault
  stack_down
}

setup() {
  bats_require_minimum_version 1.5.0
  load fault
  on_stack
}

teardown() { leave_all; }

has_program() { [ -n "$(program_pid "$1")" ]; }

@test "two processes pass on what one program says" {
  local i
  [ "$(pgrep -cx -P "$TELLTALE_SERVER_PID" lighttpd)" = 2 ]
  begin_job
  for i in {1..20}; do watch_job "s$i"; done

  progress 50

  for i in {1..20}; do await "s$i" '"progress":50'; done
  [ "$(program_pid progress | wc -l)" = 1 ]
  [ "$(sql 'select count(*) from telltale.listener where streams > 0')" = 1 ]
}

@test "a program that is killed is started again, whichever process asks" {
  local pid
  pid=$(program_pid jobs)

  kill -9 "$pid"
  within 10 works

  for _ in {1..20}; do works; done
  within 10 has_program jobs
  [ "$(program_pid jobs)" != "$pid" ]
}
