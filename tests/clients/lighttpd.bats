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

@test "lighttpd: Chromium, and Node with the eventsource of npm, follow and come back" {
  follow chromium eventsource
}

@test "lighttpd: so do a reader of lines in Python, and curl -N" { follow python curl; }

@test "lighttpd: who was told nothing before the cut misses nothing after it" {
  follow_untold chromium python curl
}

@test "lighttpd: an EventSource gives up at 401 and 204, and asks again after the end of a 200" {
  mind chromium eventsource
}
