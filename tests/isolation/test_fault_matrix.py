"""Every kind of path, sick in every way, beside a path that is well.

One agent a kind: a channel for each fault, all sick at the same time, and one
healthy channel; and a twin, an agent with the healthy channel alone. While
nothing is wrong, and again while everything is, the time from an event to the
first byte at the healthy receiver is measured, of both agents in turn: what a
busy machine does, it does to both. Then the sick ones are cured. The property:
the healthy path does not notice; the sick ones deliver; nothing is lost; what
comes twice comes under one key.
"""
import json
import math
import os
import pathlib
import signal
import sys
import threading
import time
import typing
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from harness import PATIENCE, Case, main, need_root, uptime, wait_for
from faults import (HOST, KINDS, LOOPBACK, NAMED, SAYS, TLS_NAME, Cell,
                    is_named)
from peers.dns import Dns
from peers.listener import Listener
from peers.nginx import certificate
from peers.stopwatch import Stopwatch

PULSES = 100         # events measured in each state, of each agent
EVERY_S = 0.07       # … one after the other
INCIDENTS = 10       # … of so many incidents: none grows long
CASES = ["case-1", "case-2"]   # probes whose incidents the sick ones must tell
FACTOR = 2           # how much slower the healthy path may become
FLOOR_S = 0.05       # less is noise; who waits for a sick path waits seconds
# When an incident goes to all paths at once, the core has the work of that many
# deliveries; so many usual ones may be in front.
IN_FRONT = 10
CURED_S = 90


def healthy(watch):
    return {"kind": "webhook", "url": watch.url, "allow_http": True,
            "allow_addresses": LOOPBACK}


class Quantiles(typing.NamedTuple):
    median: float
    p99: float


class Target(Listener):
    """What a probe watches: open until it is stopped."""

    def talk(self, connection):
        connection.recv(1)


