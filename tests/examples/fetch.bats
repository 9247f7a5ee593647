#!/usr/bin/env bats
# What examples/fetch brings, and what it refuses.

setup() {
  bats_require_minimum_version 1.5.0
  cd "$BATS_TEST_DIRNAME/../.." || return
  # shellcheck source=tests/examples/helpers.bash
  . tests/examples/helpers.bash
  folder=$BATS_TEST_TMPDIR/site
  out=$BATS_TEST_TMPDIR/out
  start_site "$folder"
}

teardown() { kill "$site"; wait "$site" || true; }

# Where our own site may be reached.
fetch() { examples/fetch --allow 127.0.0.0/8 "$@"; }

refused() {
  run -4 "$@"
  [ ! -e "$out" ]
}

# Addresses to judge: the edges of all networks of both tables and their
# neighbours, the edges of all /16, those of tests/unit/test_url.c, and some
# at random.
addresses() {
  python3 -B - <<-'END'
	import ipaddress, random, re, sys
	sys.path.insert(0, "examples")
	import fetch

	random.seed(1)
	seen = set()
	for network in fetch.SPECIAL + [c for c, _ in fetch.CARRIERS]:
	    for edge in int(network[0]), int(network[-1]):
	        for near in edge - 1, edge, edge + 1:
	            if 0 <= near < 1 << network.max_prefixlen:
	                seen.add(type(network[0])(near))
	for high in range(1 << 16):
	    for low in 0, (1 << 16) - 1:
	        seen.add(ipaddress.IPv4Address(high << 16 | low))
	    for low in 0, (1 << 112) - 1, random.getrandbits(112):
	        seen.add(ipaddress.IPv6Address(high << 112 | low))
	for network, at in fetch.CARRIERS:
	    for inside in list(seen)[:3000]:
	        if inside.version == 4:
	            seen.add(ipaddress.IPv6Address(
	                int(network[0]) | int(inside) << 8 * (12 - at)))
	for _ in range(20000):
	    seen.add(ipaddress.IPv4Address(random.getrandbits(32)))
	with open("tests/unit/test_url.c") as source:
	    for word in re.findall(r'"([0-9a-f:.]+)"', source.read()):
	        try:
	            seen.add(ipaddress.ip_address(word))
	        except ValueError:
	            pass
	print("\n".join(map(str, seen)))
	END
}

@test "its table is that of the webhooks: every line of public.c" {
  python3 -B - >"$BATS_TEST_TMPDIR/ours" <<-'END'
	import sys
	sys.path.insert(0, "examples")
	import fetch
	for network in fetch.SPECIAL:
	    print("special", network)
	for network, at in fetch.CARRIERS[1:]:
	    print("carrier", network, at)
	END
  python3 -B - >"$BATS_TEST_TMPDIR/theirs" <<-'END'
	import ipaddress, re
	text = open("lib/base/public.c").read()
	text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
	special, carriers = text.split("carriers[] = {")
	special = special.split("#define V4")[1].split("\n", 2)[2]
	v6 = lambda t, n: ipaddress.ip_network((bytes(
	    int(b, 0) for b in t.split(",")).ljust(16, b"\0"), int(n)))
	for line in special.split("\n"):
	    if m := re.search(r"V4\((\d+), (\d+), (\d+), (\d+), (\d+)\)", line):
	        print("special %s.%s.%s.%s/%s" % m.groups())
	    elif m := re.search(r"\{ \{ (.*) \}, (\d+) \}", line):
	        print("special", v6(*m.groups()))
	for m in re.finditer(r"\{ \{ (.*) \}, (\d+), (\d+) \}",
	                     carriers.split("};")[0]):
	    print("carrier", v6(m[1], 8 * int(m[2])), m[3])
	END
  cat "$BATS_TEST_TMPDIR/theirs"
  [ "$(wc -l <"$BATS_TEST_TMPDIR/theirs")" -gt 20 ]
  diff "$BATS_TEST_TMPDIR/ours" "$BATS_TEST_TMPDIR/theirs"
}

@test "and so is its judgement, of some hundred thousand addresses" {
  addresses >"$BATS_TEST_TMPDIR/addresses"
  "${BUILD:-build}/tests/examples/public" <"$BATS_TEST_TMPDIR/addresses" \
    >"$BATS_TEST_TMPDIR/theirs"
  python3 -B -c 'import sys; sys.path.insert(0, "examples"); import fetch
for line in sys.stdin: print(int(fetch.is_public(line.strip())))' \
    <"$BATS_TEST_TMPDIR/addresses" >"$BATS_TEST_TMPDIR/ours"

  [ "$(wc -l <"$BATS_TEST_TMPDIR/theirs")" -gt 200000 ]
  [ "$(sort -u "$BATS_TEST_TMPDIR/theirs" | wc -l)" = 2 ]
  paste "$BATS_TEST_TMPDIR/addresses" "$BATS_TEST_TMPDIR/ours" "$BATS_TEST_TMPDIR/theirs" |
    awk '$2 != $3 { print; wrong = 1 } END { exit wrong }'
}

@test "a file is brought, also over redirects, into a file or a pipe" {
  head -c 300000 /dev/urandom >"$folder/data"
  fetch "$web/f/data" "$out"
  cmp "$folder/data" "$out"
  fetch "$web/to?/to?$web/f/data" - | cmp "$folder/data"
}

@test "without leave, no address that is not public is asked for anything" {
  local url
  for url in "$web/what" "${web/127.0.0.1/localhost}/what" "${web/127.0.0.1/127.1}/what" \
    "${web/127.0.0.1/2130706433}/what" "${web/127.0.0.1/0x7f.1}/what" \
    "${web/127.0.0.1/[::ffff:127.0.0.1]}/what" "${web/127.0.0.1/0}/what" \
    http://169.254.169.254/latest/ "http://[::1]/" "http://[fe80::1]/" http://10.0.0.1/; do
    echo "$url"
    refused examples/fetch --allow '' "$url" "$out"
    [[ $output == *'is not public'* ]]
  done
  [ ! -e "$folder/requests" ]
}

@test "what is no proper http URL is refused" {
  local url
  for url in "file:///etc/passwd" ftp://127.0.0.1/ gopher://127.0.0.1/ "http://" "//127.0.0.1/" \
    "${web/127/a@127}/what" "$web/a b" "$web\\@x/" $'http://a\r\nb/' "http://127.0.0.1:0/" \
    "http://127.0.0.1:99999/" "http://[::1/" "http://[::1]x/" "http://[fe80::1%25lo]/" \
    "$web/$(printf '%2100s' '' | tr ' ' a)"; do
    echo "$url"
    refused fetch "$url" "$out"
  done
  [ ! -e "$folder/requests" ]
}

@test "a redirect is judged like the URL itself" {
  for url in http://10.0.0.1/ file:///etc/passwd "http://[::1]/" http://127.0.0.1.:0/ \
    http://169.254.169.254/; do
    refused fetch "$web/to?$url" "$out"
  done
  # From an address that is allowed to one that is not, on the same port.
  refused examples/fetch --allow 127.0.0.1 "$web/to?${web/127.0.0.1/127.0.0.2}/what" "$out"
  [[ $output == *'127.0.0.2 is not public'* ]]
  run -1 grep ^/what "$folder/requests"
}

@test "five redirects are followed, and no more" {
  head -c 10 /dev/urandom >"$folder/data"
  fetch "$web/to?/to?/to?/to?/to?/f/data" "$out"
  run -4 fetch "$web/loop" "$BATS_TEST_TMPDIR/other"
  [ "$(grep -c loop "$folder/requests")" = 6 ]
}

