"""Worker processes: what they inherit, how they end, what their end means."""
import os
import pathlib
import signal
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from harness import (Case, alive, command_line, descriptors, main, read_alerts,
                     stays, uptime, wait_for)
from peers.nginx import Nginx
from peers.stub import Stub


class Workers(Case):
    def start(self, *probes, **top):
        agent = self.agent()
        self.alerts = self.folder / "alerts.jsonl"
        agent.configure(
            probes=probes,
            channels={"log": {"kind": "file", "path": str(self.alerts)}},
            **top)
        return agent.start()

    def web(self):
        return self.peer(Nginx()).start()

    def test_one_probe_worker_a_kind_and_one_path_worker_a_channel(self):
        agent = self.start(uptime("a", self.web().url))
        agent.wait_standing("a", "ok")
        agent.wait_worker("path", "file")
        self.assertGreaterEqual(len(agent.workers("probe", "uptime")), 1)
        self.assertEqual(len(agent.workers("path")), 1)

    def test_nothing_is_inherited(self):
        agent = self.start(uptime("a", self.web().url))
        agent.wait_standing("a", "ok")
        agent.wait_worker("path", "file")
        for pid in agent.workers():
            open_files = descriptors(pid)
            for fd, leads_to in open_files.items():
                self.assertNotIn("state.db", leads_to)
                self.assertNotIn("control.sock", leads_to)
                self.assertNotIn("agent.log", leads_to, command_line(pid))
            with open(f"/proc/{pid}/status", encoding="ascii") as f:
                status = dict(line.rstrip("\n").split(":\t", 1) for line in f)
            self.assertEqual(status["NoNewPrivs"], "1")
        for pid in agent.workers():
            limits = pathlib.Path(f"/proc/{pid}/limits").read_text()
            core = next(line for line in limits.splitlines()
                        if line.startswith("Max core file size"))
            self.assertEqual(core.split()[4], "0")

    def test_descriptors_are_not_leaked(self):
        stub = self.peer(Stub("close"))
        web = self.web()
        agent = self.start(
            uptime("web", web.url), uptime("refused", stub.url, confirm=10),
            uptime("silent", self.peer(Stub("silent")).url))
        agent.wait_standing("web", "ok")
        agent.wait_outcome("silent", "failed")
        worker = agent.wait_worker("probe", "uptime")

        def count():
            return len(descriptors(agent.pid)), len(descriptors(worker))
        first = count()
        for _ in range(20):
            self.assertEqual(agent.tcp("GET", "/metrics").status, 200)
            agent.status()
        seen = stub.connections
        wait_for(lambda: stub.connections > seen + 10, "ten more runs")
        wait_for(lambda: count()[0] <= first[0] + 3
                 and count()[1] <= first[1] + 3,
                 f"descriptors to stay near {first}")

    def test_dead_probe_worker_is_replaced(self):
        agent = self.start(uptime("web", self.web().url))
        agent.wait_standing("web", "ok")
        old = agent.wait_worker("probe", "uptime")
        os.kill(old, signal.SIGKILL)
        wait_for(lambda: [pid for pid in agent.workers("probe", "uptime")
                          if pid != old], "a new probe worker")
        before = agent.probe("web")["at"]
        wait_for(lambda: agent.probe("web")["at"] > before
                 and agent.probe("web")["outcome"] == "ok", "ok runs again")
        self.assertEqual(agent.incidents(probe="web"), [])

    def test_stopped_probe_worker_is_unknown_not_failed(self):
        agent = self.start(uptime("web", self.web().url))
        agent.wait_standing("web", "ok")
        old = agent.wait_worker("probe", "uptime")
        os.kill(old, signal.SIGSTOP)
        agent.wait_outcome("web", "unknown")
        # The core kills it past its deadlines; then all is well again.
        wait_for(lambda: not alive(old), "the stopped worker to be killed")
        agent.wait_outcome("web", "ok")
        self.assertEqual(agent.probe("web")["standing"], "ok")
        self.assertEqual(agent.incidents(probe="web"), [])

    def test_quarantine_of_a_job_that_kills_its_worker(self):
        # The job never ends by itself; its worker is killed with it in
        # flight, and so is the one in which it is tried again, alone.
        silent = self.peer(Stub("silent"))
        agent = self.start(
            uptime("poison", silent.url, timeout="20s", every="30s"),
            uptime("web", self.web().url, every="3s"))
        agent.wait_standing("web", "ok")
        seen = 0
        for _ in range(2):
            wait_for(lambda s=seen: silent.connections > s,
                     "the job to be in flight", 60)
            seen = silent.connections
            for pid in agent.workers("probe", "uptime"):
                os.kill(pid, signal.SIGKILL)
        wait_for(lambda: agent.incidents(probe="tocsin/probe/poison"),
                 "an incident about the quarantine")
        wait_for(lambda: any(a["probe"]["name"] == "tocsin/probe/poison"
                             for a in read_alerts(self.alerts)),
                 "people to be told")
        # A good probe that shared the worker goes on.
        before = agent.probe("web")["at"]
        wait_for(lambda: agent.probe("web")["at"] > before
                 and agent.probe("web")["outcome"] == "ok",
                 "the other probe to go on")
        self.assertEqual(agent.incidents(probe="tocsin/probe/web"), [])
        self.assertEqual(agent.probe("poison")["outcome"], "unknown")

    def test_workers_end_with_the_core(self):
        silent = self.peer(Stub("silent"))
        agent = self.start(uptime("slow", silent.url, timeout="20s", every="30s"))
        wait_for(lambda: silent.connections > 0, "a job in flight")
        agent.wait_worker("path", "file")
        workers = agent.workers()
        self.assertGreaterEqual(len(workers), 2)
        agent.kill()
        for pid in workers:
            wait_for(lambda pid=pid: not alive(pid), f"worker {pid} to end")

    def test_orderly_stop_is_quick_and_clean(self):
        agent = self.start(uptime("web", self.web().url))
        agent.wait_standing("web", "ok")
        workers = agent.workers()
        began = time.monotonic()
        agent.stop()
        took = time.monotonic() - began
        self.assertFalse([pid for pid in workers if alive(pid)])
        self.assertFalse((agent.state / "control.sock").exists())
        self.note(f"stopped in {took:.2f} s")
        self.assert_clean_log(agent)
        self.assertEqual(agent.integrity(), "ok")

    def test_two_agents_do_not_share_a_state(self):
        agent = self.start(uptime("web", self.web().url))
        agent.wait_standing("web", "ok")
        second = self.agent("second")
        second.configure(state=f"sqlite:{agent.state}/state.db")
        second.start(wait=False)
        self.assertNotEqual(second.wait_end(), 0)
        self.assertEqual(agent.tcp("GET", "/healthz").status, 200)
        self.assertEqual(agent.api("GET", "/healthz").status, 200)

    def test_hostile_servers_cost_nothing_but_their_own_runs(self):
        web = self.web()
        agent = self.start(
            uptime("web", web.url),
            *[uptime(f"bad-{kind}", self.peer(Stub(kind)).url)
              for kind in ("silent", "close", "drip", "garbage",
                           "black-hole")])
        agent.wait_standing("web", "ok")
        for kind in ("silent", "close", "drip", "garbage", "black-hole"):
            agent.wait_standing(f"bad-{kind}", "failed")
        pid = agent.workers("probe", "uptime")
        stays(lambda: agent.probe("web")["outcome"] == "ok", 2, "web is ok")
        self.assertEqual(agent.workers("probe", "uptime"), pid)
        self.assertEqual(agent.incidents(probe="web"), [])
        self.assert_clean_log(agent)


if __name__ == "__main__":
    main()
