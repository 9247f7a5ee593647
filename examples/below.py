"""below - a file below a folder, and never one outside.

    with below.folder_of("/srv/films", job.file_path) as (folder, name):
        file = below.open_file(folder, name)

A job's file_path is what a client has sent.  Here it is taken part by part,
each opened in the one before: no link is followed and no `..` goes up, not
even if somebody renames things meanwhile.  Linux, and Python's standard
library.
"""
import contextlib
import errno
import os
import stat


class Outside(Exception):
    """That path does not lead to anything below the folder."""


def parts_of(root, path):
    """The names that lead from a folder, of a real path, to a file below."""
    if os.path.isabs(path):
        start = os.path.join(root, "")
        if not path.startswith(start):
            raise Outside(f"{path} is not in the folder of this worker")
        path = path[len(start):]
    parts = path.split("/")
    if "\0" in path or {"", ".", ".."} & set(parts):
        raise Outside(f"{path!r} leads to no file of this worker's folder")
    return parts


@contextlib.contextmanager
def folder_of(root, path):
    """(the descriptor of the folder that a file is in, the file's name)."""
    *folders, name = parts_of(root, path)
    at = os.open(root, os.O_PATH | os.O_DIRECTORY)
    try:
        for folder in folders:
            above = at
            at = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW,
                         dir_fd=above)
            os.close(above)
        yield at, name
    finally:
        os.close(at)


def open_file(folder, name):
    """The descriptor of a regular file; OSError if it is something else."""
    # Nonblocking: a pipe would wait for a writer.
    file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK,
                   dir_fd=folder)
    if not stat.S_ISREG(os.fstat(file).st_mode):
        os.close(file)
        raise IsADirectoryError(errno.EISDIR, "not a regular file", name)
    return file
