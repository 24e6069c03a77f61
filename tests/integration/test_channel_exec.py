#!/usr/bin/python3
"""The exec channel with scripts that do, and that do not, what they should."""
import json
import os
import pathlib
import re
import resource
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from harness import (  # noqa: E402
    ROOT, STATUS_FAILED, STATUS_OK, Case, alive, main, run_cli, wait_for)
from path_worker import PathWorker, message  # noqa: E402

HUGE = "ä" * 150_000  # more than a pipe holds


class ExecCase(Case):
    def script(self, text, mode=0o755, name="script"):
        path = self.folder / name
        path.write_text(text)
        path.chmod(mode)
        return str(path)

    def shell(self, body, **more):
        return self.script("#!/bin/sh\n" + body, **more)

    def worker(self, *command, **config):
        made = PathWorker("exec", {"command": list(command), **config})
        self.addCleanup(made.stop)
        return made

    def run_once(self, *command, what=None, timeout_ms=60000, **config):
        worker = self.worker(*command, **config)
        receipt = worker.deliver(what or message(), timeout_ms)
        worker.end()
        return receipt, "".join(worker.errors)


class WhatItGets(ExecCase):
    def test_the_message_arguments_and_facts(self):
        out = self.folder / "out"
        receipt, _ = self.run_once(
            self.shell(f'cat > {out}.json; env > {out}.env; pwd > {out}.pwd\n'
                       f'printf "%s|" "$@" > {out}.args\n'
                       'echo first; echo "paged 2 people"\n'),
            "--urgent", "two words", "$(id)", what=message("worsened", 3),
            environment={"API_KEY": "s3cret"})
        self.assertEqual(receipt["status"], "delivered", receipt)
        self.assertEqual(receipt["detail"], "paged 2 people")
        got = (self.folder / "out.json").read_text()
        self.assertTrue(got.endswith("}\n"))
        self.assertEqual(json.loads(got), message("worsened", 3))
        self.assertEqual((self.folder / "out.args").read_text(),
                         "--urgent|two words|$(id)|")
        self.assertEqual((self.folder / "out.pwd").read_text(), "/\n")
        names = dict(line.split("=", 1) for line in
                     (self.folder / "out.env").read_text().splitlines())
        for shells_own in ("PWD", "OLDPWD", "SHLVL", "_"):
            names.pop(shells_own, None)
        self.assertEqual(names, {
            "PATH": os.environ["PATH"], "HOME": os.environ["HOME"],
            "LANG": os.environ.get("LANG", "C.UTF-8"),
            "TOCSIN_DELIVERY": "7k3qx9v2tb-3-mail",
            "TOCSIN_EVENT": "worsened", "TOCSIN_INCIDENT": "7k3qx9v2tb",
            "TOCSIN_PROBE": "portal", "TOCSIN_SEVERITY": "critical",
            "API_KEY": "s3cret"})

    def test_no_limit_of_the_worker_and_no_descriptor(self):
        receipt, _ = self.run_once(
            self.shell('echo "$(ulimit -n) $(ulimit -v) '
                       '$(ls /proc/self/fd | wc -l)"\n'))
        files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        self.assertEqual(receipt["detail"], f"{files} unlimited 4")

    def test_a_session_and_group_of_its_own(self):
        receipt, _ = self.run_once(self.shell(
            'read pid comm state ppid group session rest < /proc/$$/stat\n'
            'echo "$$ $group $session"\n'))
        own, group, session = receipt["detail"].split()
        self.assertEqual((group, session), (own, own))

    def test_a_message_larger_than_a_pipe(self):
        what = message()
        what["observation"]["facts"]["body"] = HUGE
        receipt, _ = self.run_once(self.shell("wc -c\n"), what=what)
        self.assertGreater(int(receipt["detail"]), len(HUGE.encode()))


