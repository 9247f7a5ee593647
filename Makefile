# Telltale: FastCGI programs over PostgreSQL.  GNU make, C11, gcc or clang.
#
#	make			the library and the programs, in build/
#	make demo		deps, build, a private stack, a real job watched
#	make test		deps, build, everything that must pass
#	make help		the rest
#
# SAN=address or SAN=thread builds a twin tree, build-address or build-thread.
# B=DIR builds somewhere else; V=1 shows whole command lines.  CC, CFLAGS,
# CPPFLAGS, LDFLAGS and HARDEN are the packager's.

VERSION	 = 0.1.0

PREFIX	?= /usr/local
bindir	?= $(PREFIX)/bin
libdir	?= $(PREFIX)/lib
datadir	?= $(PREFIX)/share
docdir	?= $(datadir)/doc/telltale
INSTALL	?= install

CFLAGS	?= -O2 -g
WARN	 = -std=c11 -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes \
	   -Wmissing-prototypes -Wpointer-arith -Wcast-qual -Wwrite-strings \
	   -Wformat=2 -Wvla -Werror
PKGS	 = libpq jansson libsodium
# What one program alone is linked with: the one that calls others.
HOOKPKGS = libcurl

ifdef SAN
B	 = build-$(SAN)
SANS	 = $(SAN:address=address,undefined)
SANFLAGS = -fsanitize=$(SANS) -fno-sanitize-recover=undefined \
	   -fno-omit-frame-pointer
HARDEN	?=
ifeq ($(SAN),fuzz)
CC	 = clang
SANS	 = fuzzer-no-link,address,undefined
endif
else
B	 = build
HARDEN	?= -fstack-protector-strong -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
endif
RELRO	?= -pie -Wl,-z,relro -Wl,-z,now

