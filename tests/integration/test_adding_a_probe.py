"""docs/adding-a-probe.md, followed word for word in a copy of the tree."""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import unittest.mock

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from harness import ROOT, Agent, Case, main, read_alerts, wait_for

PAGE = ROOT / "docs/adding-a-probe.md"
BLOCK = re.compile(
    r"<!-- (\w+)(?:: (\S+))? -->\n(`{3,})\w*\n(.*?)\n\3\n", re.S)

class AddingAProbe(Case):
    def setUp(self):
        super().setUp()
        self.tree = self.folder / "tree"
        shutil.copytree(ROOT, self.tree, symlinks=True,
                        ignore=shutil.ignore_patterns("build", ".git"))
        self.blocks = BLOCK.findall(PAGE.read_text())

    def block(self, sort, name=""):
        found = [text for s, n, _, text in self.blocks
                 if s == sort and n == name]
        self.assertEqual(len(found), 1, (sort, name))
        return found[0] + "\n"

    def write_files(self):
        for sort, name, _, text in self.blocks:
            path = self.tree / name
            if sort == "page":
                path = path.with_suffix(".md")
            if sort in ("file", "page"):
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text + "\n")
            elif sort == "append":
                with open(path, "a", encoding="utf-8") as f:
                    f.write(text + "\n")

    def run_shell(self, text, expect=0):
        done = subprocess.run(
            ["sh", "-c", text], cwd=self.tree, capture_output=True, text=True,
            stdin=subprocess.DEVNULL, check=False, env={
                **os.environ,
                "PATH": f"{self.tree}/build/asan:{os.environ['PATH']}"})
        self.assertEqual(done.returncode, expect,
                         f"{text}\n{done.stdout}{done.stderr}"[-6000:])
        return done.stdout

    def test_word_for_word(self):
        self.write_files()
        # The page's own commands, but for what makes the test quicker.
        build = self.block("shell", "build").replace(
            "--preset asan", "--preset asan -DTOCSIN_TESTS=OFF "
            "-DCMAKE_C_FLAGS_DEBUG=-O0")
        self.run_shell(build)
        here = str(self.folder)
        said = self.run_shell(
            self.block("shell", "try").replace("/tmp/", f"{here}/"))
        for needed in ("degraded_after", "last written", "No such file",
                       "exit status 2"):
            self.assertIn(needed, said)
        self.run_shell(self.block("shell", "test"))
        self.run_shell("clang-format-14 --dry-run --Werror "
                       "--style=file:" + str(ROOT / ".clang-format")
                       + " probes/age.c")
        self.run_agent(here)

    def run_agent(self, here):
        change = unittest.mock.patch.dict(
            os.environ, TOCSIN_BINARY=str(self.tree / "build/asan/tocsin"))
        change.start()
        self.addCleanup(change.stop)
        agent = Agent(self.folder / "try")
        self.agents.append(agent)
        agent.state = self.folder / "try"
        text = self.block("config").replace("/tmp/", f"{here}/")
        agent.write_config(text + f"http: {{listen: 127.0.0.1:{agent.port}}}\n")
        agent.start()
        alerts = self.folder / "try/alerts.jsonl"
        wait_for(lambda: [a["event"] for a in read_alerts(alerts)]
                 == ["opened"], "the alert")
        (self.folder / "no-such-backup.tar").write_text("here it is\n")
        wait_for(lambda: [a["event"] for a in read_alerts(alerts)]
                 == ["opened", "resolved"], "the end")
        agent.stop()
        self.assert_clean_log(agent)


if __name__ == "__main__":
    main()