class HowItEnds(ExecCase):
    def test_each_status(self):
        for status, means, code in ((0, "delivered", 0), (1, "retry", 1),
                                    (75, "retry", 75), (65, "rejected", 65),
                                    (100, "rejected", 100), (2, "retry", 2)):
            with self.subTest(status):
                receipt, _ = self.run_once(
                    self.shell(f"echo why; exit {status}\n"))
                self.assertEqual(receipt["status"], means, receipt)
                self.assertEqual(receipt["code"], code)
                self.assertIn("why", receipt["detail"])

    def test_a_signal(self):
        receipt, _ = self.run_once(self.shell("kill -SEGV $$\n"))
        self.assertEqual(receipt["status"], "retry", receipt)
        self.assertIn("SEGV", receipt["detail"])

    def test_one_that_hangs_is_stopped_with_all_its_children(self):
        pids = self.folder / "pids"
        receipt, _ = self.run_once(
            self.shell("trap '' TERM\n"
                       f"sleep 600 & echo $! > {pids}\n"
                       f"echo $$ >> {pids}\necho started\n"
                       "while :; do sleep 600; done\n"), timeout_ms=2000)
        self.assertEqual(receipt["status"], "retry", receipt)
        self.assertIn("did not end in time", receipt["detail"])
        self.assertIn("started", receipt["detail"])
        for pid in pids.read_text().split():
            wait_for(lambda pid=pid: not alive(int(pid)), f"{pid} to end")

    def test_one_that_cleans_up_when_it_is_asked_to_end(self):
        out = self.folder / "out"
        receipt, _ = self.run_once(
            self.shell(f"trap 'echo bye > {out}; exit 0' TERM\n"
                       "sleep 600 & wait\n"), timeout_ms=3000)
        self.assertEqual(receipt["status"], "retry", receipt)
        self.assertEqual(out.read_text(), "bye\n")

    def test_a_daemon_that_keeps_the_pipes(self):
        began = time.monotonic()
        pid_file = self.folder / "pid"
        receipt, _ = self.run_once(
            self.shell(f"setsid sh -c 'echo $$ > {pid_file}; exec sleep 600' &\n"
                       f"until [ -s {pid_file} ]; do sleep 0.01; done\n"
                       "echo done\n"))
        pid = int(pid_file.read_text())
        self.addCleanup(os.kill, pid, 9)
        self.assertEqual(receipt["status"], "delivered", receipt)
        self.assertEqual(receipt["detail"], "done")
        self.assertTrue(alive(pid))  # it left on purpose
        self.assertLess(time.monotonic() - began, 50)

    def test_what_it_leaves_in_its_group_is_ended(self):
        receipt, _ = self.run_once(self.shell("sleep 600 & echo $!\n"))
        pid = int(receipt["detail"])
        wait_for(lambda: not alive(pid), "the leftover to end")

    def test_floods_of_output(self):
        worker = self.worker(self.shell(
            "head -c 50000000 /dev/zero\n"
            "head -c 50000000 /dev/zero | tr '\\0' 'e' >&2\n"
            "echo\necho the end\n"))
        receipt = worker.deliver(message())
        self.assertEqual(receipt["status"], "delivered", receipt)
        self.assertEqual(receipt["detail"], "the end")
        peak = int(re.search(r"VmHWM:\s+(\d+)", pathlib.Path(
            f"/proc/{worker.process.pid}/status").read_text()).group(1))
        worker.end()
        self.assertLess(peak, 400_000)  # KiB; sanitizers included
        self.assertLess(sum(map(len, worker.errors)), 20_000)

    def test_stdin_closed_early(self):
        what = message()
        what["observation"]["facts"]["body"] = HUGE
        receipt, _ = self.run_once(
            self.shell("exec <&-; sleep 0.2; echo fine\n"), what=what)
        self.assertEqual(receipt["status"], "delivered", receipt)
        self.assertEqual(receipt["detail"], "fine")

    def test_complaints_are_logged_in_bounds_and_without_secrets(self):
        _, log = self.run_once(
            self.shell('i=0; while [ $i -lt 50 ]; do echo "line $i $API_KEY"'
                       ' >&2; i=$((i+1)); done\n'),
            environment={"API_KEY": "s3cret-key"})
        self.assertIn("line 0 ***", log)
        self.assertIn("wrote more to stderr", log)
        self.assertNotIn("line 20", log)
        self.assertNotIn("s3cret", log)

    def test_a_secret_that_it_says_is_not_told(self):
        receipt, _ = self.run_once(self.shell('echo "used $API_KEY"\n'),
                                   environment={"API_KEY": "s3cret-key"})
        self.assertRegex(receipt["detail"], r"^used \*+$")