class Matrix(Case):
    def setUp(self):
        super().setUp()
        need_root()  # the agent gets a resolv.conf of its own
        self.certificates = {
            "right": certificate(self.folder, TLS_NAME),
            "wrong": certificate(self.folder, "other.example.org")}
        # Both are trusted: what is wrong is the name alone.
        self.ca_file = self.folder / "ca.pem"
        self.ca_file.write_text("".join(
            cert.read_text() for cert, _ in self.certificates.values()))
        self.dns = self.peer(Dns()).start()
        self.dns.records[NAMED] = {"A": [HOST]}
        self.watch = self.peer(Stopwatch()).start()
        self.tocsin = self.agent(prefix=self.dns.prefix(self.folder))
        self.twin = self.agent("twin")
        self.cells, self.cases, self.ending = [], [], threading.Event()
        self.addCleanup(self.ending.set)

    def configure(self, changed=()):
        """`changed`: channels whose options become others of one meaning."""
        channels = {cell.channel: cell.configuration() for cell in self.cells}
        for name in changed:
            channels[name]["allow_addresses"] = LOOPBACK[:1]
        channels["well"] = healthy(self.watch)
        self.tocsin.configure(
            probes=self.probes(self.targets), channels=channels,
            agent={"name": "test-agent",
                   "public_url": f"http://127.0.0.1:{self.tocsin.port}"},
            routes=[{"match": {"probe": ["case-*"]}, "notify": list(channels)},
                    {"match": {"probe": ["pulse-*"]}, "notify": ["well"]},
                    {"match": {}, "notify": []}])

    def probes(self, names):
        return [uptime(name, f"tcp://{HOST}:{self.targets[name].port}",
                       every="1h", severity="high") for name in names]

    def begin(self):
        """Both agents run; each has incidents to pulse on."""
        pulses = [f"pulse-{i}" for i in range(2 * INCIDENTS)]
        names = CASES + pulses
        self.targets = {name: self.peer(Target()).start() for name in names}
        self.configure()
        self.twin.configure(probes=self.probes(pulses),
                            channels={"well": healthy(self.watch)})
        for agent, probes in ((self.tocsin, names), (self.twin, pulses)):
            agent.start()
            for probe in probes:
                agent.api("POST", f"/api/v1/probes/{probe}/run", {})
                agent.wait_standing(probe, "ok")
        for probe in pulses:
            self.targets[probe].stop()
        for cell in self.cells:
            cell.kind.prepare(cell)
        self.pulses = [(self.fail_now(self.tocsin, probe),
                        self.fail_now(self.twin, probe)) for probe in pulses]

    def invitation(self, channel):
        done = self.tocsin.cli("channel", "invite", "-c",
                               self.tocsin.config_file, "--json", channel,
                               check=0)
        return urllib.parse.urlsplit(json.loads(done.stdout)["url"]).path

    @staticmethod
    def fail_now(agent, probe):
        """The id of the incident."""
        agent.api("POST", f"/api/v1/probes/{probe}/run", {})
        found = wait_for(lambda: agent.incidents(probe=probe),
                         f"an incident of {probe}")
        return found[0]["id"]

    def fail_case(self, probe):
        self.targets[probe].stop()
        self.cases.append(self.fail_now(self.tocsin, probe))

    # ---- the healthy path's clock ----

    def pulse(self, agent, incident, text):
        before = time.monotonic()
        reply = agent.api("POST", f"/api/v1/incidents/{incident}/note",
                          {"actor": "test", "text": text})
        self.assertEqual(reply.status, 200, reply)
        return before

    def measure(self, name, pulses, halfway=lambda: None):
        """Event to first byte: of the agent, and of its twin."""
        sent, began = {}, time.monotonic()
        for i in range(2 * PULSES):
            agent = (self.tocsin, self.twin)[i % 2]
            time.sleep(max(0, began + i * EVERY_S / 2 - time.monotonic()))
            text = f"{name}, {'twin' if i % 2 else 'agent'} {i}"
            sent[text] = self.pulse(
                agent, pulses[i // 2 % len(pulses)][i % 2], text)
            if i == PULSES:
                halfway()
        wait_for(lambda: sent.keys() <= self.watch.arrivals().keys(),
                 "all pulses to arrive")
        arrived = self.watch.arrivals()
        return [self.quantiles(name, who, [
            arrived[text] - at for text, at in sent.items() if who in text])
            for who in ("agent", "twin")]

    def quantiles(self, name, who, took):
        took.sort()
        median = took[len(took) // 2]
        p99 = took[math.ceil(len(took) * 0.99) - 1]
        self.note(f"{name}, {who}: median {median * 1000:.1f} ms, p99 "
                  f"{p99 * 1000:.1f} ms, most {took[-1] * 1000:.1f} ms")
        return Quantiles(median, p99)

    def compare(self, calm):
        for name in ("sick", "sick again"):
            mine, twin = self.measure(
                name, self.pulses[INCIDENTS:],
                lambda: len(self.cases) > 1 or self.fail_case(CASES[1]))
            noise_s = max(FLOOR_S * PATIENCE, IN_FRONT * twin.median)
            if mine.p99 <= noise_s + FACTOR * max(
                    twin.p99, *(quantiles.p99 for quantiles in calm)):
                return
        self.fail(f"the healthy path: {mine} beside sick ones, {calm[0]} "
                  f"without; its twin at the same time: {twin}")

    # ---- illness and cure ----

    def worker_of(self, channel):
        return (self.tocsin.channel(channel) or {}).get("pid")

    def torment(self):
        """Signals to the workers of cells whose fault that is."""
        while not self.ending.wait(0.1):
            for cell in self.cells:
                if not cell.fault.torment:
                    continue
                try:
                    pid = self.worker_of(cell.channel)
                    if cell.tormented and pid:
                        os.kill(pid, cell.fault.torment)
                except OSError:
                    pass  # it has just ended, or the agent has

    def infect(self):
        for cell in self.cells:
            cell.fault.begin(cell)
        time.sleep(0.5)  # the tormentor has come round
        self.fail_case(CASES[0])

    def really_sick(self, cell):
        if cell.fault.torment == signal.SIGKILL:
            # Between two crashes a worker may get one through.
            self.assertIn(
                f'msg="a path worker is over" channel={cell.channel} '
                'why="killed by signal 9', self.tocsin.log())
            return
        state = self.tocsin.channel(cell.channel)
        if cell.fault.torment == signal.SIGSTOP and not state["pending"]:
            return  # it got them out before it was stopped again
        # One that is gone (410) is told of nothing more.
        least = 1 if state["state"] == "gone" else len(CASES)
        self.assertGreaterEqual(
            state["pending"] + state["dead"], least, (cell.name, state))
        self.assertRegex(state["last_error"], SAYS[cell.name], cell.name)

    def cure(self):
        for cell in self.cells:
            cell.end()
        resting = [cell.channel for cell in self.cells if cell.fault.rests]
        if resting:
            self.configure(changed=resting)
            reply = self.tocsin.api("POST", "/api/v1/reload", {})
            self.assertEqual(reply.status, 200, reply)

    def resend_dead(self):
        for row in self.tocsin.deliveries(status="dead", limit=1000):
            cell = [c for c in self.cells if c.channel == row["channel"]][0]
            self.assertTrue(cell.fault.needs_resend, row)
            reply = self.tocsin.api(
                "POST", f"/api/v1/deliveries/{row['key']}/resend", {})
            self.assertEqual(reply.status, 202, reply)

    def settle(self, cells):
        def waiting():
            names = {row["channel"] for row in self.tocsin.deliveries(
                status="pending", limit=1000)}
            return not names & {cell.channel for cell in cells}
        wait_for(waiting, "every channel to catch up", CURED_S, every=0.2)

    def nothing_lost(self, cell):
        for names in zip(CASES, self.cases):
            incident = names[1]
            rows = [row for row in self.tocsin.incident(incident)["deliveries"]
                    if row["channel"] == cell.channel]
            if not rows and cell.name == "410":
                continue  # it was gone by then: the others were told
            row, = rows
            self.assertEqual(row["status"], "delivered", row)
            self.assertTrue(cell.accepted(names), (cell.name, names))
            keys = {key for key, text in cell.received()
                    if is_named(names, text)}
            self.assertIn(keys, ({row["key"]}, {None}), (cell.name, names))

    def patient(self, cell):
        """Nobody is asked sooner than he wished."""
        if cell.name not in ("429-seconds", "429-date"):
            return
        told = cell.peer.attempts()
        ago = time.time() - time.monotonic()
        for before, after in zip(told, told[1:]):
            if before.status != 429:
                continue
            if cell.not_before:
                self.assertGreaterEqual(after.at + ago, cell.not_before - 0.1)
            else:
                self.assertGreaterEqual(after.at - before.at, 2.9)

    def run_kind(self, name):
        kind = KINDS[name]
        self.cells = [Cell(self, kind, fault) for fault in kind.faults]
        for cell in self.cells:
            self.peer(cell.peer).start()
        self.begin()
        threading.Thread(target=self.torment, daemon=True).start()
        calm = self.measure("calm", self.pulses[:INCIDENTS])
        self.infect()
        self.compare(calm)
        for cell in self.cells:
            self.really_sick(cell)
        began = time.monotonic()
        self.cure()
        self.resend_dead()
        self.settle(self.cells)
        self.note(f"{name}: all cured after {time.monotonic() - began:.0f} s")
        for cell in self.cells:
            with self.subTest(cell.name):
                self.nothing_lost(cell)
                self.patient(cell)
        self.ending.set()
        for agent in (self.tocsin, self.twin):
            agent.stop()
            self.assert_clean_log(agent)


for _name in KINDS:
    setattr(Matrix, f"test_{_name}",
            lambda self, name=_name: self.run_kind(name))


if __name__ == "__main__":
    main()
