"""Rules about C: what may be included and called, and how it is written."""
import concurrent.futures
import fnmatch
import os
import re
import shutil
import subprocess

from tree import LAYERS, line_of

# ---- layers ---------------------------------------------------------------

MAY_INCLUDE = {
    "base": {"base"},
    "state": {"state", "base"},
    "probes": {"probes", "base"},
    "alerting": {"alerting", "base"},
    "agent": set(LAYERS),
}


def layers(tree):
    """base <- state | probes | alerting <- agent; includes name the folder"""
    for source in tree.c_files():
        layer = source.path.split("/")[0]
        for line, quoted, name in source.includes():
            folder = name.split("/")[0] if "/" in name else None
            if quoted and folder is None:
                yield source.path, line, \
                    f'"{name}" names no folder; write "folder/{name}"'
            elif not quoted and folder in LAYERS:
                yield source.path, line, f'write "{name}", it is our own'
            elif quoted and layer in MAY_INCLUDE and \
                    folder not in MAY_INCLUDE[layer]:
                yield source.path, line, \
                    f"{layer}/ includes {folder}/; it may see only " + \
                    ", ".join(sorted(MAY_INCLUDE[layer]))


# ---- fences ---------------------------------------------------------------

FENCES = (  # header, where it may be included
    ("sqlite3.h", ("state/*",)),
    ("libpq-fe.h", ("state/*",)),
    ("curl/*", ("base/http*", "base/smtp_curl.c")),
    ("libesmtp.h", ("alerting/email*.c",)),
    ("auth-client.h", ("alerting/email*.c",)),
    ("event2/*", ("base/*",)),
    ("openssl/*", ("base/*", "probes/tls*", "alerting/email*.c")),
    ("unbound*.h", ("base/resolve*.c", "probes/uptime_dns*.c")),
    ("pcre2.h", ("probes/uptime_pattern.c",)),
    ("yaml.h", ("agent/config_yaml*.c",)),
)


def fences(tree):
    """a library is known to few files, so that it can be replaced"""
    for source in tree.product():
        for line, _, name in source.includes():
            for header, places in FENCES:
                if fnmatch.fnmatch(name, header) and not any(
                        fnmatch.fnmatch(source.path, p) for p in places):
                    yield source.path, line, \
                        f"<{name}> belongs in {' or '.join(places)} only"


# ---- banned ---------------------------------------------------------------

BOUNDED = "it does not know the room; use str_copy, str_printf or a struct buf"
STRICT = "it takes garbage; use the parsers of base/str.h"
MEMORY = "allocation goes through base/mem.h, which never returns NULL"
CLOCK = "time is an input; ask base/clock.h"
RESOLVER = "it blocks and skips the address policy; use base/resolve.h"
SHELL = "no shell is ever started; use posix_spawn"
BLOCKS = "it stops the whole event loop; use loop_timer"

BANNED = (  # names, why, where they are allowed all the same
    (("strcpy", "strcat", "sprintf", "vsprintf", "stpcpy", "gets", "strncpy",
      "strncat"), BOUNDED, ()),
    (("strtok", "strtok_r"), "it changes its input; walk with strcspn", ()),
    (("atoi", "atol", "atoll", "atof", "sscanf", "fscanf", "scanf"), STRICT,
     ()),
    (("strtol", "strtoul", "strtoll", "strtoull", "strtod", "strtof",
      "strtoimax", "strtoumax"), STRICT, ("base/str_units.c",)),
    (("system", "popen"), SHELL, ()),
    (("fork", "vfork"), "sanitizers, locks and memory do not survive it well; "
     "use posix_spawn", ("tests/*",)),
    (("alloca",), "an outside length would overrun the stack; use a buf", ()),
    (("signal",), "its meaning differs between systems; use sigaction", ()),
    (("localtime", "gmtime", "ctime", "asctime"),
     "it shares one static result; use base/clock.h", ()),
    (("time", "gettimeofday", "clock_gettime"), CLOCK,
     ("base/clock.c", "tests/*")),
    (("malloc", "calloc", "realloc", "reallocarray", "strdup", "strndup",
      "asprintf", "vasprintf"), MEMORY, ("base/mem.c", "tests/*")),
    (("getaddrinfo", "gethostbyname", "gethostbyname2", "gethostbyaddr",
      "getnameinfo"), RESOLVER, ("tests/*",)),
    (("setlocale",), "numbers in JSON and in options would read differently",
     ()),
    (("rand", "srand", "random"), "it can be foreseen; use getrandom",
     ("tests/*",)),
    (("sleep", "usleep", "nanosleep"), BLOCKS,
     ("agent/cmd_*.c", "tests/*")),  # a command has no loop to stop
    (("tmpnam", "tempnam", "mktemp"), "another process can be first; use "
     "mkstemp or mkdtemp", ()),
)


