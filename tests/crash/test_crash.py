"""The core killed with -9: at every fault point in turn, and at random.

Afterwards, always: the database is whole, no probe is forgotten, and every
incident that was committed has been told, once per idempotency key.
"""
import collections
import os
import pathlib
import random
import signal
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from harness import (Case, alive, main, read_alerts, uptime, wait_for)
from peers.nginx import Nginx

ROUNDS = int(os.environ.get("TOCSIN_CRASH_ROUNDS", "25"))
SEED = int(os.environ.get("TOCSIN_CRASH_SEED", "20"))
POINTS_MAX = 2000  # a scenario passes far fewer


def settled(agent):
    """Nothing is pending any more."""
    return not agent.deliveries(status="pending")


class Crash(Case):
    def setUp(self):
        super().setUp()
        self.web = self.peer(Nginx()).start()
        self.alerts = self.folder / "alerts.jsonl"

    def prepare(self, name, environment=None, probes=1):
        agent = self.agent(name, environment=environment)
        agent.configure(
            probes=[uptime(f"web-{n}", self.web.url, reopen_within="0s",
                           flap_detection=False)
                    for n in range(probes)],
            channels={"log": {"kind": "file", "path": str(self.alerts)},
                      "second": {"kind": "file",
                                 "path": str(self.alerts) + ".2"}})
        return agent

    def judge(self, agent, probes=1, quiet=False):
        """The agent runs and all is quiet: was anything lost or doubled?"""
        names = {row["name"] for row in agent.status()["probes"]
                 if not row["name"].startswith("tocsin/")}
        self.assertTrue({f"web-{n}" for n in range(probes)} <= names, names)
        wait_for(lambda: settled(agent), "every delivery to be done", 120)
        incidents = [incident for name in sorted(names)
                     for incident in agent.incidents(probe=name)]
        for path in (self.alerts, pathlib.Path(f"{self.alerts}.2")):
            self.judge_channel(incidents, path)
        if not quiet:
            self.note(f"{len(incidents)} incidents, "
                      f"{len(read_alerts(self.alerts))} alerts")
        agent.stop()
        self.assertEqual(agent.integrity(), "ok")
        self.assert_clean_log(agent)

    def judge_channel(self, incidents, path):
        told = collections.defaultdict(set)
        contents = {}
        for alert in read_alerts(path):
            if alert["probe"]["name"].startswith("tocsin/"):
                continue
            told[alert["incident"]["id"]].add(alert["event"])
            # At least once: a repetition has the same key and content.
            old = contents.setdefault(alert["delivery"], alert)
            self.assertEqual(old, alert)
        open_by_probe = collections.Counter()
        for incident in incidents:
            events = told[incident["id"]]
            self.assertTrue({"opened", "reopened"} & events,
                            (incident, path))
            if incident["status"] == "resolved":
                self.assertIn("resolved", events, incident)
            else:
                open_by_probe[incident["probe"]] += 1
        self.assertTrue(all(n == 1 for n in open_by_probe.values()),
                        open_by_probe)
        # Nobody was told of what was not committed.
        known = {incident["id"] for incident in incidents}
        self.assertEqual({i for i in told if i not in known}, set())


class FaultPoints(Crash):
    def scenario(self, agent):
        """Ok, outage, alert, end of the outage, alert; until done or dead."""
        def progress(want, what):
            def done():
                if not agent.running():
                    return True
                return want()
            wait_for(done, what, 60)
            return agent.running()

        def told(event):
            return any(a["event"] == event and a["probe"]["name"] == "web-0"
                       for a in read_alerts(f"{self.alerts}.2"))
        try:
            agent.start(wait=False)
            if not progress(lambda: agent.probe("web-0")["standing"] == "ok",
                            "web-0 to be ok"):
                return False
            self.web.halt()
            if not progress(lambda: told("opened"), "the alert"):
                return False
            self.web.start()
            if not progress(lambda: told("resolved") and settled(agent),
                            "the end to be told"):
                return False
            agent.stop(expect=None)
            return agent.exit_by_signal() is None
        finally:
            if not self.web.running():
                self.web.start()

    def test_every_point(self):
        passed = 0
        for n in range(1, POINTS_MAX):
            for path in (self.alerts, pathlib.Path(f"{self.alerts}.2")):
                path.unlink(missing_ok=True)
            agent = self.prepare(
                f"point-{n}", {"TOCSIN_FAULT_AT": str(n)})
            whole = self.scenario(agent)
            if whole and n == 1:
                self.skipTest("this build has no fault points")
            if whole:
                break
            self.assertEqual(agent.exit_by_signal(), signal.SIGKILL,
                             f"at point {n}: {agent.log()[-2000:]}")
            agent.environment.pop("TOCSIN_FAULT_AT")
            agent.start()
            agent.wait_standing("web-0", "ok")
            wait_for(lambda a=agent: not a.incidents("unresolved", "web-0"),
                     "no open incident")
            self.judge(agent, quiet=True)
            passed += 1
        self.note(f"{passed} fault points, each survived")
        self.assertGreater(passed, 5)
        self.assertLess(passed, POINTS_MAX - 2)


class KillLoop(Crash):
    PROBES = 40

    def test_random_kills_under_load(self):
        chance = random.Random(SEED)
        agent = self.prepare("loop", probes=self.PROBES)
        agent.start()
        agent.wait_standing("web-0", "ok")
        for n in range(ROUNDS):
            if n % 2 == 0:
                self.web.halt()
            else:
                self.web.start()
            time.sleep(chance.uniform(0.05, 1.6))
            workers = agent.workers()
            agent.kill()
            for pid in workers:
                wait_for(lambda pid=pid: not alive(pid), "workers to end")
            agent.start()
        if not self.web.running():
            self.web.start()
        for n in range(self.PROBES):
            agent.wait_standing(f"web-{n}", "ok", 120)
        wait_for(lambda: not [i for i in agent.incidents("unresolved")
                              if not i["probe"].startswith("tocsin/")],
                 "no open incident", 120)
        self.note(f"{ROUNDS} kills")
        self.judge(agent, self.PROBES)


class Restart(Crash):
    def test_a_restart_does_not_page_again(self):
        agent = self.prepare("restart")
        self.web.halt()
        agent.start()
        agent.wait_standing("web-0", "failed")
        wait_for(lambda: settled(agent) and read_alerts(self.alerts),
                 "the alert")
        for end in (agent.stop, agent.kill):
            end()
            agent.start()
            before = agent.probe("web-0")["at"]
            wait_for(lambda b=before: agent.probe("web-0")["at"] > (b or ""),
                     "a new run")
            self.assertEqual(agent.probe("web-0")["standing"], "failed")
        self.assertEqual(len(read_alerts(self.alerts)), 1)
        self.web.start()
        agent.wait_standing("web-0", "ok")
        wait_for(lambda: len(read_alerts(self.alerts)) == 2, "the end")
        self.judge(agent)


if __name__ == "__main__":
    main()
