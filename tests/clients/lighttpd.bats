#!/usr/bin/env bats
# Clients of /queue/events and /api/updates under lighttpd, which starts a
# program again that was killed.

setup_file() {
  load clients
  site_up lighttpd
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

@test "lighttpd: Chromium, by its own EventSource" { follows chromium; }

@test "lighttpd: Node, by the eventsource of npm" { follows eventsource; }

@test "lighttpd: Python's standard library, line by line" { follows python; }

@test "lighttpd: curl -N" { follows curl; }

@test "lighttpd: an EventSource gives up at 401 and 204, and asks again after the end of a 200" {
  mind chromium eventsource
}