class WhatCannotRun(ExecCase):
    def refused(self, command, says):
        receipt, _ = self.run_once(command)
        self.assertEqual(receipt["status"], "retry", receipt)
        self.assertIn(says, receipt["detail"])

    def test_it_says_what_to_mend(self):
        self.refused("/does/not/exist", "No such file")
        self.refused(self.script("#!/does/not/exist\n", name="interpreter"),
                     "what its first line names")
        self.refused(self.shell("exit 0\n", mode=0o644, name="mode"),
                     "is it executable")
        self.refused(self.script("echo hello\n", name="no_shebang"),
                     "#!/bin/sh")

    def test_a_script_mended_meanwhile(self):
        path = self.folder / "later"
        worker = self.worker(str(path))
        self.assertEqual(worker.deliver(message())["status"], "retry")
        self.shell("echo here\n", name="later")
        receipt = worker.deliver(message())
        self.assertEqual(receipt["status"], "delivered", receipt)
        path.chmod(0o777)
        receipt = worker.deliver(message())
        self.assertEqual(receipt["status"], "retry", receipt)
        self.assertIn("everybody may write", receipt["detail"])
        worker.end()

    def check(self, channel):
        config = self.folder / "tocsin.yaml"
        config.write_text(
            f"state: sqlite:{self.folder}/state.db\n"
            "probes: [{name: x, kind: uptime, target: 'tcp://127.0.0.1:1'}]\n"
            f"channels: {{script: {{kind: exec, {channel}}}}}\n")
        return run_cli("config", "check", "-c", config)

    def test_config_check_sees_it(self):
        open_folder = self.folder / "open"
        open_folder.mkdir()
        open_folder.chmod(0o777)
        for channel, says in (
                ("command: [page.sh]", "is not absolute"),
                ("command: []", "command"),
                (f"command: [{self.folder}]", "is not a file"),
                (f"command: [{self.shell('', mode=0o757)}]",
                 "everybody may write"),
                (f"command: [{self.shell('', name='open/script')}]",
                 "everybody may write"),
                ("command: [/bin/true], environment: {A-B: x}",
                 "not a variable's name")):
            with self.subTest(channel):
                done = self.check(channel)
                self.assertEqual(done.returncode, STATUS_FAILED, done.stderr)
                self.assertIn(says, done.stdout + done.stderr)
        for channel in ("command: [/bin/true]", "command: /bin/true",
                        "command: [/does/not/exist]"):
            with self.subTest(channel):
                done = self.check(channel)
                self.assertEqual(done.returncode, STATUS_OK,
                                 done.stdout + done.stderr)


class Page(ExecCase):
    """docs/channels/exec.md does what it says."""

    def blocks(self, language):
        return re.findall(rf"```{language}\n(.*?)```",
                          (ROOT / "docs/channels/exec.md").read_text(), re.S)

    def test_its_script(self):
        sent = self.folder / "sent"
        text, = self.blocks("sh")
        fake = self.shell(f'cat > {sent}; echo "accepted"\n', name="curl")
        path = self.script(text, name="page")
        receipt, log = self.run_once(
            path, "oncall", environment={
                "PATH": f"{pathlib.Path(fake).parent}:{os.environ['PATH']}",
                "SMS_TOKEN": "t0ken"})
        self.assertEqual(receipt["status"], "delivered", receipt | {"l": log})
        self.assertIn("portal is failing", sent.read_text())

    def test_its_configuration(self):
        for number, block in enumerate(self.blocks("yaml")):
            token = self.folder / "sms"
            token.write_text("not-a-secret\n")
            token.chmod(0o600)
            config = self.folder / f"page{number}.yaml"
            config.write_text(
                f"state: sqlite:{self.folder}/state.db\n"
                "probes: [{name: x, kind: uptime, "
                "target: 'tcp://127.0.0.1:1'}]\n"
                + block.replace("/run/secrets/sms", str(token)))
            done = run_cli("config", "check", "-c", config)
            self.assertEqual(done.returncode, STATUS_OK,
                             done.stdout + done.stderr)


if __name__ == "__main__":
    main()
