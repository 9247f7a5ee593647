# Each file has a server of its own, which it attacks.

setup_suite() {
  bats_require_minimum_version 1.5.0
  for name in $(env | sed -n 's/^\(TELLTALE_[A-Z0-9_]*\)=.*/\1/p'); do
    unset "$name"
  done
}
