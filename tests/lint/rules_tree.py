"""Rules about the repository: kinds, pages, links, scripts."""
import os
import re
import subprocess
import urllib.parse

from tree import line_of

# ---- kinds ----------------------------------------------------------------

KINDS = (  # macro, the table, the folder of sources, the folder of pages
    ("PROBE", "probes/kinds.def", "probes", "docs/probes"),
    ("CHANNEL", "alerting/kinds.def", "alerting", "docs/channels"),
)


def kinds(tree):
    """each kind has its source, its page and its test, and no page is stale"""
    for macro, table, sources, pages in KINDS:
        text = tree.text(table) if tree.exists(table) else None
        if text is None:
            yield table, 1, "the table of kinds is missing"
            continue
        named = set()
        for match in re.finditer(rf"^{macro}\((\w+)\)", text, re.M):
            kind, line = match.group(1), line_of(text, match.start())
            named.add(kind)
            if not tree.exists(f"{sources}/{kind}.c"):
                yield table, line, f"{kind} has no {sources}/{kind}.c"
            if not tree.exists(f"{pages}/{kind}.md"):
                yield table, line, f"{kind} has no page {pages}/{kind}.md"
            if not tree.glob(f"tests/unit/test_{kind}*.c") and \
                    not tree.glob(f"tests/golden/{kind}/*"):
                yield table, line, \
                    f"{kind} has no tests/unit/test_{kind}*.c and no " \
                    f"tests/golden/{kind}/"
        for name in tree.files:
            folder, _, file = name.rpartition("/")
            if folder == pages and file.endswith(".md") and \
                    file[:-3] not in named | {"README"}:
                yield name, 1, f"{table} names no kind {file[:-3]}"


# ---- private --------------------------------------------------------------

# Paths of one person's or one machine's file system.
OWN_PATH = re.compile(
    r"(?<![\w./*-])/(?:home|Users|work|workspace|mnt|media)/[\w.-]+")
TICKET = re.compile(r"\b[Ii]ssue #?\d+\b")


def private(tree):
    """nothing depends on, or speaks of, one machine or one tracker"""
    for name in tree.files:
        text = tree.text(name)
        if text is None or name.startswith("tests/fuzz/"):
            continue
        for match in OWN_PATH.finditer(text):
            yield name, line_of(text, match.start()), \
                f"{match.group()} exists on one machine only"
        for match in TICKET.finditer(text):
            yield name, line_of(text, match.start()), \
                f"\"{match.group()}\" says nothing here; give the reason"


# ---- links ----------------------------------------------------------------

LINK = re.compile(r"!?\[[^\]\n]*\]\(<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\)")
FENCE = re.compile(r"^(```|~~~).*?^\1", re.M | re.S)
PAGE = re.compile(r"(?<![\w./<*-])((?:[\w.-]+/)*[\w-]+\.md)\b")


def blank(match):
    return re.sub(r"[^\n]", " ", match.group())


def anchors(text):
    """GitHub's names of a page's headings."""
    names = {}
    for heading in re.findall(r"^#{1,6}\s+(.+?)\s*#*$", FENCE.sub(blank, text),
                              re.M):
        name = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        count = names.get(name, 0)
        names[name] = count + 1
        yield name if count == 0 else f"{name}-{count}"


def broken_link(tree, page, target):
    """Why a link of a page leads nowhere, or None."""
    target, _, anchor = urllib.parse.unquote(target).partition("#")
    path = page
    if target:
        folder = "" if target.startswith("/") else os.path.dirname(page)
        path = os.path.normpath(os.path.join(folder, target.lstrip("/")))
        if path.startswith("..") or not tree.exists(path):
            return f"{target} does not exist"
    if anchor and path.endswith(".md") and \
            anchor not in anchors(tree.text(path) or ""):
        return f"{path} has no heading #{anchor}"
    return None


def links(tree):
    """links inside the repository lead somewhere; pages that are named exist"""
    pages = {name.rsplit("/", 1)[-1] for name in tree.files}
    for name in tree.files:
        text = tree.text(name)
        if text is None or name.startswith("tests/lint/test_"):
            continue
        if name.endswith(".md"):
            for match in LINK.finditer(FENCE.sub(blank, text)):
                target = match.group(1)
                if re.match(r"[a-z][a-z0-9+.-]*:", target):
                    continue
                why = broken_link(tree, name, target)
                if why:
                    yield name, line_of(text, match.start()), why
            text = LINK.sub(blank, text)
        for match in PAGE.finditer(text):
            page = match.group(1).rsplit("/", 1)[-1]
            if page not in pages:
                yield name, line_of(text, match.start(1)), \
                    f"{match.group(1)} is named, but there is no such page"


# ---- scripts --------------------------------------------------------------

def shell_of(tree, name):
    first = tree.shebang(name)
    if re.search(r"\bbash\b", first):
        return "bash"
    if re.search(r"\bsh\b", first):
        return "sh"
    if name.endswith((".bash", ".sh")) and not first:
        return "bash" if name.endswith(".bash") else "sh"
    return None


def scripts(tree):
    """scripts parse, and can be started if they say by what"""
    for name in tree.files:
        first, shell = tree.shebang(name), shell_of(tree, name)
        if shell:
            result = subprocess.run([shell, "-n", tree.path(name)],
                                    capture_output=True, text=True,
                                    check=False)
            if result.returncode != 0:
                first_line = result.stderr.strip().split("\n")[0]
                where = re.search(r": (?:line )?(\d+): (.*)", first_line)
                yield name, int(where.group(1)) if where else 1, \
                    where.group(2) if where else first_line
        elif name.endswith(".py") or "python" in first:
            try:
                compile(tree.text(name) or "", name, "exec")
            except SyntaxError as error:
                yield name, error.lineno or 1, f"does not parse: {error.msg}"
        if first and not os.access(tree.path(name), os.X_OK):
            yield name, 1, "begins with #! but is not executable; chmod +x"
        if "python" in first and first != "#!/usr/bin/python3":
            yield name, 1, "write #!/usr/bin/python3: the packages that " \
                "scripts need are Debian's, not those of PATH's python"


RULES = {
    "kinds": kinds,
    "private": private,
    "links": links,
    "scripts": scripts,
}
