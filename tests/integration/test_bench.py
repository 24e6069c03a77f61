"""The benchmark runs and prints its table; its numbers are not judged here."""
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from harness import (PATIENCE, ROOT, Case, binary, main, need_command)


class Bench(Case):
    def smoke(self, name, rows_min):
        binary()
        done = subprocess.run(
            [ROOT / "tests/bench" / name, "--smoke", "--markdown"],
            capture_output=True, text=True, check=False,
            timeout=300 * PATIENCE)
        self.assertEqual(done.returncode, 0, done.stderr[-4000:])
        rows = [line.split(" | ") for line in done.stdout.splitlines()
                if line.startswith("| ")]
        self.assertGreaterEqual(len(rows), rows_min, done.stdout)
        self.assertTrue(all(len(row) == 5 for row in rows), done.stdout)

    def test_uptime(self):
        need_command("prometheus-blackbox-exporter")
        self.smoke("uptime", 9)

    def test_delivery(self):
        need_command("prometheus-alertmanager", "cc")
        self.smoke("delivery", 12)


if __name__ == "__main__":
    main()
