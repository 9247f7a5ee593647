#!/usr/bin/env bats
# Clients of /queue/events and /api/updates under Apache with mod_fcgid, where
# each stream has a program of its own.

setup_file() {
  load clients
  site_up apache-fcgid
}

teardown_file() {
  load clients
  stack_down
}

setup() {
  bats_require_minimum_version 1.5.0
  load clients
  on_site
}

teardown() { leave_site; }

@test "apache-fcgid: Chromium, and Node with the eventsource of npm, follow and come back" {
  follow chromium eventsource
}

@test "apache-fcgid: so do a reader of lines in Python, and curl -N" { follow python curl; }
