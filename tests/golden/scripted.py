"""A TCP server that does, connection by connection, what its script says.

Steps: {"read": REGEX} (default: an HTTP request's end) · {"send": TEXT} ·
{"send_hex": HEX} · {"drip": TEXT, "gap_ms": N} (byte by byte) ·
{"repeat": TEXT} (until the peer leaves) · {"sleep_ms": N} · {"tls": NAME} (a
certificate of certificates.py) · "reset" · "hold" (say nothing more) ·
"close" (implied at the end).
"""
import re
import socket
import ssl
import struct
import threading
import time

PATIENCE_S = 15  # of a connection, so that nothing runs forever
REQUEST = r"\r\n\r\n"


class Server:
    def __init__(self, description, certs):
        self.steps = description["script"]
        self.certs = certs
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.socket.getsockname()[1]
        self.open = True
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while self.open:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self.talk, args=(connection,),
                             daemon=True).start()

    def talk(self, connection):
        connection.settimeout(PATIENCE_S)
        try:
            for step in self.steps:
                connection = self.do(connection, step)
        except (OSError, ValueError):
            pass  # the peer left, or its handshake failed: its own affair
        finally:
            connection.close()

    def do(self, connection, step):
        if step == "reset":
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                  struct.pack("ii", 1, 0))
            raise OSError("as the script says")
        if step == "hold":
            while connection.recv(4096):
                pass
        elif step == "close":
            raise OSError("as the script says")
        elif "read" in step:
            read_until(connection, step["read"] or REQUEST)
        elif "send" in step:
            connection.sendall(step["send"].encode())
        elif "send_hex" in step:
            connection.sendall(bytes.fromhex(step["send_hex"]))
        elif "drip" in step:
            for byte in step["drip"].encode():
                connection.sendall(bytes([byte]))
                time.sleep(step["gap_ms"] / 1000)
        elif "repeat" in step:
            end = time.monotonic() + PATIENCE_S
            while time.monotonic() < end:
                connection.sendall(step["repeat"].encode() * 64)
        elif "sleep_ms" in step:
            time.sleep(step["sleep_ms"] / 1000)
        elif "tls" in step:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self.certs / f"{step['tls']}.pem",
                                    self.certs / f"{step['tls']}.key")
            connection = context.wrap_socket(connection, server_side=True)
        else:
            raise ValueError(f"no such step: {step}")
        return connection

    def stop(self):
        self.open = False
        self.socket.close()


def read_until(connection, pattern):
    data = b""
    while not re.search(pattern.encode(), data, re.S):
        more = connection.recv(4096)
        if not more:
            raise OSError("the peer left")
        data += more
