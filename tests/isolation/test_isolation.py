"""No path waits for another. Each path in turn is made sick, in each way we
know; the others are told within a second of the incident, the sick one catches
up when it is cured, and nothing is lost or told twice but under one key.
"""
import os
import pathlib
import signal
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from harness import (PATIENCE, Case, main, need_root, seconds_of, uptime,
                     wait_for)
from paths import KINDS, Paths
from peers.nginx import Nginx
from peers.smtp_bad import BadSmtp
from peers.stub import Stub

WITHIN_S = 1.0  # from the incident to the receiver, on a path that is well
TIMEOUT = "3s"  # of one delivery, so that being stuck does not take minutes


class Isolation(Case):
    def setUp(self):
        super().setUp()
        need_root()  # Postfix insists
        self.web = self.peer(Nginx()).start()
        self.paths = self.peer(Paths(auth=None)).start()
        self.tocsin = self.agent()

    def start(self, **other_targets):
        channels = self.paths.channels(**other_targets)
        for channel in channels.values():
            channel["timeout"] = TIMEOUT
        self.tocsin.configure(
            probes=[uptime("web", self.web.url, reopen_within="0s",
                           flap_detection=False)],
            channels=channels)
        self.tocsin.start()
        self.tocsin.wait_standing("web", "ok")
        for name, kind in KINDS.items():
            wait_for(lambda k=kind: self.tocsin.workers("path", k),
                     f"the worker of {name}")

    def of_web(self, name):
        return [seen for seen in self.paths.seen()[name]
                if seen.probe == "web"]

    def told(self, name, event):
        return [seen for seen in self.of_web(name) if seen.event == event]

    def outage(self, well):
        """One outage; each path in `well` hears of it in time."""
        before = {name: len(self.told(name, "opened")) for name in well}
        self.web.halt()
        for name in well:
            wait_for(lambda n=name: len(self.told(n, "opened")) > before[n],
                     f"{name} to be told")
        incident = self.tocsin.incidents(probe="web")[0]
        opened = seconds_of(incident["opened_at"])
        for name in well:
            took = self.told(name, "opened")[-1].at - opened
            self.note(f"{name}: {took * 1000:.0f} ms")
            self.assertLess(took, WITHIN_S * PATIENCE, name)
        return incident["id"]

    def over(self, well):
        before = {name: len(self.told(name, "resolved")) for name in well}
        self.web.start()
        for name in well:
            wait_for(lambda n=name: len(self.told(n, "resolved")) > before[n],
                     f"{name} to hear the end")

    def cured(self, timeout=180):
        """Everything is delivered; nothing lost, nothing told twice."""
        wait_for(lambda: not self.tocsin.deliveries(status="pending"),
                 "the sick path to catch up", timeout)
        self.assertEqual(self.tocsin.deliveries(status="dead"), [])
        incidents = {i["id"] for i in self.tocsin.incidents(probe="web")}
        for name in KINDS:
            for event in ("opened", "resolved"):
                # Postfix queues before it puts into the mailbox.
                wait_for(lambda n=name, e=event: {
                    seen.incident for seen in self.told(n, e)} == incidents,
                    f"{name} to have {event} of each incident")
                # More than one copy only under the same key.
                keys = {seen.key for seen in self.told(name, event)}
                self.assertEqual(len(keys), len(incidents), (name, event))
        self.tocsin.stop()
        self.assert_clean_log(self.tocsin)

    def stuck(self, name):
        """An attempt has failed and is remembered."""
        wait_for(lambda: self.tocsin.channel(name)["last_error"],
                 f"an attempt of {name} to fail")
        self.assertGreaterEqual(self.tocsin.channel(name)["pending"], 2)

    # The mail server is sick.
    def sick_mail(self, mode):
        sick = self.peer(BadSmtp(mode, certificate=(
            self.paths.mail.ca_file, self.paths.mail.key_file))).start()
        self.start(mail=sick.port)
        well = ("hook", "push")
        self.outage(well)
        self.over(well)
        self.stuck("mail")
        self.assertEqual(self.told("mail", "opened"), [])
        sick.stop()
        self.paths.answer_at("mail", sick.port)
        self.cured()

    def test_mail_server_black_holed(self):
        self.sick_mail("black_hole")

    def test_mail_server_silent(self):
        self.sick_mail("silent")

    def test_mail_server_drips(self):
        self.sick_mail("drip")

    def test_mail_server_hangs_after_data(self):
        self.sick_mail("hang_after_data")

    def test_mail_server_drips_lines(self):
        self.sick_mail("drip_lines")

    def test_mail_server_refuses(self):
        self.sick_mail("refuse")

    def test_mail_server_hangs_up_after_data(self):
        self.sick_mail("close_after_data")

    # A receiver of webhooks or pushes is sick.
    def sick_http(self, name, well):
        sick = self.peer(Stub("silent"))
        self.start(**{name: sick.port})
        self.outage(well)
        self.over(well)
        self.stuck(name)
        sick.stop()
        self.paths.answer_at(name, sick.port)
        self.cured()

    def test_webhook_silent(self):
        self.sick_http("hook", ("mail", "push"))

    def test_ntfy_silent(self):
        self.sick_http("push", ("mail", "hook"))

    # The worker itself is sick.
    def sick_worker(self, name, kind, signo):
        well = [n for n in ("mail", "hook", "push") if n != name]
        self.start()
        pid = self.tocsin.wait_worker("path", kind)
        os.kill(pid, signo)
        self.outage(well)
        if signo == signal.SIGSTOP:
            self.assertEqual(self.told(name, "opened"), [])
            # The core kills it past its deadline by itself: no cure needed.
        self.over(well)
        self.cured()


def make(name, kind, signo):
    def test(self):
        self.sick_worker(name, kind, signo)
    return test


for _name, _kind in KINDS.items():
    for _signo in (signal.SIGSTOP, signal.SIGKILL):
        setattr(Isolation,
                f"test_{_kind}_worker_{_signo.name.lower()}",
                make(_name, _kind, _signo))


class ProbeWorkers(Case):
    """A stuck probe worker delays no alert that is under way, and the agent's
    own interface answers."""

    def test_alerts_and_api_while_probes_are_stuck(self):
        web = self.peer(Nginx()).start()
        agent = self.agent()
        alerts = self.folder / "alerts.jsonl"
        agent.configure(
            probes=[uptime("web", web.url)],
            channels={"log": {"kind": "file", "path": str(alerts)}})
        agent.start()
        agent.wait_standing("web", "ok")
        for pid in agent.workers("probe"):
            os.kill(pid, signal.SIGSTOP)
        self.assertEqual(
            agent.api("POST", "/api/v1/channels/log/test", {}).status, 202)
        wait_for(lambda: '"test"' in alerts.read_text(), "the test message")
        self.assertEqual(agent.tcp("GET", "/healthz", timeout=2).status, 200)
        agent.wait_outcome("web", "unknown")
        agent.wait_outcome("web", "ok")


if __name__ == "__main__":
    main()
