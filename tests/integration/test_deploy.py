"""What is shipped in deploy/ is right: examples, units, scripts."""
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from harness import (PATIENCE, ROOT, STATUS_OK, Case, main, run_cli, wait_for)

DEPLOY = ROOT / "deploy"


class Examples(Case):
    """Each example passes `config check`, its secrets given."""

    def check(self, source):
        folder = self.folder / "etc"
        folder.mkdir()
        credentials = self.folder / "credentials"
        credentials.mkdir()
        text = source.read_text()
        for path in set(re.findall(r"\$\{file:([^}]*)\}", text)):
            secret = folder / pathlib.Path(path).name
            secret.write_text("not-a-secret\n")
            secret.chmod(0o600)
            text = text.replace(path, str(secret))
        for name in re.findall(r"\$\{credential:([^}]*)\}", text):
            (credentials / name).write_text("not-a-secret\n")
            (credentials / name).chmod(0o600)
        environment = {name: "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3"
                       for name in re.findall(r"\$\{env:([^}]*)\}", text)}
        environment["CREDENTIALS_DIRECTORY"] = str(credentials)
        config = folder / "tocsin.yaml"
        config.write_text(text)
        done = run_cli("config", "check", "-c", config,
                       environment=environment)
        self.assertEqual(done.returncode, STATUS_OK,
                         f"{source}:\n{done.stdout}{done.stderr}")
        return done.stdout

    def test_main_example(self):
        told = self.check(DEPLOY / "tocsin.yaml")
        self.assertIn("portal", told)  # its worst case

    def test_others(self):
        for source in sorted((DEPLOY / "examples").glob("*.yaml")):
            with self.subTest(source.name):
                self.check(source)
                shutil.rmtree(self.folder / "etc")
                shutil.rmtree(self.folder / "credentials")


class Systemd(unittest.TestCase):
    UNIT = DEPLOY / "systemd/tocsin.service"

    def setUp(self):
        if not shutil.which("systemd-analyze"):
            self.skipTest("systemd-analyze is not installed")

    def test_exposure(self):
        done = subprocess.run(
            ["systemd-analyze", "security", "--offline=true", "--no-pager",
             str(self.UNIT)], capture_output=True, text=True, check=False)
        match = re.search(r"exposure level for \S+: ([0-9.]+)", done.stdout)
        self.assertTrue(match, done.stdout + done.stderr)
        self.assertLessEqual(float(match[1]), 2.0)

    def test_unit_is_understood(self):
        done = subprocess.run(
            ["systemd-analyze", "verify", "--man=false", str(self.UNIT)],
            capture_output=True, text=True, check=False)
        said = [line for line in done.stderr.splitlines()
                if "tocsin.service" in line and "not executable" not in line]
        self.assertEqual(said, [])


class Scripts(unittest.TestCase):
    def test_help_and_syntax(self):
        for name in ("install-deps", "quickstart"):
            path = DEPLOY / name
            done = subprocess.run([path, "--help"], capture_output=True,
                                  text=True, check=False)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn(f"deploy/{name}", done.stdout)
            done = subprocess.run([path, "--nonsense"], capture_output=True,
                                  text=True, check=False)
            self.assertEqual(done.returncode, 2)
            self.assertIn("--help", done.stderr)

    def test_packages_cover_what_cmake_asks_for(self):
        """Each pkg-config module of CMakeLists.txt comes from the list."""
        text = (ROOT / "CMakeLists.txt").read_text()
        words = re.findall(
            r"pkg_check_modules\(\w+ REQUIRED IMPORTED_TARGET([^)]*)\)", text)
        modules = {word for group in words for word in group.split()}
        self.assertIn("jansson", modules)
        listed = subprocess.run(
            [DEPLOY / "install-deps", "--list"], capture_output=True,
            text=True, check=True).stdout.split()
        for module in modules:
            found = subprocess.run(
                ["dpkg", "-S", f"*/{module}.pc"], capture_output=True,
                text=True, check=False).stdout
            owners = {line.split(":")[0] for line in found.splitlines()}
            self.assertTrue(owners & set(listed), (module, owners))


class Quickstart(Case):
    """The real script, all of it, in a copy of its own of nothing but the
    build folder that a second run would find."""

    def setUp(self):
        super().setUp()
        if os.geteuid() != 0:
            self.skipTest("may need root to install packages")

    def start(self, *words):
        self.output = self.folder / "output"
        with open(self.output, "wb") as out:
            process = subprocess.Popen(
                [DEPLOY / "quickstart", "--dir", self.folder / "quick",
                 *words], stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                start_new_session=True)

        def end():
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        self.addCleanup(end)
        return process

    def said(self):
        return self.output.read_text(errors="replace")

    def test_demo_service_break_and_mend(self):
        quick = self.folder / "quick"
        process = self.start()
        wait_for(lambda: "Ctrl-C" in self.said()
                 or process.poll() is not None, "quickstart to build", 600)
        began = time.monotonic()
        wait_for(lambda: "outcome=ok" in self.said(),
                 "the first observation", 30)
        took = time.monotonic() - began
        self.note(f"first observation after {took:.1f} s")
        self.assertLess(took, 5 * PATIENCE)
        alerts = quick / "alerts.jsonl"
        (quick / "broken").touch()
        wait_for(lambda: alerts.exists() and '"opened"' in alerts.read_text(),
                 "the alert", 60)
        (quick / "broken").unlink()
        wait_for(lambda: '"resolved"' in alerts.read_text(), "the end", 60)
        group = process.pid
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30 * PATIENCE)

        def all_gone():
            done = subprocess.run(["pgrep", "-g", str(group)],
                                  capture_output=True, check=False)
            return done.returncode == 1
        wait_for(all_gone, "everything it started to end")
        text = (quick / "tocsin.yaml").read_text()
        self.assertIn("# ", text)

    def test_a_url_that_is_none(self):
        process = self.start("example.org")
        self.assertEqual(process.wait(timeout=30), 2)
        self.assertIn("https://example.org", self.said())


if __name__ == "__main__":
    main()
