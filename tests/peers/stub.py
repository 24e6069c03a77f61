"""TCP servers that behave badly on purpose, each on a free loopback port.

    Stub("silent")      accepts, never answers
    Stub("close")       accepts and hangs up
    Stub("drip")        a byte of an HTTP answer every half second
    Stub("garbage")     bytes that are no HTTP at all
    Stub("black-hole")  answers no SYN: connecting takes as long as the client

They serve from birth; `connections` counts who came.
"""
import socket

from peers.listener import Listener

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + b"x" * 100000


class Stub(Listener):
    backlog = 256

    def __init__(self, behaviour="silent"):
        super().__init__()
        self.behaviour = behaviour
        self.fillers = []
        if behaviour == "black-hole":
            self.backlog = 0
            self._fill_backlog()
        else:
            self.start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/"

    def _fill_backlog(self):
        """Nobody accepts and the queue is full: SYNs are dropped."""
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", self.port))
        self._socket.listen(0)
        for _ in range(4):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", self.port))
            self.fillers.append(filler)

    def talk(self, connection):
        if self.behaviour == "silent":
            self.ending.wait()
        elif self.behaviour == "garbage":
            connection.sendall(bytes(range(256)) * 16)
        elif self.behaviour == "drip":
            for byte in ANSWER:
                connection.sendall(bytes([byte]))
                if self.ending.wait(0.5):
                    return

    def stop(self):
        super().stop()
        for filler in self.fillers:
            filler.close()
