#!/usr/bin/env bats
# A client whose connection is cut a hundred times, wherever it is, while many
# write.  An id can be cut anywhere, so that nothing comes twice, and nothing is
# left out.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # setup sets what is used

CUTS=100

setup() {
  bats_require_minimum_version 1.5.0
  load load
  load log
  account=$(new_account)
  key=$(new_key "$account" queue:read)
}

teardown() {
  writers_ended
  stop_all_load
}

# cut_up NAME: so it was; and whoever was not cut has had no trouble at all.
cut_up() {
  stop_load cut
  stop_load whole
  [ "$(result cut .cuts)" = "$CUTS" ]
  [ "$(result cut .cut_within)" -gt 0 ]
  [ "$(result whole '.cuts + .errors + .ended')" = 0 ]
}

@test "updates: 20,000 events by 16 writers, each once, over a hundred cuts" {
  begin_load cut --url "$updates" --reconnect --cuts $CUTS
  begin_load whole --url "$updates"
  publishers 16 1250
  writers_ended
  last_word over
  await_in cut 1 over
  await_in whole 1 over
  cut_up

  has_all_said cut 0
  has_all_said whole 0
  ids_differ cut 0
  figure "$(said_in_log | wc -l) of 20,000 committed; $(result cut .cut_within) of $CUTS cuts amid an event"
}

@test "queue: jobs of 16 workers, each event once and in order, over a hundred cuts" {
  begin_load cut --url "$queue" --reconnect --cuts $CUTS --cut-bytes 16384
  begin_load whole --url "$queue"
  over=over-$(unique 8)
  workers 16 120
  writers_ended
  last_job "$over"
  await_in cut 1 "$over"
  await_in whole 1 "$over"
  cut_up

  has_all_jobs cut 0
  has_all_jobs whole 0
  ids_differ cut 0
  figure "$(jobs_in_log | wc -l) events; $(result cut .cut_within) of $CUTS cuts amid one"
}
