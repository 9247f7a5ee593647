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

@test "apache-fcgid: Chromium, by its own EventSource" { follows chromium; }

@test "apache-fcgid: Node, by the eventsource of npm" { follows eventsource; }

@test "apache-fcgid: Python's standard library, line by line" { follows python; }

@test "apache-fcgid: curl -N" { follows curl; }