def banned(tree):
    """calls that are unsafe, blocking, or the business of one module"""
    for source in tree.c_files():
        for names, why, places in BANNED:
            if any(fnmatch.fnmatch(source.path, p) for p in places):
                continue
            calls = re.compile(r"(?<![\w.>])(" + "|".join(names) + r")\s*\(")
            for match in calls.finditer(source.code):
                yield source.path, line_of(source.code, match.start()), \
                    f"{match.group(1)}() is banned: {why}"


# ---- headers --------------------------------------------------------------

PACKAGES = ("jansson", "libevent_core", "libcurl", "openssl", "libunbound",
            "libpcre2-8", "sqlite3", "yaml-0.1")
STRICTLY = ("-std=c11", "-D_GNU_SOURCE", '-DTOCSIN_VERSION="0"', "-Wall",
            "-Wextra", "-Wno-missing-field-initializers",
            "-Wno-unused-function", "-Werror")


def compile_alone(tree, path, compiler, flags):
    """The first error, or None. Twice, which also tests the include guard."""
    result = subprocess.run(
        [compiler, *STRICTLY, *flags, f"-I{tree.root}", "-fsyntax-only", "-x",
         "c", "-"],
        input=f'#include "{path}"\n' * 2, capture_output=True, text=True,
        check=False)
    if result.returncode == 0:
        return None
    lines = result.stderr.replace(f"{tree.root}/", "").split("\n")
    return next((line for line in lines if "error:" in line), lines[0])


def headers(tree):
    """every header compiles alone, and twice"""
    found = subprocess.run(["pkg-config", "--cflags", *PACKAGES],
                           capture_output=True, text=True, check=False)
    flags = found.stdout.split() if found.returncode == 0 else []
    jobs = [(source.path, compiler) for source in tree.c_files(".h")
            for compiler in ("gcc", "clang") if shutil.which(compiler)]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = pool.map(
            lambda job: compile_alone(tree, *job, flags), jobs)
        for (path, compiler), error in zip(jobs, results):
            if error:
                yield path, 1, \
                    f"does not compile alone with {compiler}: {error}"


def own_header(tree):
    """a .c file includes its own header first, which proves it complete"""
    for source in tree.c_files(".c"):
        own = source.path[:-2] + ".h"
        if not tree.exists(own):
            continue
        line, _, name = next(source.includes(), (1, True, "nothing"))
        if name != own:
            yield source.path, line, f'the first include is {name}, not "{own}"'


# ---- sizes ----------------------------------------------------------------

FUNCTION_MAX, FUNCTION_AIM = 80, 40
FILE_MAX, FILE_AIM = 800, 400
PARAMETERS_AIM = 5


def sizes(tree):
    """short functions and files; prints how many pass the aims"""
    longer_files = longer_functions = more_parameters = 0
    for source in tree.c_files():
        lines = source.text.count("\n")
        longer_files += lines > FILE_AIM
        if lines > FILE_MAX:
            yield source.path, FILE_MAX + 1, \
                f"{lines} lines; split it by what it answers (at most " \
                f"{FILE_MAX})"
        for line, name, count, length in source.functions():
            longer_functions += length > FUNCTION_AIM
            more_parameters += count > PARAMETERS_AIM
            if length > FUNCTION_MAX:
                yield source.path, line, \
                    f"{name}() has {length} lines; at most {FUNCTION_MAX}"
    print(f"information: {longer_functions} functions over {FUNCTION_AIM} "
          f"lines, {longer_files} files over {FILE_AIM} lines, "
          f"{more_parameters} functions with over {PARAMETERS_AIM} parameters")


