"""A receiver of webhooks that measures: in a process of its own, so that
nothing else that a test does delays its clock.

    watch = Stopwatch().start()
    watch.url
    watch.arrivals()         # {note: time.monotonic() of its first byte}
    watch.stop()

Run as a program, it is that process: a port in, one JSON line an event out.
"""
import json
import pathlib
import socket
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from harness import free_port, wait_for  # noqa: E402

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


class Stopwatch:
    def __init__(self):
        self.port = free_port()
        self._arrivals = {}
        self._lock = threading.Lock()
        self._process = self._reader = None

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/well"

    def start(self):
        self._process = subprocess.Popen(
            [sys.executable, __file__, str(self.port)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        self._reader = threading.Thread(
            target=self._read, args=(self._process.stdout,), daemon=True)
        self._reader.start()

        def listening():
            socket.create_connection(("127.0.0.1", self.port), 1).close()
            return True
        wait_for(listening, "the stopwatch to listen")
        return self

    def stop(self):
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._reader.join(10)
            self._process.stdout.close()
            self._process = None

    def _read(self, lines):
        for line in lines:
            event = json.loads(line)
            with self._lock:
                self._arrivals.setdefault(event["note"], event["at"])

    def arrivals(self):
        with self._lock:
            return dict(self._arrivals)


# ---- the process ----

_out = threading.Lock()


def say(**event):
    with _out:
        print(json.dumps(event), flush=True)


def serve(connection):
    with connection:
        rest = b""
        while True:
            data = rest or connection.recv(65536)
            first = time.monotonic()
            if not data:
                return
            while b"\r\n\r\n" not in data:
                data += connection.recv(65536)
            head, _, body = data.partition(b"\r\n\r\n")
            length = [int(line.split(b":")[1])
                      for line in head.lower().split(b"\r\n")
                      if line.startswith(b"content-length:")][0]
            while len(body) < length:
                body += connection.recv(65536)
            connection.sendall(ANSWER)
            rest = body[length:]
            say(note=json.loads(body[:length])["data"]["note"], at=first)


def run(port):
    listener = socket.create_server(("127.0.0.1", port), backlog=64)
    while True:
        connection, _ = listener.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=serve, args=(connection,),
                         daemon=True).start()


if __name__ == "__main__":
    run(int(sys.argv[1]))
