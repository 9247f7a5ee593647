"""watcher - tells an account what happens in a folder, and queues its files.

    watcher.Watcher("/srv/texts", "demo", known, dsn).run()

known has the files of the index: {path: (size, modified in ns)}.  What is
there is compared with it at the start, and again after events were lost; so
an event is only a hint to look, and one that comes late, or for a file that
is gone again, does no harm.
"""
import errno
import json
import os
import stat
import threading

import inotify
import telltale_worker
from telltale_worker import Away, say

BATCH = 1000            # what is said in one transaction, at most
HALF = 0.2              # seconds that the other half of a move may take

# An event or a job each, in their order.
SAY = """
select count(case when s.said ? 'opcode' then
           (select '' from telltale.publish(:'account', s.said->>'opcode',
                                            s.said->'data'))
       else telltale.submit(:'account', s.said->'payload'->>'action',
                s.said->'payload', file_path => s.said->>'path')
       end)
  from (select e.said
          from jsonb_array_elements(:'said') with ordinality as e (said, n)
         order by e.n) as s"""


class Gone(Exception):
    """The folder that is watched is there no more."""


class Watcher:
    """One folder, and all below it; what begins with a dot is left alone."""

    def __init__(self, root, account, known, dsn):
        self.root, self.account = root, account
        self._files = dict(known)       # None: new, and still being written
        self._watches = inotify.Watches()
        self._database = telltale_worker.Database(dsn)
        self._ended = threading.Event()
        self._said = []
        self._left = None               # the first half of a move

    def end(self):
        """Stop watching; to be called by anybody."""
        self._ended.set()
        self._watches.end()

    def run(self):
        """Watch until end() is called; raises Gone, OSError, Refused."""
        try:
            self._tell("watch_started", path=self.root, recursive=True)
            self._look_at_all()
            self._send()
            while (events := self._watches.read(
                    HALF if self._left else None)) is not None:
                for event in events:
                    self._take(event)
                if not events:
                    self._settle()
                self._send()
        finally:
            for folder in self._watches.forget(self.root):
                self._tell("watch_removed", path=folder)
            self._send()
            self._database.close()

    # --- what is said --------------------------------------------------------

    def _tell(self, opcode, **data):
        self._say({"opcode": opcode, "data": data})

    def _queue(self, action, path, **more):
        self._say({"path": path, "payload": {"action": action, **more}})

    def _say(self, what):
        self._said.append(what)
        if len(self._said) >= BATCH:
            self._send()

    def _send(self):
        """Say it all: later, if the database is away."""
        said, self._said = self._said, []
        told = False
        while said:
            try:
                self._database.insist(SAY, account=self.account,
                                      said=json.dumps(said))
                return
            except Away:
                if not told:
                    say("the database is away: what happens is told later")
                told = True
                if self._ended.wait(1):
                    return

    # --- what happens --------------------------------------------------------

    def _take(self, event):
        """An event."""
        left, self._left = self._left, None
        if left and event.what & inotify.MOVED_TO \
                and event.cookie == left.cookie:
            self._moved(left, event)
            return
        if left:
            self._vanished(left)
        if event.what & inotify.OVERFLOW:
            say("more happened than could be followed: looking at all of it")
            self._look_at_all()
        elif event.own:
            self._happened_to_root(event)
        elif event.what & inotify.MOVED_FROM:
            self._left = event
        elif event.what & inotify.DELETE:
            self._vanished(event)
        elif not self._is_ours(event.path, event.what & inotify.CLOSE_WRITE):
            pass
        elif event.what & inotify.IS_FOLDER:
            self._scan(event.path)
        else:
            self._look(event.path, event.what & inotify.CREATE)

    def _settle(self):
        """Nothing else comes: who left has left for good."""
        if self._left:
            left, self._left = self._left, None
            self._vanished(left)

    def _happened_to_root(self, event):
        if event.path == self.root and event.what & (
                inotify.DELETE_SELF | inotify.MOVE_SELF | inotify.UNMOUNT):
            self._tell("directory_deleted", path=self.root)
            raise Gone(f"{self.root} is there no more")

    def _vanished(self, event):
        """Deleted, or moved to where we do not look."""
        if not event.what & inotify.IS_FOLDER:
            if event.path in self._files:
                self._look(event.path)
            return
        folders = self._watches.forget(event.path)
        if not folders:
            return
        # A folder that is deleted has been emptied before.
        if event.what & inotify.MOVED_FROM:
            for path in self._below(event.path):
                self._file_gone(path)
        for folder in folders:
            self._tell("watch_removed", path=folder)
        self._tell("directory_deleted", path=event.path)

    def _moved(self, left, event):
        """Something has another name."""
        source, dest = left.path, event.path
        if not self._is_ours(dest):
            self._vanished(left)
        elif event.what & inotify.IS_FOLDER:
            self._folder_moved(source, dest)
        elif source in self._files:
            self._files[dest] = self._files.pop(source)
            self._tell("file_moved", src_path=source, dest_path=dest)
            self._queue("move", source, dest_path=dest)
        else:
            self._look(dest)

    def _folder_moved(self, source, dest):
        folders = self._watches.forget(source)
        if folders:
            self._tell("directory_moved", src_path=source, dest_path=dest)
        for path in self._below(source):
            moved = dest + path[len(source):]
            self._files[moved] = self._files.pop(path)
            self._queue("move", path, dest_path=moved)
        for folder in folders:
            self._tell("watch_removed", path=folder)
        # What happened since was told of the watches that were removed.
        files, _ = self._scan(dest)
        for path in set(self._below(dest)) - files:
            self._file_gone(path)

    # --- what is there -------------------------------------------------------

    def _is_ours(self, path, told=False):
        """Is it to be looked at?  told: somebody knows already if it is not."""
        name = os.path.basename(path)
        if name.startswith("."):
            return False
        try:
            name.encode()
            return True
        except UnicodeEncodeError:
            shown = os.fsencode(path).decode(errors="backslashreplace")
            if not told:
                self._tell("file_skipped", path=shown,
                           filename=os.path.basename(shown),
                           reason="its name is not in UTF-8")
            return False

    def _below(self, folder):
        return [path for path in self._files if path.startswith(folder + "/")]

    def _look_at_all(self):
        """Compare all that is there with what is known."""
        files, folders = self._scan(self.root)
        for path in set(self._files) - files:
            self._file_gone(path)
        for folder in sorted(set(self._watches.paths.values()) - folders):
            for each in self._watches.forget(folder):
                self._tell("watch_removed", path=each)
                self._tell("directory_deleted", path=each)

    def _scan(self, top):
        """Watch a folder and all below it: the files and folders there."""
        self._tell("directory_processing_started", path=top)
        files, folders, left = set(), set(), [top]
        while left:
            folder = left.pop()
            try:
                # First watched, then listed: nothing can come between.
                if self._watches.add(folder):
                    self._tell("watch_added", path=folder)
                with os.scandir(folder) as listed:
                    entries = list(listed)
            except OSError as error:
                self._cannot(folder, error)
                continue
            folders.add(folder)
            for entry in entries:
                if self._is_ours(entry.path):
                    if entry.is_dir(follow_symlinks=False):
                        left.append(entry.path)
                    elif self._look(entry.path):
                        files.add(entry.path)
        self._tell("directory_processing_completed", path=top)
        return files, folders

    def _cannot(self, folder, error):
        """A folder that cannot be watched is told of, unless it is gone."""
        if folder == self.root or error.errno in (errno.ENOSPC, errno.EMFILE):
            raise error
        if error.errno not in (errno.ENOENT, errno.ENOTDIR):
            self._tell("error", message=f"{folder}: {error.strerror}")

    def _look(self, path, new=False):
        """A file that may be new, changed or gone: is it there?"""
        try:
            info = os.lstat(path)
        except OSError:
            info = None
        if not info or not stat.S_ISREG(info.st_mode):
            self._file_gone(path)
            return False
        version = info.st_size, info.st_mtime_ns
        known = path in self._files
        if not known:
            self._tell("file_created", path=path)
            # Somebody has it open, or its name is its second: then it is
            # whole.
            if new and info.st_size == 0 and info.st_nlink == 1:
                self._files[path] = None
                return True
        elif self._files[path] == version:
            return True
        elif self._files[path]:
            self._tell("file_modified", path=path)
        self._files[path] = version
        self._queue("index", path)
        return True

    def _file_gone(self, path):
        if path in self._files:
            del self._files[path]
            self._tell("file_deleted", path=path)
            self._queue("delete", path)
