"""The repository as the lint rules see it, and C taken apart just enough."""
import functools
import os
import pathlib
import re

SKIPPED_FOLDERS = {".git", "build", "__pycache__", "tmp", "node_modules"}
LAYERS = ("base", "state", "probes", "alerting", "agent")

# Comments, strings and character constants, in this order of precedence.
OPAQUE = re.compile(
    r"//[^\n]*|/\*.*?\*/|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", re.S)
INCLUDE = re.compile(r"^[ \t]*#[ \t]*include[ \t]+([<\"])([^>\"\n]+)[>\"]", re.M)
# The house style puts a function's name at the start of a line.
FUNCTION = re.compile(r"^([A-Za-z_]\w*)\(([^;{}]*?)\)\s*^\{", re.M | re.S)


def blank(match):
    """White space of the same shape: lines and columns stay what they are."""
    return re.sub(r"[^\n]", " ", match.group())


def blank_comment(match):
    return blank(match) if match.group().startswith("/") else match.group()


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


class Source:
    """One C file: its text, and the same without comments and strings."""

    def __init__(self, path, text):
        self.path = path
        self.text = text
        self.code = OPAQUE.sub(blank, text)
        self.uncommented = OPAQUE.sub(blank_comment, text)

    def includes(self):
        """(line, is_quoted, name) of each include."""
        for match in INCLUDE.finditer(self.uncommented):
            yield (line_of(self.text, match.start(1)), match.group(1) == '"',
                   match.group(2))

    def comments(self):
        """(line, text) of each comment."""
        for match in OPAQUE.finditer(self.text):
            if match.group().startswith("/"):
                yield line_of(self.text, match.start()), match.group()

    def functions(self):
        """(line, name, number of parameters, number of lines) of each
        definition; the lines are those from its name to its closing brace."""
        for match in FUNCTION.finditer(self.code):
            end = self.code.find("\n}", match.end())
            if end < 0:
                continue
            first = line_of(self.code, match.start())
            last = line_of(self.code, end + 1)
            yield first, match.group(1), parameters(match.group(2)), \
                last - first + 1


def parameters(text):
    depth, count = 0, 1
    for char in text:
        depth += (char == "(") - (char == ")")
        count += char == "," and depth == 0
    return 0 if text.strip() in ("", "void") else count


class Tree:
    """Files are named by their path below the root, with '/'."""

    def __init__(self, root):
        self.root = pathlib.Path(root).resolve()
        self.files = sorted(self.walk())

    def walk(self):
        for folder, folders, names in os.walk(self.root):
            folders[:] = [f for f in folders if f not in SKIPPED_FOLDERS]
            for name in names:
                path = pathlib.Path(folder, name)
                if path.is_file():
                    yield path.relative_to(self.root).as_posix()

    def path(self, name):
        return self.root / name

    def exists(self, name):
        return (self.root / name).exists()

    def glob(self, pattern):
        return list(self.root.glob(pattern))

    @functools.lru_cache(maxsize=None)
    def text(self, name):
        """None for what is not text."""
        try:
            return self.path(name).read_bytes().decode("utf-8")
        except UnicodeDecodeError:
            return None

    @functools.lru_cache(maxsize=None)
    def source(self, name):
        return Source(name, self.text(name) or "")

    def c_files(self, *suffixes):
        for name in self.files:
            if name.endswith(suffixes or (".c", ".h")):
                yield self.source(name)

    def product(self):
        """The C files of the layers, without tests."""
        for source in self.c_files():
            if source.path.split("/")[0] in LAYERS:
                yield source

    def shebang(self, name):
        text = self.text(name)
        return text.split("\n", 1)[0] if text and text.startswith("#!") else ""
