"""What README.md shows as configuration is right."""
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from harness import ROOT, STATUS_OK, Case, main, run_cli


class Readme(Case):
    def test_configuration(self):
        blocks = re.findall(r"```yaml\n(.*?)```",
                            (ROOT / "README.md").read_text(), re.S)
        self.assertEqual(len(blocks), 2)
        secret = self.folder / "smtp.password"
        secret.write_text("not-a-secret\n")
        secret.chmod(0o600)
        (self.folder / "ntfy").write_text("tk_not_a_secret\n")
        (self.folder / "ntfy").chmod(0o600)
        text = "\n".join(blocks).replace("/etc/tocsin/smtp.password",
                                         str(secret))
        config = self.folder / "tocsin.yaml"
        config.write_text(f"state: sqlite:{self.folder}/state.db\n{text}")
        done = run_cli("config", "check", "-c", config, environment={
            "CREDENTIALS_DIRECTORY": str(self.folder),
            "HOOK_SECRET": "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3"})
        self.assertEqual(done.returncode, STATUS_OK,
                         done.stdout + done.stderr)


if __name__ == "__main__":
    main()
