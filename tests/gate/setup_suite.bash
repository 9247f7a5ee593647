# These tests need no database and no web server.

setup_suite() { bats_require_minimum_version 1.5.0; }
