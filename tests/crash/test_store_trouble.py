"""The state cannot be written: alerts leave all the same, the trouble is told,
and what waited in memory is written when the disk takes it again.
"""
import os
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from harness import (Case, main, need_root, read_alerts, uptime, wait_for)
from peers.nginx import Nginx

STORE = "tocsin/store"


class StoreTrouble(Case):
    def setUp(self):
        super().setUp()
        need_root()
        self.web = self.peer(Nginx()).start()
        self.alerts = self.folder / "alerts.jsonl"
        self.tocsin = self.agent()
        self.tocsin.configure(
            probes=[uptime("web", self.web.url)],
            channels={"log": {"kind": "file", "path": str(self.alerts)}})

    def told(self, probe, *events):
        return [a for a in read_alerts(self.alerts)
                if a["probe"]["name"] == probe and a["event"] in events]

    def wait_told(self, probe, *events, timeout=60):
        return wait_for(lambda: self.told(probe, *events),
                        f"{events} of {probe} to be told", timeout)[0]

    def outage_while_stuck(self):
        """The agent cannot write now: an outage is told, and so is that."""
        agent = self.tocsin
        self.web.halt()
        opened = self.wait_told("web", "opened")
        self.wait_told(STORE, "opened")
        status = agent.status()
        self.assertFalse(status["store"]["ok"], status["store"])
        self.assertTrue(status["store"]["reason"])
        self.assertEqual(agent.tcp("GET", "/readyz").status, 503)
        self.assertEqual(agent.tcp("GET", "/healthz").status, 200)
        # It goes on watching.
        self.web.start()
        self.wait_told("web", "resolved")
        return opened["incident"]["id"]

    def all_is_written(self, identity):
        agent = self.tocsin
        wait_for(lambda: agent.status()["store"]["ok"], "the store", 90)
        self.wait_told(STORE, "resolved")
        wait_for(lambda: not agent.deliveries(status="pending")
                 and agent.status()["store"]["waiting"] == 0,
                 "everything to be written")
        agent.kill()  # what is on disk now is all there is
        agent.start()
        incident = agent.incident(identity)
        self.assertEqual(incident["status"], "resolved")
        self.assertTrue(incident["timeline"])
        wait_for(lambda: not agent.deliveries(status="pending"), "quiet")
        for delivery in agent.incident(identity)["deliveries"]:
            self.assertEqual(delivery["status"], "delivered", delivery)
        agent.stop()
        self.assertEqual(agent.integrity(), "ok")
        self.assert_clean_log(agent)
        for probe in ("web", STORE):
            for event in ("opened", "resolved"):
                keys = {a["delivery"] for a in self.told(probe, event)}
                self.assertEqual(len(keys), 1, (probe, event, keys))

    def test_disk_full(self):
        agent = self.tocsin
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=4m,mode=700", "tmpfs",
             str(agent.state)], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            self.skipTest(f"cannot mount a tmpfs: {done.stderr.strip()}")
        self.addCleanup(subprocess.run,
                        ["umount", "-l", str(agent.state)], check=False)
        agent.start()
        agent.wait_standing("web", "ok")
        ballast = agent.state / "ballast"
        with open(ballast, "wb", buffering=0) as f:
            try:
                for size in (4096, 1):
                    while True:
                        f.write(b"\0" * size)
            except OSError:
                pass
        identity = self.outage_while_stuck()
        ballast.unlink()
        self.all_is_written(identity)

    def immutable(self, flag):
        for name in ("state.db", "state.db-wal"):
            path = self.tocsin.state / name
            if path.exists():
                done = subprocess.run(["chattr", flag, str(path)],
                                      capture_output=True, text=True,
                                      check=False)
                if done.returncode != 0:
                    self.skipTest(f"chattr: {done.stderr.strip()}")

    def test_database_read_only(self):
        agent = self.tocsin
        agent.start()
        agent.wait_standing("web", "ok")
        self.addCleanup(self.immutable, "-i")
        self.immutable("+i")
        identity = self.outage_while_stuck()
        self.immutable("-i")
        self.all_is_written(identity)

    def test_damaged_database_is_refused_with_advice(self):
        agent = self.tocsin
        agent.start()
        agent.wait_standing("web", "ok")
        agent.stop()
        path = agent.state / "state.db"
        data = bytearray(path.read_bytes())
        for at in range(4096, len(data)):
            data[at] = 0xA5
        path.write_bytes(bytes(data))
        agent.start(wait=False)
        self.assertNotEqual(agent.wait_end(), 0)
        self.assertIn("state.db", agent.log()[-3000:])

    def test_state_folder_that_cannot_be(self):
        agent = self.tocsin
        (self.folder / "file").write_text("in the way\n")
        agent.configure(state=f"sqlite:{self.folder}/file/state.db")
        agent.start(wait=False)
        self.assertNotEqual(agent.wait_end(), 0)
        self.assertIn("file/state.db", agent.log())


if __name__ == "__main__":
    main()
