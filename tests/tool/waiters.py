#!/usr/bin/env python3
"""Many who wait for a report at once.

waiters.py N: sends N synchronous checks with $TELLTALE_KEY to $TELLTALE_URL,
says "sent" when all are, and then how many answers there were of each status.
"""

import collections
import json
import os
import socket
import sys
import urllib.parse

N = int(sys.argv[1])
URL = urllib.parse.urlsplit(os.environ["TELLTALE_URL"])
BODY = json.dumps({
    "jurisdictions": ["us"], "platforms": ["youtube"],
    "content": {"text": "x"}, "mode": "fast"}).encode()
HEAD = (f"POST /v1/compliance/check HTTP/1.1\r\nHost: {URL.netloc}\r\n"
        f"Authorization: Bearer {os.environ['TELLTALE_KEY']}\r\n"
        f"Content-Type: application/json\r\nConnection: close\r\n"
        f"Content-Length: {len(BODY)}\r\n\r\n").encode()

waiting = []
for _ in range(N):
    link = socket.create_connection((URL.hostname, URL.port), 30)
    link.sendall(HEAD + BODY)
    waiting.append(link)
print("sent", flush=True)

seen = collections.Counter()
for link in waiting:
    answer = b""
    link.settimeout(240)
    while chunk := link.recv(65536):
        answer += chunk
    seen[answer[9:12].decode()] += b'"points": 7' in answer or \
        b'"points":7' in answer
print(*(f"{status} {n}" for status, n in sorted(seen.items())))
