#!/usr/bin/env bats
# Attacks on Apache, programs as a service.
# shellcheck disable=SC2154 # new_job sets job

setup_file() {
  load attack
  stack_up apache-proxy
}

teardown_file() {
  load attack
  stack_down
}

setup() {
  bats_require_minimum_version 1.5.0
  load attack
  on_stack
  new_job
}

teardown() { stop_holding; }

@test "apache-proxy: 500 who send half a header delay nobody by a second" { half_headers; }

@test "apache-proxy: 500 who send half a body delay nobody by a second" {
  half_bodies POST /api/v1/ticket
}

@test "apache-proxy: nor do those who send it where none is wanted" {
  half_bodies PUT "/api/v1/job/$job"
}

@test "apache-proxy: 100 who open a stream and never read keep nobody out" { deaf_streams 100; }