# The schema that this build speaks: the newest file of sql/tables.
TABLES	 = $(sort $(wildcard sql/tables/*.sql))
SCHEMA	 = $(basename $(notdir $(lastword $(TABLES))))

LIBSRC	 = $(wildcard lib/*/*.c)
PROGSRC	 = $(wildcard cgi-bin/*.c)
BINSRC	 = $(wildcard bin/*.c)
UNITSRC	 = $(wildcard tests/unit/test_*.c)
HELPSRC	 = $(filter-out tests/unit/% tests/fuzz/%,$(wildcard tests/*/*.c))
PARTSRC	 = $(wildcard tests/*/*/*.c)
LIBOBJ	 = $(LIBSRC:%.c=$B/%.o)
PROGS	 = $(PROGSRC:%.c=$B/%.fcgi)
BINS	 = $(BINSRC:%.c=$B/%)
UNITS	 = $(UNITSRC:%.c=$B/%)
HELPERS	 = $(HELPSRC:%.c=$B/%)
BENCHES	 = $(patsubst %.c,$B/%,$(wildcard bench/*.c))
PARTOBJ	 = $(PARTSRC:%.c=$B/%.o)

# -iquote, not -I: a lib/err.h must never be found by <err.h>.
COMPILE	 = $(strip $(CC) $(WARN) $(CFLAGS) $(HARDEN) -fPIE -pthread \
	   $(SANFLAGS) $(CPPFLAGS) -D_POSIX_C_SOURCE=200809L \
	   -DTT_VERSION='"$(VERSION)"' -DTT_SCHEMA='"$(SCHEMA)"' -iquote lib)

# --as-needed: a program that runs no loop is not linked with libev.
LINK	 = $(CC) $(CFLAGS) $(SANFLAGS) -pthread $(RELRO) -Wl,--as-needed \
	   $(LDFLAGS)
LIBS	 = $$(pkg-config --libs $(PKGS)) -lev -lfcgi

# One line a file.
SAY	 = $(if $V,,@echo '  $1 $@'; )

all: $B/libtelltale.a $(PROGS) $(BINS)

# Every program is its own .c plus the library; no per-program rules.
$B/cgi-bin/%.fcgi: $B/cgi-bin/%.o $B/libtelltale.a
	$(call SAY,LD)$(LINK) -o $@ $^ $(LIBS)

$B/bin/%: $B/bin/%.o $B/libtelltale.a
	$(call SAY,LD)$(LINK) -o $@ $^ $(LIBS) $$(pkg-config --libs $(HOOKPKGS))

$B/libtelltale.a: $(LIBOBJ)
	$(call SAY,AR)rm -f $@ && $(AR) rcs $@ $^

$B/tests/unit/%: $B/tests/unit/%.o $B/libtelltale.a
	$(call SAY,LD)$(LINK) -o $@ $^ -lcmocka $(LIBS)

# A program of the tests has its parts in a folder beside it.
$B/tests/libparts.a: $(PARTOBJ)
	@mkdir -p $(@D)
	$(call SAY,AR)rm -f $@ && $(AR) rcs $@ $^

$B/tests/%: $B/tests/%.o $B/tests/libparts.a $B/libtelltale.a
	$(call SAY,LD)$(LINK) -o $@ $^ $(LIBS)

$B/bench/%: $B/bench/%.o $B/libtelltale.a
	$(call SAY,LD)$(LINK) -o $@ $^ $(LIBS)

# All of it under libFuzzer, which brings main(): in SAN=fuzz only.
$B/fuzz: $B/tests/fuzz/fuzz.o $B/tests/libparts.a $B/libtelltale.a
	$(call SAY,LD)$(LINK) -fsanitize=fuzzer -o $@ $^ $(LIBS)

$B/%.o: %.c $B/flags
	@mkdir -p $(@D)
	$(call SAY,CC)$(COMPILE) \
	    $$(pkg-config --cflags $(PKGS) $(HOOKPKGS)) -MMD -MP -c -o $@ $<

# What the objects were compiled with: another compiler, flag or schema
# rebuilds them.
ifneq ($(file <$B/flags),$(COMPILE))
$B/flags: FORCE
endif
$B/flags:
	@: $(shell mkdir -p $(@D)) $(file >$@,$(COMPILE))

-include $(LIBOBJ:.o=.d) $(PROGS:.fcgi=.d) $(BINS:=.d) $(UNITS:=.d) $(HELPERS:=.d) \
	$(PARTOBJ:.o=.d) $B/tests/fuzz/fuzz.d \
	$(BENCHES:=.d)

testprogs: all $(UNITS) $(HELPERS)
fuzzprog: $B/fuzz

# What a fresh machine lacks is installed first, so that make runs again for
# the build: nothing above may have looked for a library by then.
AGAIN	 = --no-print-directory \
	   $(if $(findstring jobserver,$(MAKEFLAGS)),,-j$(shell nproc))

demo:
	@tools/deps demo
	@$(MAKE) $(AGAIN) all
	@tools/demo

demo-stop:
	@tools/demo stop

test:
	@tools/deps test
	@$(MAKE) $(AGAIN) testprogs
	@$(if $(SAN),:,$(MAKE) $(AGAIN) SAN=fuzz B=build-fuzz fuzzprog)
	@tests/run $(if $(SAN),--san $(SAN))

fuzz:
	@tools/deps test
	@$(MAKE) $(AGAIN) SAN=fuzz B=build-fuzz fuzzprog
	@tests/fuzz/run $(if $T,--seconds $T)

# bench/run GROUP for bench-GROUP; alone, all that has a target.
bench: benchprogs
	@bench/run

bench-rate: $B/bench/rate
	$<

bench-%: benchprogs
	@bench/run $*

benchprogs:
	@tools/deps bench
	@$(MAKE) $(AGAIN) testprogs $(BENCHES)

check: testprogs
	@tests/run $(if $(SAN),--san $(SAN)) lint unit house

lint:
	tools/lint

# For tools/lint: how a source is compiled, without where to.
compile-command:
	$(info $(COMPILE)) @:

install: all
	$(INSTALL) -d $(addprefix $(DESTDIR),$(bindir) \
	    $(libdir)/telltale/cgi-bin $(datadir)/telltale/sql/tables \
	    $(datadir)/telltale/sql/functions \
	    $(docdir)/examples)
	$(INSTALL) -m 755 bin/telltale $(BINS) $(DESTDIR)$(bindir)/
	$(INSTALL) -m 755 $(PROGS) $(DESTDIR)$(libdir)/telltale/cgi-bin/
	$(INSTALL) -m 644 $(wildcard sql/*.sql) $(DESTDIR)$(datadir)/telltale/sql/
	$(INSTALL) -m 644 $(TABLES) $(DESTDIR)$(datadir)/telltale/sql/tables/
	$(INSTALL) -m 644 $(wildcard sql/functions/*.sql) \
	    $(DESTDIR)$(datadir)/telltale/sql/functions/
	cp -R conf-examples/. $(DESTDIR)$(datadir)/telltale/
	cp -R examples/. $(DESTDIR)$(docdir)/examples/
	$(INSTALL) -m 644 README.md SECURITY.md LICENSE $(DESTDIR)$(docdir)/

uninstall:
	rm -f $(DESTDIR)$(bindir)/telltale \
	    $(addprefix $(DESTDIR)$(bindir)/,$(notdir $(BINS)))
	rm -rf $(addprefix $(DESTDIR),$(libdir)/telltale \
	    $(datadir)/telltale $(docdir))

clean:
	@if [ -e build/stack ]; then tools/stack down; fi
	rm -rf build build-address build-thread build-fuzz

help:
	@sed -n '/^$$/q;s/^#[	 ]\{0,1\}//p' Makefile
	@echo
	@echo 'make check		units, lint and the rules of the tree: quick'
	@echo 'make bench		side by side with others, into bench/RESULTS.md;'
	@echo '			bench-fanout, -follow, -writers, -lists, -status, -tally: one part'
	@echo 'make bench-rate		what a decision of the gate costs'
	@echo 'make fuzz T=600		each target of tests/fuzz for so long (10 s)'
	@echo 'make lint		headers, includes, format, cppcheck, ShellCheck'
	@echo 'make demo FILE=F	the demo on a file of yours; make demo-stop ends it'
	@echo 'make install		DESTDIR=, PREFIX=, bindir=, libdir=, datadir=, docdir='
	@echo 'make uninstall, make clean'
	@echo 'tests/run --help	one suite, one file, one server'

.PHONY: all bench bench-rate benchprogs check clean compile-command demo demo-stop fuzz \
	fuzzprog help install lint test testprogs uninstall FORCE
.SECONDARY:
.DELETE_ON_ERROR:
