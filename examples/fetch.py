#!/usr/bin/env python3
"""fetch - bring what a stranger's URL names, without being led astray.

    fetch [--max BYTES] [--timeout SECONDS] [--allow NETWORKS] URL FILE

A URL of a client may name a machine that only you can reach: a router, a
database, the metadata of a cloud.  So http and https only; no user name; a
host is looked up once, each of its addresses is judged by the table that the
webhooks use (lib/base/public.c), and the connection goes to an address that
passed, without a second look at the name.  So for each of up to 5 redirects.
Certificates are verified, proxies are not used, size and time have an end.

FILE may be - for standard output.  --allow takes networks that may be reached
though they are not public, such as 10.1.0.0/16; by default those of
TELLTALE_WEBHOOK_ALLOW.

Exit: 0; 1 it was not brought, and trying again may help; 2 usage; 4 it is no
use: refused, too large, not there.

As a module, beside your program (Python 3.9 or newer, its standard library
and nothing else):

    import fetch
    with open("film", "wb") as out:
        fetch.fetch(url, out, limit=300 << 20)      # raises fetch.Error
"""
import argparse
import http.client
import ipaddress
import os
import re
import socket
import ssl
import sys
import threading
import time
import urllib.parse

REDIRECTS = 5
URL_MAX = 2048
SILENCE = 15            # seconds that the other side may take for anything
CHUNK = 65536

# The table of lib/base/public.c; tests/examples/fetch.bats compares them.
SPECIAL = [ipaddress.ip_network(text) for text in """
    0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16
    172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 192.88.99.0/24 192.168.0.0/16
    198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4
    ::/96 64:ff9b:1::/48 100::/64 2001::/23 2001:db8::/32 3fff::/20 5f00::/16
    fc00::/7 fe80::/10 fec0::/10 ff00::/8
    """.split()]

# IPv6 networks in which an IPv4 address stands, and from which byte.
CARRIERS = [(ipaddress.ip_network(text), at) for text, at in (
    ("::ffff:0:0/96", 12), ("64:ff9b::/96", 12), ("2002::/16", 2))]


class Error(Exception):
    """Why nothing came.  retryable: another time it may."""

    def __init__(self, message, retryable=False):
        super().__init__(message)
        self.retryable = retryable


class TooLarge(Error):
    """There is more of it than was asked for."""


# --- which addresses ---------------------------------------------------------

def _carried(address):
    """The IPv4 address that an IPv6 address stands for, or itself."""
    for network, at in CARRIERS:
        if address.version == 6 and address in network:
            return ipaddress.IPv4Address(address.packed[at:at + 4])
    return address


def is_public(text):
    """May a stranger make us talk to this address?"""
    address = _carried(ipaddress.ip_address(text))
    return not any(address in network for network in SPECIAL)


def networks(text):
    """A list out of networks separated by commas or blanks."""
    return [ipaddress.ip_network(word)
            for word in text.replace(",", " ").split()]


def _is_allowed(text, allow):
    address = ipaddress.ip_address(text)
    if address.version == 6 and address.ipv4_mapped:
        address = address.ipv4_mapped
    return is_public(text) or any(address in network for network in allow)


def look_up(host, port, seconds):
    """What the resolver has for a host, if it has it soon."""
    found = []

    def resolve():
        try:
            found.append(socket.getaddrinfo(host, port,
                                            type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            found.append(error)

    thread = threading.Thread(target=resolve, daemon=True)
    thread.start()
    thread.join(max(0, min(SILENCE, seconds)))
    if not found:
        raise Error(f"{host}: the name is not found in time", True)
    if isinstance(found[0], Exception):
        again = getattr(found[0], "errno", None) == socket.EAI_AGAIN
        raise Error(f"{host}: no such name", again)
    return found[0]


# --- which URLs --------------------------------------------------------------

def split(url):
    """(scheme, host, port, target) of a URL that may be asked for."""
    if len(url.encode(errors="replace")) > URL_MAX:
        raise Error(f"a URL of more than {URL_MAX} bytes")
    if re.search(r"[\x00-\x20\x7f\\]", url):
        raise Error("a URL with blanks, control characters or backslashes")
    try:
        parts = urllib.parse.urlsplit(url)
        port = parts.port
        host = parts.hostname or ""
    except ValueError:
        raise Error("a URL that is malformed") from None
    if parts.scheme not in ("http", "https"):
        raise Error("a URL that is neither http nor https")
    if port == 0 or not re.fullmatch(
            r"(\[[0-9A-Fa-f:.]+\]|[^][:@%]+)(:[0-9]{1,5})?", parts.netloc):
        raise Error("a URL with a user name, or without a proper host")
    if not host.isascii():
        try:
            host = host.encode("idna").decode()
        except UnicodeError:
            raise Error("a URL with a host that cannot be") from None
    target = parts.path or "/"
    if parts.query:
        target += "?" + parts.query
    return (parts.scheme, host,
            port or (443 if parts.scheme == "https" else 80),
            urllib.parse.quote(target, safe="%/:=&?~#+!$,;'@()*[]"))


# --- one request -------------------------------------------------------------

class _Connection(http.client.HTTPConnection):
    """To an address that was judged; the name is for Host and TLS only."""

    def __init__(self, scheme, host, port, allow, deadline):
        self.default_port = 443 if scheme == "https" else 80
        super().__init__(host, port, timeout=SILENCE)
        self.allow = allow
        self.deadline = deadline
        self.context = None
        if scheme == "https":
            self.context = ssl.create_default_context()
            self.context.set_alpn_protocols(["http/1.1"])

    def connect(self):
        why = None
        answers = look_up(self.host, self.port, self.deadline - time.time())
        for family, kind, protocol, _, address in answers:
            if not _is_allowed(address[0], self.allow):
                why = why or Error(f"{self.host}: {address[0]} is not public")
                continue
            self.sock = socket.socket(family, kind, protocol)
            self.sock.settimeout(min(
                SILENCE, max(0.1, self.deadline - time.time())))
            try:
                self.sock.connect(address)
                break
            except OSError as error:
                why = Error(f"{self.host}: {error.strerror or error}", True)
                self.sock.close()
        else:
            raise why or Error(f"{self.host}: no address", True)
        self._watch()
        if self.context:
            self.sock = self.context.wrap_socket(
                self.sock, server_hostname=self.host.rstrip("."))

    def _watch(self):
        """Whoever sends a byte now and then ends at the deadline too."""
        self.guard = self.sock.dup()
        self.timer = threading.Timer(
            max(0, self.deadline - time.time()), self._cut)
        self.timer.daemon = True
        self.timer.start()

    def _cut(self):
        try:
            self.guard.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def finish(self):
        """close() is called while the answer is still to be read."""
        self.close()
        if hasattr(self, "timer"):
            self.timer.cancel()
            self.timer.join()
            self.guard.close()


def _copy(answer, out, limit, told):
    """The body into a file; its length."""
    wanted = answer.getheader("Content-Length")
    wanted = int(wanted) if wanted and wanted.isdigit() else None
    if wanted is not None and wanted > limit:
        raise TooLarge(f"{wanted} bytes: more than {limit}")
    length = 0
    while True:
        data = answer.read(CHUNK)
        if not data:
            break
        length += len(data)
        if length > limit:
            raise TooLarge(f"more than {limit} bytes")
        out.write(data)
        if told:
            told(length, wanted)
    if wanted is not None and length < wanted:
        raise Error(f"{length} of {wanted} bytes came", True)
    return length


def _ask(url, out, limit, allow, deadline, told):
    """(None, length) when all of it came, or (where else to look, 0)."""
    scheme, host, port, target = split(url)
    connection = _Connection(scheme, host, port, allow, deadline)
    try:
        connection.request("GET", target, headers={
            "Accept": "*/*", "Accept-Encoding": "identity",
            "User-Agent": "telltale-fetch", "Connection": "close"})
        answer = connection.getresponse()
        if answer.status in (301, 302, 303, 307, 308):
            where = answer.getheader("Location")
            if not where:
                raise Error(f"{host}: a redirect to nowhere")
            return urllib.parse.urljoin(url, where), 0
        if answer.status != 200:
            raise Error(f"{host}: status {answer.status}",
                        answer.status >= 500
                        or answer.status in (408, 425, 429))
        length = _copy(answer, out, limit, told)
        # An end without a length may be the deadline's.
        if time.time() >= deadline:
            raise Error(f"{host}: not all of it came in time", True)
        return None, length
    except ssl.SSLCertVerificationError as error:
        raise Error(f"{host}: {error.verify_message}") from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        if time.time() >= deadline:
            raise Error(f"{host}: not all of it came in time", True) from error
        raise Error(f"{host}: {error or type(error).__name__}",
                    True) from error
    finally:
        connection.finish()


def fetch(url, out, limit=300 << 20, seconds=300, allow=None, told=None):
    """Write what a URL names into an open binary file; its length.

    limit    bytes, and no more
    seconds  for all of it, redirects too
    allow    networks that may be reached though they are not public;
             None for those of TELLTALE_WEBHOOK_ALLOW
    told     called with (bytes so far, bytes in all or None) as they come;
             what it raises ends the transfer
    """
    if allow is None:
        allow = networks(os.environ.get("TELLTALE_WEBHOOK_ALLOW", ""))
    deadline = time.time() + seconds
    for _ in range(REDIRECTS + 1):
        try:
            url, length = _ask(url, out, limit, allow, deadline, told)
        except UnicodeError:
            raise Error("a URL that is malformed") from None
        if url is None:
            return length
    raise Error(f"more than {REDIRECTS} redirects")


def main():
    """The command."""
    parser = argparse.ArgumentParser(
        prog="fetch", description=__doc__.split("\n\nAs a module")[0],
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--max", type=int, default=300 << 20, metavar="BYTES")
    parser.add_argument("--timeout", type=float, default=300,
                        metavar="SECONDS")
    parser.add_argument("--allow", metavar="NETWORKS", type=networks)
    parser.add_argument("url", metavar="URL")
    parser.add_argument("file", metavar="FILE")
    args = parser.parse_args()
    try:
        if args.file == "-":
            fetch(args.url, sys.stdout.buffer, args.max, args.timeout,
                  args.allow)
            return 0
        part = f"{args.file}.{os.getpid()}.part"
        try:
            with open(part, "xb") as out:
                fetch(args.url, out, args.max, args.timeout, args.allow)
            os.replace(part, args.file)
        finally:
            if os.path.exists(part):
                os.unlink(part)
    except Error as error:
        print(f"fetch: {error}", file=sys.stderr)
        return 1 if error.retryable else 4
    except OSError as error:
        print(f"fetch: {error.strerror}: {error.filename or args.file}",
              file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
