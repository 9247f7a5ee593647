"""inotify - what happens in folders, as Linux tells it.

    watches = inotify.Watches()
    watches.add("/srv/texts")
    while (events := watches.read()) is not None:
        for event in events:
            print(event.path, event.what & inotify.CREATE)

A folder of which add() has returned is watched: list it now, and what the
list does not have will be an event.  (`inotifywait -r` lists first: of a tree
that is being unpacked it never sees some folders.)  Folders below are not
watched by themselves.  Python's standard library, and the C library.
"""
import collections
import ctypes
import errno
import os
import select
import struct

CLOSE_WRITE, MOVED_FROM, MOVED_TO = 0x8, 0x40, 0x80
CREATE, DELETE, DELETE_SELF, MOVE_SELF = 0x100, 0x200, 0x400, 0x800
UNMOUNT, OVERFLOW, IS_FOLDER = 0x2000, 0x4000, 0x40000000
_ASKED = (CLOSE_WRITE | MOVED_FROM | MOVED_TO | CREATE | DELETE
          | DELETE_SELF | MOVE_SELF)
_ONLY_FOLDERS, _NO_LINKS = 0x1000000, 0x2000000
_HEAD = struct.Struct("iIII")

# what: of the numbers above; cookie: the same in the two halves of a move;
# path: of what it happened to, None of an overflow; own: to a watched folder
# itself.
Event = collections.namedtuple("Event", "what cookie path own")

_HELP = {
    errno.ENOSPC: "too many folders: raise fs.inotify.max_user_watches",
    errno.EMFILE: "too many watchers: raise fs.inotify.max_user_instances"}

_libc = ctypes.CDLL(None, use_errno=True)


def _checked(result, path=None):
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, _HELP.get(number, os.strerror(number)), path)
    return result


class Watches:
    """Watched folders, by their paths."""

    def __init__(self):
        self._file = _checked(_libc.inotify_init1(os.O_CLOEXEC
                                                  | os.O_NONBLOCK))
        self._end = os.pipe()
        self.paths = {}                 # by the number of the watch

    def add(self, path):
        """Watch a folder: True if that is new, OSError if it cannot be."""
        watch = _checked(_libc.inotify_add_watch(
            self._file, os.fsencode(path),
            _ASKED | _ONLY_FOLDERS | _NO_LINKS), path)
        new = self.paths.get(watch) != path
        self.paths[watch] = path
        return new

    def forget(self, path):
        """Watch a folder and all below it no more: their paths."""
        gone = {watch: each for watch, each in self.paths.items()
                if each == path or each.startswith(path + "/")}
        for watch in gone:
            # The kernel may have forgotten it, with the folder.
            _libc.inotify_rm_watch(self._file, watch)
            del self.paths[watch]
        return sorted(gone.values(), reverse=True)

    def end(self):
        """read() returns None from now on; to be called by anybody."""
        os.write(self._end[1], b".")

    def read(self, seconds=None):
        """The next events, as a list; empty if there are none for so long."""
        ready = select.select([self._file, self._end[0]], [], [], seconds)[0]
        if self._end[0] in ready:
            return None
        data, at, events = b"", 0, []
        if ready:
            data = os.read(self._file, 65536)
        while at < len(data):
            watch, what, cookie, length = _HEAD.unpack_from(data, at)
            at += _HEAD.size
            name = os.fsdecode(data[at:at + length].rstrip(b"\0"))
            at += length
            if what & OVERFLOW:
                events.append(Event(what, 0, None, False))
            elif watch in self.paths:
                path = self.paths[watch]
                events.append(Event(
                    what, cookie, os.path.join(path, name) if name else path,
                    not name))
        return events
