# Each file has a stack of its own, whose streams it kills.

setup_suite() {
  bats_require_minimum_version 1.5.0
  for name in $(env | sed -n 's/^\(TELLTALE_[A-Z0-9_]*\)=.*/\1/p'); do
    unset "$name"
  done
}
