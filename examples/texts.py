"""texts - what a file says, if it is a text: plain, Markdown or HTML.

    title, text = texts.read("notes.md", data)
    line = texts.sum_up(title, text)

Files are anybody's, so nothing here takes longer than once through them:
Python's own html.parser takes minutes for 100 KB of `<a <a <a`.
"""
import html
import os
import re

SUMMARY = 200           # characters
WORD = 200              # characters: longer ones are nobody's

# What is in these is not text.
_UNSEEN = re.compile("</?(script|style|template|noscript|title)(?![a-z0-9-])",
                     re.IGNORECASE)
_TAG = re.compile("</?([a-z][a-z0-9-]*)", re.IGNORECASE)
_INLINE = {"a", "abbr", "b", "code", "em", "i", "mark", "small", "span",
           "strong", "sub", "sup", "u"}


class Unreadable(Exception):
    """Why it is no text."""


def _unescape(text):
    # Numbers beyond all characters, which Python may refuse to read.
    return html.unescape(re.sub(r"&#[xX]?[0-9a-fA-F]{9,};?", "\ufffd", text))


def _end_of(mark, text, start):
    """Where a mark ends that comes after start, or the text."""
    found = text.find(mark, start)
    return len(text) if found < 0 else found + len(mark)


def _html(text):
    title, shown, at = "", [], 0
    while (start := text.find("<", at)) >= 0:
        shown.append(text[at:start])
        tag, unseen = _TAG.match(text, start), _UNSEEN.match(text, start)
        if text.startswith("<!--", start):
            at = _end_of("-->", text, start + 4)
        elif not tag and text[start + 1:start + 2] not in ("!", "?"):
            shown.append("<")
            at = start + 1
        else:
            at = _end_of(">", text, start)
            shown.append("" if tag and tag[1].lower() in _INLINE else "\n\n")
        if unseen and text[start + 1] != "/":
            end = re.compile("</" + unseen[1], re.IGNORECASE).search(text, at)
            inside = text[at:end.start() if end else len(text)]
            title = title or inside * (unseen[1].lower() == "title")
            at += len(inside)
    shown.append(text[at:])
    shown = re.sub("\n{3,}", "\n\n", "".join(shown))
    return _unescape(title), _unescape(shown).strip()


def _markdown(text):
    text = re.sub(r"!?\[([^][]*)\]\([^()\s]*\)", r"\1", text)
    text = re.sub(r"^[ >]*(?:```|~~~).*|[*_`]{1,3}", "", text,
                  flags=re.MULTILINE)
    heading = re.search(r"^#{1,6} +(.+)", text, re.MULTILINE)
    return heading[1].rstrip(" #\r") if heading else "", text


def _plain(text):
    return "", text


_READERS = {"": _plain, ".txt": _plain, ".text": _plain,
            ".md": _markdown, ".markdown": _markdown,
            ".html": _html, ".htm": _html}


def kind_of(name):
    """What a file's name says of how to read it."""
    return os.path.splitext(name)[1].lower()


def read(name, data, cut=False):
    """(title or heading or "", text) of a file in UTF-8.

    cut: data is only the beginning, and its last character may be broken.
    """
    if kind_of(name) not in _READERS:
        raise Unreadable(f"{kind_of(name)} is no kind of text")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if not cut or error.start < len(data) - 3:
            raise Unreadable("it is no text in UTF-8") from None
        text = data[:error.start].decode("utf-8-sig")
    title, text = _READERS[kind_of(name)](text)
    if "\0" in text + title:
        raise Unreadable("it is no text")
    # PostgreSQL takes very long for a very long word with hyphens.
    return title, re.sub(rf"(\S{{{WORD}}})(?=\S)", r"\1 ", text)


def sum_up(title, text):
    """One line: the title, else the first sentence."""
    line = " ".join((title or text.lstrip()[:2000]).split("\n\n")[0].split())
    if not title:
        line = re.match(r".{20,}?[.!?…](?= )|.*", line)[0]
    line = "".join(filter(str.isprintable, line))
    return line if len(line) <= SUMMARY else line[:SUMMARY - 1].rstrip() + "…"
