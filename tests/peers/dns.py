"""A name server whose answers the test decides, query by query.

    dns = Dns().start()
    dns.records["hook.example.org"] = {"A": ["127.0.0.2"], "AAAA": ["::1"]}
    dns.records["rebind.example.org"] = lambda kind, nth: [...]
    dns.silent = True          # answers nobody
    dns.asked("hook.example.org", "A")    # how often
    dns.prefix(folder)         # words to start a program with that asks it
    dns.stop()

Names without records do not exist; TTLs are 0. A record of a callable is asked
with the kind and how often that kind was asked for before.
"""
import pathlib
import socket
import struct
import threading

from harness import free_port

KINDS = {1: "A", 28: "AAAA"}
# What must be seen of it is in a mount namespace of the program's own.
WRAPPER = 'mount --bind "$0" /etc/resolv.conf && exec "$@"'


class Dns:
    def __init__(self):
        self.records = {}
        self.silent = False
        self._asked = {}
        self._lock = threading.Lock()
        self._socket = None
        self.port = free_port()

    def start(self):
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", self.port))
        threading.Thread(target=self._serve, args=(self._socket,),
                         daemon=True).start()
        return self

    def stop(self):
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def prefix(self, folder):
        file = pathlib.Path(folder) / "resolv.conf"
        file.write_text(f"nameserver 127.0.0.1@{self.port}\n")
        return ["unshare", "--mount", "sh", "-c", WRAPPER, str(file)]

    def asked(self, name, kind):
        with self._lock:
            return self._asked.get((name, kind), 0)

    def _serve(self, sock):
        while True:
            try:
                query, peer = sock.recvfrom(4096)
            except OSError:
                return
            if self.silent:
                continue
            try:
                sock.sendto(self._answer(query), peer)
            except (OSError, IndexError, struct.error, UnicodeError):
                continue  # not a query, or we were stopped

    def _answer(self, query):
        name, end = read_name(query, 12)
        number, = struct.unpack("!H", query[end:end + 2])
        kind = KINDS.get(number, str(number))
        with self._lock:
            nth = self._asked.get((name, kind), 0)
            self._asked[name, kind] = nth + 1
        found = self.records.get(name)
        if callable(found):
            found = {kind: found(kind, nth)}
        addresses = (found or {}).get(kind, [])
        rcode = 3 if found is None else 0
        packet = query[:2] + struct.pack(
            "!HHHHH", 0x8180 | rcode, 1, len(addresses), 0, 0)
        packet += query[12:end + 4]
        family = socket.AF_INET6 if kind == "AAAA" else socket.AF_INET
        for address in addresses:
            data = socket.inet_pton(family, address)
            packet += b"\xc0\x0c" + struct.pack(
                "!HHIH", number, 1, 0, len(data)) + data
        return packet


def read_name(packet, at):
    """The lower-case name at `at`, and where its record type begins."""
    labels = []
    while packet[at]:
        labels.append(packet[at + 1:at + 1 + packet[at]])
        at += 1 + packet[at]
    return b".".join(labels).decode("ascii").lower(), at + 1