def columns(tree):
    """80 columns, tabs of 8; a URL in a comment may be longer"""
    for source in tree.c_files():
        shown = source.text.split("\n")
        code = source.uncommented.split("\n")
        for number, line in enumerate(shown, 1):
            width = len(line.expandtabs(8))
            in_comment = code[number - 1].rstrip() != line.rstrip()
            if width > 80 and not (in_comment and "://" in line):
                yield source.path, number, f"{width} columns; at most 80"


# ---- leftovers ------------------------------------------------------------

MARKS = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b")
DEAD = re.compile(r"^[ \t]*#[ \t]*if[ \t]+0\b", re.M)
STATEMENT = re.compile(
    r"^(?:(?:if|for|while|switch|do|else)\b.*[({].*[;{]"
    r"|return\b[^,]*;"
    r"|(?:break|continue|goto \w+);"
    r"|#\s*(?:if|ifdef|ifndef|endif|define|include)\b.*"
    r"|(?:[A-Za-z_][\w *]*?[ *])?[A-Za-z_][\w.\[\]>-]*\s*"
    r"(?:[-+*/|&^%]?=|<<=|>>=)\s*.*;"
    r"|[A-Za-z_]\w*\([^)]*\)?.*\)\s*;"
    r"|[A-Za-z_][\w>.-]*(?:\+\+|--);)$")


def comment_lines(text):
    """(offset in lines, content) of each line that is prose by its place:
    examples in a block comment are indented deeper and do not count."""
    for number, line in enumerate(text.split("\n")):
        line = re.sub(r"\s*\*/\s*$", "", line.expandtabs(8))
        line = re.sub(r"^\s*(?://|/\*+|\*)(?: |$)", "", line)
        if not line.startswith("  "):
            yield number, line.strip()


def leftovers(tree):
    """no unfinished work, no code that is switched off"""
    for name in tree.files:
        suffix = name.rsplit(".", 1)[-1]
        text = tree.text(name)
        if text is None or suffix in ("md", "patch"):
            continue
        if suffix not in ("c", "h", "py", "sh", "cmake", "sql", "def") and \
                not tree.shebang(name) and not name.endswith("CMakeLists.txt"):
            continue
        for match in MARKS.finditer(text):
            yield name, line_of(text, match.start()), \
                f"{match.group()}: finish it, or write down why it is right"
    for source in tree.c_files():
        for match in DEAD.finditer(source.code):
            yield source.path, line_of(source.code, match.start()), \
                "code that is switched off; delete it"
        for line, text in source.comments():
            for offset, content in comment_lines(text):
                if STATEMENT.match(content):
                    yield source.path, line + offset, \
                        f"code in a comment: {content}"


# ---- format ---------------------------------------------------------------

def layout(tree):
    """clang-format-14 would change nothing"""
    if shutil.which("clang-format-14") is None:
        yield ".clang-format", 1, \
            "clang-format-14 is missing; install the package of that name"
        return
    names = [source.path for source in tree.c_files()]
    if not names:
        return
    result = subprocess.run(
        ["clang-format-14", "--dry-run", "--Werror", *names], cwd=tree.root,
        capture_output=True, text=True, check=False)
    seen = set()
    for line in result.stderr.split("\n"):
        match = re.match(r"(.+?):(\d+):\d+: error:", line)
        if match and match.group(1) not in seen:
            seen.add(match.group(1))
            yield match.group(1), int(match.group(2)), \
                f"run clang-format-14 -i {match.group(1)}"
    if result.returncode != 0 and not seen:
        yield ".clang-format", 1, result.stderr.strip().split("\n")[0]


RULES = {
    "layers": layers,
    "fences": fences,
    "banned": banned,
    "headers": headers,
    "own-header": own_header,
    "sizes": sizes,
    "columns": columns,
    "leftovers": leftovers,
    "format": layout,
}
