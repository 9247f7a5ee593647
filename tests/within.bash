# How long is waited for what must come about: as long as it takes, within a
# bound that is a matter of the programs and not of what else the machine does.
# shellcheck shell=bash

# Sets crowd: how many want a processor for each that there is, in hundredths;
# 100, one, is the least.
crowded() {
  local ready
  : "${processors:=$(nproc)}"
  read -r _ _ _ ready _ </proc/loadavg
  crowd=$((${ready%/*} * 100 / processors))
  [ "$crowd" -ge 100 ] || crowd=100
}

# within SECONDS COMMAND...: until it succeeds, tried again and again.  Time goes
# by as fast as who is ready to run gets a processor: where twenty want one, a
# second of the bound lasts for twenty.
within() {
  local within_us=$(($1 * 1000000)) within_now=${EPOCHREALTIME/[.,]/} within_was crowd
  local within_bound=$1
  shift
  until "$@"; do
    crowded
    within_was=$within_now
    within_now=${EPOCHREALTIME/[.,]/}
    within_us=$((within_us - (within_now - within_was) * 100 / crowd))
    if [ "$within_us" -le 0 ]; then
      printf 'not within %s s: %s\n' "$within_bound" "$*" >&2
      return 1
    fi
    sleep 0.02
  done
}

# stretched N: so many seconds, or what else is the more the more the machine
# has to do; for a bound that something else keeps.
stretched() {
  local crowd
  crowded
  echo $(($1 * crowd / 100))
}
