#!/usr/bin/env python3
"""Streams read line by line, with nothing but Python's standard library.

	lines.py NAME=PATH...

A name that begins with keyed- is a stream that is asked for with the key.
"""
import http.client
import json
import os
import sys
import threading
import time
import urllib.request

TEXTS = {
    'connected': 'Connected: {clientId}',
    'job:progress': 'Job {jobId}: {progress}%',
    'job:completed': 'Done: {jobId}',
    'job:error': 'Job {jobId} failed: {error}',
    'update': '[{opcode}] {data[id]}',
}


# A line is one write, because the threads write side by side.
def say(line):
    print(line + '\n', end='', flush=True)


class Stream:
    def __init__(self, name, path):
        self.name = name
        self.url = os.environ['TELLTALE_URL'] + path
        self.headers = {'Accept': 'text/event-stream'}
        self.retry = 1
        if name.startswith('keyed-'):
            self.headers['Authorization'] = 'Bearer ' + os.environ['TELLTALE_KEY']

    def tell(self, event):
        """A blank line: what came before it is whole."""
        if 'retry' in event:
            self.retry = int(event['retry']) / 1000
        if 'id' in event:
            self.headers['Last-Event-ID'] = event['id']
        if event.get('event') in TEXTS:
            text = TEXTS[event['event']].format(**json.loads(event['data']))
            say(f"{self.name} {event.get('id', '-')} {text}")

    def read(self):
        request = urllib.request.Request(self.url, headers=self.headers)
        event = {}
        with urllib.request.urlopen(request, timeout=60) as response:
            say(f'{self.name} - open')
            for line in response:
                field, _, value = line.decode().rstrip('\n').partition(': ')
                if field:
                    event[field] = value
                elif not value:
                    self.tell(event)
                    event = {}

    def follow(self):
        while True:
            try:
                self.read()
            except (OSError, http.client.HTTPException) as error:
                print(f'{self.name}: {error!r}', file=sys.stderr)
            time.sleep(self.retry)


for word in sys.argv[1:]:
    threading.Thread(target=Stream(*word.split('=', 1)).follow).start()
