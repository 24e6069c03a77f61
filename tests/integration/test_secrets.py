"""Secrets reach the one process that needs them, and nothing else."""
import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from harness import Case, free_port, main, uptime, wait_for
from peers.nginx import Nginx
from peers.stub import Stub

BY_FILE = "secret-from-a-file-5b1f0c"
BY_ENVIRONMENT = "whsec_c2VjcmV0LWZyb20tZW52LTc3YWEzMS0wMTIzNA=="
BY_CREDENTIAL = "secret-by-credential-9e21d4"
PROBE_SECRET = "probe-bearer-secret-c0ffee42"
ALL = (BY_FILE, BY_ENVIRONMENT, BY_CREDENTIAL, PROBE_SECRET)


class Secrets(Case):
    def start(self):
        credentials = self.folder / "credentials"
        credentials.mkdir(mode=0o700)
        (credentials / "ntfy").write_text(BY_CREDENTIAL + "\n")
        password = self.folder / "smtp.password"
        password.write_text(BY_FILE + "\n")
        for path in (credentials / "ntfy", password):
            path.chmod(0o600)
        agent = self.agent(environment={
            "CREDENTIALS_DIRECTORY": str(credentials),
            "HOOK_SECRET": BY_ENVIRONMENT})
        web = self.peer(Nginx()).start()
        bad = self.peer(Stub("close"))
        agent.configure(
            probes=[uptime("web", web.url, bearer=PROBE_SECRET),
                    uptime("bad", bad.url)],
            channels={
                "mail": {"kind": "email",
                         "server": f"smtp://127.0.0.1:{free_port()}",
                         "from": "tocsin@example.org",
                         "to": ["oncall@example.org"],
                         "user": "tocsin", "starttls": "none",
                         "password": "${file:%s}" % password,
                         "timeout": "2s"},
                "push": {"kind": "ntfy",
                         "url": f"http://127.0.0.1:{free_port()}/topic",
                         "token": "${credential:ntfy}",
                         "allow_addresses": ["127.0.0.0/8"],
                         "allow_http": True},
                "hook": {"kind": "webhook",
                         "url": f"http://127.0.0.1:{free_port()}/",
                         "secret": "${env:HOOK_SECRET}",
                         "allow_addresses": ["127.0.0.0/8"],
                         "allow_http": True},
            })
        agent.start()
        agent.wait_standing("web", "ok")
        agent.wait_standing("bad", "failed")
        # Every path has tried, and failed, and said why.
        for name in ("mail", "push", "hook"):
            wait_for(lambda name=name: agent.channel(name)["last_error"],
                     f"{name} to fail")
        return agent

    def assert_none(self, data, where, secrets=ALL):
        if isinstance(data, str):
            data = data.encode()
        for secret in secrets:
            self.assertNotIn(secret.encode(), data, where)

    def test_nowhere_to_be_seen(self):
        agent = self.start()
        processes = [agent.pid, *agent.workers()]
        self.assertGreaterEqual(len(processes), 5)
        for pid in processes:
            self.assert_none(
                pathlib.Path(f"/proc/{pid}/cmdline").read_bytes(), "argv")
        for pid in agent.workers():
            self.assert_none(
                pathlib.Path(f"/proc/{pid}/environ").read_bytes(), "environ")
        self.assert_none(agent.metrics(), "metrics")
        for path in ("/api/v1/status", "/api/v1/incidents?status=all",
                     "/api/v1/deliveries"):
            self.assert_none(agent.api("GET", path).body, path)
        shown = agent.cli("config", "show", "-c", agent.config_file)
        self.assert_none(shown.stdout + shown.stderr, "config show")
        agent.stop()
        self.assert_none(agent.log(), "log")
        for name in os.listdir(agent.state):
            path = agent.state / name
            if path.is_file():
                self.assert_none(path.read_bytes(), name)

    def test_secret_files_must_be_private(self):
        agent = self.agent()
        path = self.folder / "open.password"
        path.write_text("x\n")
        path.chmod(0o644)
        agent.configure(channels={"hook": {
            "kind": "webhook", "url": "https://hooks.example.org/",
            "secret": "${file:%s}" % path}})
        done = agent.cli("config", "check", "-c", agent.config_file)
        self.assertEqual(done.returncode, 2)
        self.assertIn(str(path), done.stdout + done.stderr)


if __name__ == "__main__":
    main()
