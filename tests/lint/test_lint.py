#!/usr/bin/python3
"""Each rule of tests/lint can fail: small bad trees, and the line it names."""
import pathlib
import subprocess
import tempfile
import unittest

LINT = pathlib.Path(__file__).resolve().with_name("lint.py")

GOOD = {
    ".clang-format": LINT.parents[2].joinpath(".clang-format").read_text(),
    "base/good.h": "#ifndef BASE_GOOD_H\n#define BASE_GOOD_H\n\n"
                   "#include <stddef.h>\n\n"
                   "/* How long it is:\n *\n"
                   " *   size_t n = good_length(s);\n */\n"
                   "size_t good_length(const char *s);\n\n#endif\n",
    "base/good.c": "#include \"base/good.h\"\n\n#include <string.h>\n\n"
                   "/* a system(1) or strcpy() in prose; and a URL:\n"
                   " * https://example.org/" + "x" * 80 + " */\n"
                   "size_t\ngood_length(const char *s)\n{\n"
                   "\tconst char *name = \"malloc(1)\";\n\n"
                   "\treturn strlen(s) + strlen(name);\n}\n",
    "state/store.c": "#include <sqlite3.h>\n\n#include \"base/good.h\"\n",
    "probes/ping.c": "#include \"base/good.h\"\n",
    "probes/kinds.def": "PROBE(ping)\n",
    "docs/probes/ping.md": "# Ping\n\n## How it works\n\n"
                           "See [above](#ping), [the list](README.md).\n",
    "docs/probes/README.md": "# Probes\n\n[Ping](ping.md#how-it-works)\n",
    "tests/unit/test_ping.c": "#include \"probes/kinds.h\"\n",
    "probes/kinds.h": "#ifndef K\n#define K\nextern int kinds;\n#endif\n",
    "alerting/kinds.def": "CHANNEL(horn)\n",
    "alerting/horn.c": "#include \"base/good.h\"\n",
    "docs/channels/horn.md": "# Horn\n",
    "tests/golden/horn/one.json": "{}\n",
    "agent/main.c": "#include \"alerting/kinds.h\"\n\n"
                    "#include \"probes/kinds.h\"\n",
    "alerting/kinds.h": "extern int channels;\n",
    "deploy/start": "#!/bin/sh\necho started\n",
}


def function(name, lines):
    body = "\tx++;\n" * (lines - 4)
    return f"void\n{name}(int x)\n{{\n{body}\tuse(x);\n}}\n"