@test "the name stays in Host, and proxies are not asked" {
  run -0 --separate-stderr env http_proxy=http://127.0.0.1:1 HTTP_PROXY=http://127.0.0.1:1 \
    examples/fetch --allow 127.0.0.0/8 "${web/127.0.0.1/localhost}/what" -
  [ "$output" = "localhost:${web##*:}" ]
}

@test "the address that was judged is the one that is talked to" {
  # A resolver whose second answer is another address: nobody asks it twice.
  run -0 python3 -B - "$web/what" <<-'END'
	import io, socket, sys
	sys.path.insert(0, "examples")
	import fetch
	real, asked = socket.getaddrinfo, []
	def lies(host, port, *rest, **named):
	    asked.append(host)
	    return real("127.0.0.1" if len(asked) == 1 else "127.0.0.2", port,
	                *rest, **named)
	socket.getaddrinfo = lies
	out = io.BytesIO()
	fetch.fetch(sys.argv[1].replace("127.0.0.1", "site.example"), out,
	            allow=fetch.networks("127.0.0.1"))
	print(out.getvalue().decode(), len(asked))
	END
  [ "$output" = "site.example:${web##*:} 1" ]
}

@test "size and time have an end, and nothing half is left" {
  head -c 1001 /dev/zero >"$folder/data"
  refused fetch --max 1000 "$web/f/data" "$out"
  refused fetch --max 1000000 "$web/endless" "$out"
  run -1 timeout 60 examples/fetch --allow 127.0.0.1 --timeout 2 "$web/slow" "$out"
  run -1 fetch "$web/short" "$out"
  [ -z "$(find "$BATS_TEST_TMPDIR" -name 'out*')" ]
}

@test "what may help another time has a status of its own" {
  run -4 fetch "$web/status/404" "$out"
  run -1 fetch "$web/status/503" "$out"
  run -1 fetch "$web/status/429" "$out"
  run -1 fetch http://127.0.0.1:1/ "$out"
  run -2 fetch "$web/what"
}

@test "a certificate that nobody vouches for ends it" {
  openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=localhost -days 2 -addext \
    subjectAltName=DNS:localhost -keyout "$BATS_TEST_TMPDIR/key" -out "$BATS_TEST_TMPDIR/cert" \
    2>/dev/null
  python3 -B - "$BATS_TEST_TMPDIR" 3>&- 4>&- <<-'END' &
	import http.server, os, ssl, sys
	server = http.server.HTTPServer(("127.0.0.1", 0),
	                                http.server.SimpleHTTPRequestHandler)
	context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
	context.load_cert_chain(sys.argv[1] + "/cert", sys.argv[1] + "/key")
	server.socket = context.wrap_socket(server.socket, server_side=True)
	server.handle_error = lambda *_: None
	with open(sys.argv[1] + "/tls.new", "w") as port:
	    port.write(str(server.server_port))
	os.rename(sys.argv[1] + "/tls.new", sys.argv[1] + "/tls")
	server.serve_forever()
	END
  local tls=$! port
  within 10 test -e "$BATS_TEST_TMPDIR/tls"
  port=$(cat "$BATS_TEST_TMPDIR/tls")

  run -4 fetch "https://localhost:$port/LICENSE" "$out"
  echo "$output"
  run -0 env SSL_CERT_FILE="$BATS_TEST_TMPDIR/cert" examples/fetch --allow 127.0.0.1 \
    "https://localhost:$port/LICENSE" "$BATS_TEST_TMPDIR/good"
  # The name is what is verified, not the address it was found at.
  run -4 env SSL_CERT_FILE="$BATS_TEST_TMPDIR/cert" examples/fetch --allow 127.0.0.1 \
    "https://127.0.0.1:$port/LICENSE" "$BATS_TEST_TMPDIR/bad"

  kill "$tls"
  wait "$tls" || true
  cmp LICENSE "$BATS_TEST_TMPDIR/good"
}
