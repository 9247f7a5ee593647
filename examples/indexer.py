"""indexer - works on the jobs of worker-index: files, into a full-text table.

    telltale_worker.run(indexer.Indexer("/srv/texts", index).work, args)

Jobs may come late, twice, or in another order than the files changed, and to
several workers at once: what counts is what a file is by now.
"""
import errno
import hashlib
import os

import below
import texts
from telltale_worker import Failed, Refused

LIMIT = 1 << 20         # bytes of a file that are read
TOO_LONG = "54000"      # more words than a tsvector has room for
NO_FILE = {errno.ENOENT: "it was deleted before it was read",
           errno.ENOTDIR: "its folder is a link, or gone",
           errno.ELOOP: "it is a link", errno.EISDIR: "it is no regular file",
           errno.ENXIO: "it is no regular file"}

# Also where the content is the same: the file may have been touched.
UNCHANGED = """
update example_index.document as d
   set size = :'size', modified_ns = :'modified'
 where d.path = :'path'
   and d.hash = :'hash'
returning 1"""

STORE = """
insert into example_index.document
       (path, size, modified_ns, hash, skipped, summary, text)
values (:'path', :'size', :'modified', :'hash', nullif(:'skipped', ''),
        :'summary', :'text')
on conflict (path) do update
   set size = excluded.size, modified_ns = excluded.modified_ns,
       hash = excluded.hash, skipped = excluded.skipped,
       summary = excluded.summary, text = excluded.text, indexed_at = now()"""


class Skipped(Exception):
    """Why there is nothing to be done."""


class Indexer:
    """What makes the index agree with the files of a folder."""

    def __init__(self, root, index):
        self.root, self.index = root, index

    def work(self, job):
        """A job: what is told of it names the file as it is called now."""
        paths = [job.file_path]
        if job.type == "move":
            payload = job.payload if isinstance(job.payload, dict) else {}
            paths.append(payload.get("dest_path"))
        told = str(paths[-1] or "")[:4096]
        named = {"path": told, "filename": os.path.basename(told)}
        try:
            action = getattr(self, "job_" + job.type)
            job.complete(result=action(job, *map(self._path_of, paths)))
        except Skipped as reason:
            job.publish("file_skipped", reason=str(reason), **named)
            job.complete(result={"skipped": str(reason)})
        except Failed as error:
            job.publish("file_failed", error=str(error), **named)
            raise

    def job_index(self, job, path, times=3):
        """A file is new, or changed."""
        data, info = self._read(path)
        # The same bytes under another name may be read in another way.
        digest = hashlib.sha256(texts.kind_of(path).encode() + b"\0" + data)
        row = {"path": path, "hash": digest.hexdigest(), "size": info.st_size,
               "modified": info.st_mtime_ns, "skipped": "", "summary": ""}
        if self._ask(UNCHANGED, **row):
            raise Skipped("unchanged")
        result = self._take_in(job, path, data, row)
        # Another worker may have been faster with what came after.  A file that
        # changes all the time has a job to come.
        if times > 1 and self._has_changed(path, info):
            return self.job_index(job, path, times - 1)
        if row["skipped"]:
            raise Skipped(row["skipped"])
        return result

    def _take_in(self, job, path, data, row):
        """What was read of a file, step by step."""
        def step(opcode, percent):
            job.publish(opcode, path=path, filename=os.path.basename(path))
            job.progress(percent, opcode.replace("_", " "))

        step("file_parsing", 10)
        cut = len(data) < row["size"]
        try:
            title, text = texts.read(path, data, cut)
        except texts.Unreadable as error:
            # So that the next start knows of it.
            row["skipped"] = str(error)
            return self._store(row, "")
        step("file_parsed", 40)
        step("file_summarizing", 50)
        row["summary"] = texts.sum_up(title, text)
        step("file_summarized", 60)
        # What stands for the file's meaning here is not the vector of a model,
        # but the words that PostgreSQL finds: it makes them with the row.
        step("file_embedding", 70)
        job.during(self._store, row, text)
        step("file_embedded", 90)
        step("file_complete", 95)
        return {"summary": row["summary"], "bytes": len(data), "cut": cut}

    def job_delete(self, job, path):
        """A file is gone, unless there is another by now."""
        if not os.path.lexists(path):
            self._remove(path)
        if os.path.lexists(path):
            return self.job_index(job, path)
        return {}

    def job_move(self, job, path, dest):
        """A file has another name: what is known of it gets that, too."""
        if not os.path.lexists(path):
            self._remove(dest)
            self._ask("update example_index.document set path = :'dest'"
                      " where path = :'path'", dest=dest, path=path)
        return self.job_index(job, dest)

    def _path_of(self, path):
        """A path of a job's, if it is below the root, and not hidden."""
        try:
            parts = below.parts_of(self.root, str(path or ""))
        except below.Outside as error:
            raise Failed(str(error), "OUTSIDE") from None
        if any(part.startswith(".") for part in parts):
            raise Failed(f"{path} is hidden", "OUTSIDE")
        return os.path.join(self.root, *parts)

    def _read(self, path):
        """(the first of a file's bytes, what the system knows of it)."""
        try:
            with below.folder_of(self.root, path) as (folder, name), \
                    open(below.open_file(folder, name), "rb") as file:
                return file.read(LIMIT), os.fstat(file.fileno())
        except OSError as error:
            if error.errno not in NO_FILE:
                raise Failed("it cannot be read: " + error.strerror,
                             "UNREADABLE") from error
            reason = Skipped(NO_FILE[error.errno])
        self._remove(path)
        raise reason

    @staticmethod
    def _has_changed(path, info):
        """Is there something else now than what was read, or nothing?"""
        try:
            now = os.lstat(path)
        except OSError:
            return True
        return (now.st_ino, now.st_size, now.st_mtime_ns) != (
            info.st_ino, info.st_size, info.st_mtime_ns)

    def _store(self, row, text):
        """A row, with as much of the text as there is room for."""
        while True:
            try:
                self._ask(STORE, text=text, **row)
                return
            except Refused as error:
                if not text:
                    raise Failed(f"the index: {error}",
                                 "INDEX_ERROR") from error
            text = text[:len(text) // 2]

    def _remove(self, path):
        self._ask("delete from example_index.document where path = :'path'",
                  path=path)

    def _ask(self, sql, **values):
        try:
            return self.index.insist(sql, **values)
        except Refused as error:
            if error.state == TOO_LONG:
                raise
            raise Failed(f"the index: {error}", "INDEX_ERROR", True) from error