class Lint(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        for name, text in GOOD.items():
            self.put(name, text)

    def put(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(text, bytes):
            path.write_bytes(text)
        else:
            path.write_text(text)
        if text[:2] in ("#!", b"#!"):
            path.chmod(0o755)

    def lint(self, *rules):
        return subprocess.run([LINT, "--root", self.root, *rules],
                              capture_output=True, text=True, timeout=120,
                              check=False)

    def refused(self, rule, place, part=""):
        result = self.lint(rule)
        self.assertEqual(result.returncode, 1, result.stdout + result.stderr)
        self.assertTrue(
            any(line.startswith(place + ":") and line.endswith(f"[{rule}]")
                and part in line for line in result.stdout.splitlines()),
            f"{place} not in:\n{result.stdout}{result.stderr}")
        return result.stdout

    def allowed(self, *rules):
        result = self.lint(*rules)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)

    def c_line(self, rule, text, part="", path="base/bad.c"):
        """One line of C, on line 3 of a file, is refused."""
        self.put(path, "\n\n" + text + "\n")
        self.refused(rule, f"{path}:3", part)

    def test_good_tree_passes(self):
        self.allowed()

    def test_unknown_rule_is_a_usage_error(self):
        self.assertEqual(self.lint("no-such-rule").returncode, 2)

    def test_rules_have_a_word_of_explanation(self):
        result = self.lint("--help")
        self.assertEqual(result.returncode, 0)
        self.assertNotIn("None", result.stdout)

    def test_layers(self):
        for path, include in (
                ("base/bad.c", "state/store.h"),
                ("base/bad.h", "agent/agent.h"),
                ("state/bad.c", "probes/probe.h"),
                ("probes/bad.c", "alerting/route.h"),
                ("alerting/bad.c", "state/store.h"),
                ("alerting/bad.c", "agent/agent.h"),
                ("base/bad.c", "tests/fuzz/fuzz.h"),
                ("agent/bad.c", "tests/fuzz/fuzz.h"),
                ("base/bad.c", "err.h")):
            with self.subTest(path=path, include=include):
                self.c_line("layers", f'#include "{include}"', path=path)
                (self.root / path).unlink()
        self.c_line("layers", "#include <base/err.h>")

    def test_layers_ignore_what_is_commented(self):
        self.put("base/bad.c", '/*\n#include "agent/agent.h"\n*/\n')
        self.allowed("layers")

    def test_fences(self):
        for path, include in (
                ("agent/bad.c", "sqlite3.h"), ("probes/bad.c", "curl/curl.h"),
                ("base/bad.c", "libesmtp.h"), ("agent/bad.c", "event2/event.h"),
                ("probes/bad.c", "openssl/ssl.h"), ("base/bad.c", "unbound.h"),
                ("agent/config.c", "yaml.h"), ("base/bad.c", "pcre2.h")):
            with self.subTest(include=include):
                self.c_line("fences", f"#include <{include}>", path=path)
        self.put("probes/tls.c", "#include <openssl/ssl.h>\n")
        for name in ("agent/bad.c", "probes/bad.c", "base/bad.c",
                     "agent/config.c"):
            (self.root / name).unlink()
        self.allowed("fences")

    def test_banned(self):
        for call in ("strcpy(a, b);", "x = atoi (s);", "if (system(s))",
                     "p = malloc(5);", "time(NULL);", "signal(SIGPIPE, f);",
                     "pid = fork();", "strtol(s, NULL, 10);", "sscanf(s, f);",
                     "getaddrinfo(h, p, n, &r);", "localtime(&t);",
                     "alloca(n);", "sleep(1);", "asprintf(&s, f);"):
            with self.subTest(call=call):
                self.c_line("banned", call)

    def test_banned_only_as_calls_of_that_name(self):
        self.put("base/fine.c",
                 "// strcpy(a, b)\n/* malloc(1) */\n\"sprintf(\";\n"
                 "str_time(x); p->time(x); s.system(x); mystrcpy(x);\n"
                 "char time[9]; sigaction(x); localtime_r(a, b);\n")
        self.allowed("banned")

    def test_banned_calls_have_their_place(self):
        self.put("base/mem.c", "p = malloc(5);\n")
        self.put("base/clock.c", "clock_gettime(x);\n")
        self.put("tests/unit/test_x.c", "pid = fork(); p = malloc(5);\n")
        self.allowed("banned")
        self.put("tests/unit/test_x.c", "strcpy(a, b);\n")
        self.refused("banned", "tests/unit/test_x.c:1")

    def test_headers(self):
        self.put("base/bad.h", "size_t needs_stddef(void);\n")
        self.refused("headers", "base/bad.h:1", "size_t")

    def test_headers_need_a_guard(self):
        self.put("base/bad.h", "enum twice { ONCE };\n")
        self.refused("headers", "base/bad.h:1", "twice")

    def test_own_header(self):
        self.put("base/good.c",
                 '#include <stdio.h>\n#include "base/good.h"\n')
        self.refused("own-header", "base/good.c:1", "stdio.h")
        self.put("base/good.c", "int nothing;\n")
        self.refused("own-header", "base/good.c:1", "nothing")

    def test_sizes_of_functions(self):
        self.put("base/long.c", "\n" + function("just", 80))
        self.allowed("sizes")
        self.put("base/long.c", "\n" + function("over", 81))
        self.refused("sizes", "base/long.c:3", "over() has 81 lines")

    def test_sizes_of_files(self):
        self.put("base/long.c", "int x;\n" * 800)
        self.allowed("sizes")
        self.put("base/long.c", "int x;\n" * 801)
        self.refused("sizes", "base/long.c:801", "801 lines")

    def test_sizes_reports_how_many_pass_the_aims(self):
        self.put("base/long.c", function("a", 41) + function("b", 40) +
                 "void\nf(int a, int b, int c, int d, int e, int (*f)(int, "
                 "int))\n{\n}\n" + "int x;\n" * 400)
        result = self.lint("sizes")
        self.assertIn("1 functions over 40 lines, 1 files over 400 lines, "
                      "1 functions with over 5 parameters", result.stdout)

    def test_columns(self):
        self.put("base/wide.c", "x" * 80 + "\n")
        self.allowed("columns")
        self.c_line("columns", "x" * 81)
        self.c_line("columns", "\t" * 10 + "x")
        self.c_line("columns", "ü" * 81)
        self.c_line("columns", "/* " + "x" * 81 + " */")
        # a URL in code is no excuse
        self.c_line("columns", '"https://' + "x" * 81 + '";')

    def test_leftovers_marks(self):
        for word in ("TO" "DO", "FIX" "ME", "XX" "X"):
            with self.subTest(word=word):
                self.c_line("leftovers", f"/* {word}: later */", word)
                self.put("base/bad.c", "")
                self.put("deploy/start", f"#!/bin/sh\n# {word}\n")
                self.refused("leftovers", "deploy/start:2", word)
        self.put("deploy/start", "#!/bin/sh\nmktemp /tmp/x.XXXXXX\n")
        self.allowed("leftovers")

    def test_leftovers_code(self):
        for text in ("// x = 5;", "/* free(p); */", "// return -1;",
                     "/* if (x > 5) { */", "// struct err *e = NULL;",
                     "// p->count += 2;", "/* #include <stdio.h> */",
                     "// i++;", "#if 0", "// continue;",
                     "\tint y; // log_info(\"x\", y);"):
            with self.subTest(text=text):
                self.c_line("leftovers", text)

    def test_leftovers_code_in_a_block(self):
        self.put("base/bad.c", "/*\n * prose\n * x = 5;\n */\n")
        self.refused("leftovers", "base/bad.c:3", "x = 5;")

    def test_leftovers_leave_prose_alone(self):
        self.put("base/fine.c",
                 "/* it ends here; and then the caller frees it;\n"
                 " * return what was found, or NULL;\n"
                 " * as printf() does;\n *\n"
                 " *   struct buf b = {0};\n *   buf_init(&b, 5);\n */\n")
        self.allowed("leftovers")

    def test_format(self):
        self.put("base/bad.c", "int  x;\n")
        self.refused("format", "base/bad.c:1", "clang-format-14 -i base/bad.c")

    def test_kinds(self):
        for gone in ("probes/ping.c", "docs/probes/ping.md",
                     "tests/unit/test_ping.c"):
            with self.subTest(gone=gone):
                text = (self.root / gone).read_text()
                (self.root / gone).unlink()
                self.refused("kinds", "probes/kinds.def:1", "ping has no")
                self.put(gone, text)
        for gone in ("alerting/horn.c", "docs/channels/horn.md",
                     "tests/golden/horn/one.json"):
            with self.subTest(gone=gone):
                text = (self.root / gone).read_text()
                (self.root / gone).unlink()
                self.refused("kinds", "alerting/kinds.def:1", "horn has no")
                self.put(gone, text)
        self.put("docs/probes/gone.md", "# Gone\n")
        self.refused("kinds", "docs/probes/gone.md:1", "no kind gone")
        (self.root / "probes/kinds.def").unlink()
        self.refused("kinds", "probes/kinds.def:1", "missing")

    def test_private(self):
        for text in ("see /" "work/main", "in /" "home/jo/src",
                     "\"/" "Users/jo/x\""):
            with self.subTest(text=text):
                self.put("docs/x.md", f"# X\n\n{text}\n")
                self.refused("private", "docs/x.md:3", "one machine")
        self.put("docs/x.md", "# X\n\nas issue " "17 wants\n")
        self.refused("private", "docs/x.md:3", "says nothing here")
        self.put("docs/x.md", "# X\n\na/work/b /workers ~/home\n")
        self.allowed("private")

    def test_links(self):
        for text in ("[x](gone.md)", "[x](../gone/)", "[x](../../../etc)",
                     "[x](#nowhere)", "[x](probes/ping.md#nowhere)",
                     "![x](gone.png)"):
            with self.subTest(text=text):
                self.put("docs/x.md", f"# X\n\n{text}\n")
                self.refused("links", "docs/x.md:3")

    def test_links_in_code_blocks_are_examples(self):
        self.put("docs/x.md",
                 "# X\n\n```\n[x](gone)\n```\n[x](probes/ping.md) "
                 "[y](https://example.org/gone.html) [z](#x)\n")
        self.allowed("links")

    def test_links_pages_named_elsewhere(self):
        self.put("base/bad.h", "\n/* see docs/gone.md */\n")
        self.refused("links", "base/bad.h:2", "docs/gone.md")
        self.put("base/bad.h", "\n/* see docs/probes/ping.md, "
                 "https://example.org/x.md and *.md */\n")
        self.allowed("links")

    def test_scripts(self):
        self.put("deploy/bad", "#!/bin/sh\nif true; then\n")
        self.refused("scripts", "deploy/bad:3", "end of file")
        self.put("deploy/bad", "#!/usr/bin/env bash\necho a\nfor x in (\n")
        self.refused("scripts", "deploy/bad:3")
        self.put("deploy/bad", "#!/usr/bin/python3\nx = (\n")
        self.refused("scripts", "deploy/bad:2", "does not parse")
        self.put("deploy/bad", "#!/usr/bin/env python3\n")
        self.refused("scripts", "deploy/bad:1", "#!/usr/bin/python3")
        self.put("deploy/bad", "#!/bin/sh\n")
        (self.root / "deploy/bad").chmod(0o644)
        self.refused("scripts", "deploy/bad:1", "not executable")

    def test_bytes_that_are_no_text_do_not_stop_it(self):
        self.put("docs/picture.png", b"\x89PNG\xff\xfe")
        self.put("tests/fuzz/json/broken", b"\xff\xfe/" b"home/x")
        self.allowed()


if __name__ == "__main__":
    unittest.main()
