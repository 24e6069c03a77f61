"""DNS servers of the golden tests: BIND's named with a signed zone, and one
that answers as a script says.

The zone is "bell."; its names are below. `bad.bell` was changed after it was
signed. {named} is the port, {anchor} the file with the zone's trust anchor.
"""
import pathlib
import shutil
import socket
import struct
import subprocess
import threading
import time

ZONE = """$TTL 300
@ SOA ns.bell. hostmaster.bell. 2026112201 3600 600 86400 300
@ NS ns.bell.
ns A 127.0.0.1
www A 192.0.2.7
www A 192.0.2.8
www AAAA 2001:db8::7
alias CNAME www
@ MX 10 mail.bell.
@ TXT "v=spf1 " "-all"
@ CAA 0 issue "ca.example.net"
_smtp._tcp SRV 0 5 25 mail.bell.
mail A 192.0.2.25
bad A 192.0.2.66
"""
CONF = """
options {{
  directory "{dir}"; pid-file "{dir}/named.pid"; session-keyfile "{dir}/key";
  listen-on port {port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }};
  recursion no; dnssec-validation no; managed-keys-directory "{dir}";
  allow-query {{ any; }}; allow-update {{ none; }};
}};
controls {{ }};
zone "bell" {{ type master; file "{dir}/zone.signed"; }};
zone "plain" {{ type master; file "{dir}/plain"; }};
"""
PLAIN = ZONE.replace(".bell.", ".plain.")


def free_port():
    """One that is free for both UDP and TCP."""
    while True:
        with socket.socket() as tcp:
            tcp.bind(("127.0.0.1", 0))
            port = tcp.getsockname()[1]
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
                try:
                    udp.bind(("127.0.0.1", port))
                    return port
                except OSError:
                    continue


class Named:
    def __init__(self, folder, need):
        self.folder = pathlib.Path(folder)
        self.program = need("named")
        self.keygen = need("dnssec-keygen")
        self.signzone = need("dnssec-signzone")
        self.port = free_port()
        self.folder.mkdir()
        self.sign()
        (self.folder / "plain").write_text(PLAIN)
        (self.folder / "named.conf").write_text(
            CONF.format(dir=self.folder, port=self.port))
        with open(self.folder / "log", "wb") as log:
            self.process = subprocess.Popen(
                [self.program, "-f", "-c", self.folder / "named.conf", "-L",
                 self.folder / "named.log"], stdin=subprocess.DEVNULL,
                stdout=log, stderr=log)
        self.words = {"named": self.port,
                      "anchor": self.folder / "anchor"}
        self.wait()

    def sign(self):
        def run(*command):
            return subprocess.run(
                command, cwd=self.folder, check=True, text=True,
                capture_output=True).stdout.strip()

        for flags in ([], ["-f", "KSK"]):
            name = run(self.keygen, "-q", "-a", "ECDSAP256SHA256", *flags,
                       "bell")
            with open(self.folder / "zone", "a", encoding="ascii") as zone:
                zone.write(f"$INCLUDE {name}.key\n")
        keys = (self.folder / "zone").read_text()
        (self.folder / "zone").write_text(ZONE + keys)
        run(self.signzone, "-S", "-z", "-o", "bell", "-f", "zone.signed",
            "zone")
        signed = (self.folder / "zone.signed").read_text()
        assert "192.0.2.66" in signed
        (self.folder / "zone.signed").write_text(
            signed.replace("192.0.2.66", "192.0.2.67"))
        shutil.copy(self.folder / "dsset-bell.", self.folder / "anchor")

    def wait(self):
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.05)
        log = self.folder / "named.log"
        self.stop()
        raise OSError("named does not answer: " + (
            log.read_text(errors="replace")[-1500:] if log.exists() else ""))

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


class Scripted:
    """Answers every query in one way:

    "silent" · "garbage" · {"rcode": N} · "stranger" (an answer to another
    query first) · "truncated" (then the whole answer over TCP) ·
    "truncated, no tcp" · "lying" (counts records that are not there)
    """

    def __init__(self, manner):
        self.manner = manner
        self.port = free_port()
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(("127.0.0.1", self.port))
        self.tcp = None
        if manner == "truncated":
            self.tcp = socket.create_server(("127.0.0.1", self.port))
            threading.Thread(target=self.serve_tcp, daemon=True).start()
        threading.Thread(target=self.serve_udp, daemon=True).start()

    def serve_udp(self):
        while True:
            try:
                query, peer = self.udp.recvfrom(4096)
                for packet in self.answers(query):
                    self.udp.sendto(packet, peer)
            except OSError:
                return

    def serve_tcp(self):
        while True:
            try:
                connection, _ = self.tcp.accept()
                with connection:
                    query = connection.recv(4096)[2:]
                    packet = answer(query, records=3)
                    connection.sendall(struct.pack("!H", len(packet)) + packet)
            except OSError:
                return

    def answers(self, query):
        if self.manner == "silent":
            return []
        if self.manner == "garbage":
            return [query[:2] + b"\x81\x80" + b"\xff" * 40]
        if self.manner == "stranger":
            other = bytes([query[0] ^ 1]) + query[1:]
            return [answer(other, rcode=3), answer(query)]
        if self.manner == "lying":
            packet = answer(query)
            return [packet[:6] + struct.pack("!H", 9) + packet[8:]]
        if isinstance(self.manner, dict):
            return [answer(query, records=0, rcode=self.manner["rcode"])]
        return [answer(query, records=0, truncated=True)]

    def stop(self):
        for one in (self.udp, self.tcp):
            if one is not None:
                one.close()


def answer(query, records=1, rcode=0, truncated=False):
    """To a query for A: 192.0.2.1, 192.0.2.2, …"""
    end = query.index(b"\0", 12) + 5
    flags = 0x8180 | rcode | (0x0200 if truncated else 0)
    packet = query[:2] + struct.pack("!HHHHH", flags, 1, records, 0, 0)
    packet += query[12:end]
    for i in range(records):
        packet += b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 60, 4)
        packet += bytes([192, 0, 2, i + 1])
    return packet
