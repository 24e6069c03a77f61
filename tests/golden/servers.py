"""The servers of the golden tests: well-behaved ones (nginx, named, openssl)
and scripted ones that misbehave. All on loopback, all on free ports.

A case names its servers: {"servers": {"web": {"script": […]}}}; the port is
then {web} in its other strings. README.md lists the forms.
"""
import os
import pathlib
import shutil
import socket
import subprocess
import time

import certificates
import nameservers
import scripted


class Missing(Exception):
    """This machine lacks something that a case needs."""


def need(command):
    path = shutil.which(command, path="/usr/sbin:/sbin:/usr/bin:/bin")
    if path is None:
        raise Missing(f"{command} is not installed")
    return path


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for_port(port, process, what):
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise OSError(f"{what} ended with {process.returncode}")
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.02)
    raise OSError(f"{what} does not listen on {port}")


class Process:
    """A server program; stop() ends this process and nothing else."""

    def __init__(self, command, port, log, stdin=subprocess.DEVNULL):
        self.port = port
        with open(log, "wb") as out:
            self.process = subprocess.Popen(
                command, stdin=stdin, stdout=out, stderr=out)
        try:
            wait_for_port(port, self.process, command[0])
        except OSError as error:
            self.stop()
            text = pathlib.Path(log).read_text(errors="replace")
            raise OSError(f"{error}: {text[-1500:]}") from error

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


class Closed:
    """A port where nobody listens."""

    def __init__(self):
        self.socket = socket.socket()  # bound, so that nobody else gets it
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]

    def stop(self):
        self.socket.close()


class BlackHole:
    """A port that answers no SYN: its queue of connections is full."""

    def __init__(self):
        self.socket = socket.socket()
        self.socket.bind(("127.0.0.1", 0))
        self.socket.listen(0)
        self.port = self.socket.getsockname()[1]
        self.fill = []
        for _ in range(4):
            client = socket.socket()
            client.setblocking(False)
            client.connect_ex(("127.0.0.1", self.port))
            self.fill.append(client)
        time.sleep(0.05)

    def stop(self):
        for client in self.fill:
            client.close()
        self.socket.close()


NGINX = """
daemon off; pid {dir}/nginx.pid; error_log {dir}/nginx.log warn;
worker_processes 1; events {{ worker_connections 64; }}
http {{
  access_log off; default_type text/plain; server_tokens off;
  client_body_temp_path {dir}/body; proxy_temp_path {dir}/proxy;
  fastcgi_temp_path {dir}/fcgi; uwsgi_temp_path {dir}/uwsgi;
  scgi_temp_path {dir}/scgi;
  ssl_protocols TLSv1.2 TLSv1.3;
  ssl_certificate {certs}/good.pem; ssl_certificate_key {certs}/good.key;
  server {{
    listen 127.0.0.1:{http}; listen [::1]:{http};
    listen 127.0.0.1:{https} ssl http2;
    add_header X-Powered-By tests;
    location = / {{ return 200 "all is well\\n"; }}
    location = /health {{ default_type application/json;
      return 200 '{{"status":"ok","queue":{{"depth":7}},"checks":[true]}}'; }}
    location = /empty {{ return 204; }}
    location = /sorry {{ return 503 "<h1>Sorry</h1>\\n"; }}
    location = /once {{ return 302 /; }}
    location = /relative {{ return 301 ../health; }}
    location = /loop {{ return 302 /loop; }}
    location = /elsewhere {{ return 307 http://127.0.0.2:{other}/; }}
    location = /plain {{ return 302 http://127.0.0.1:{http}/; }}
    location = /ftp {{ return 302 ftp://127.0.0.1/; }}
    location = /secret {{ auth_basic "staff"; auth_basic_user_file {dir}/users; }}
    location = /bearer {{
      if ($http_authorization != "Bearer t0ken") {{ return 401 "no\\n"; }}
      return 200 "yes\\n"; }}
    location = /echo {{ return 200 "$request_method $http_x_probe\\n"; }}
    location = /agent {{ return 200 "$http_user_agent\\n"; }}
    location = /protocol {{ return 200 "$server_protocol\\n"; }}
    root {dir}/www;
  }}
  server {{
    listen 127.0.0.2:{other};
    location = / {{ return 200 "auth=$http_authorization x=$http_x_probe.\\n"; }}
  }}
  server {{
    listen 127.0.0.1:{mutual} ssl;
    ssl_client_certificate {certs}/ca.pem; ssl_verify_client on;
    location = / {{ return 200 "$ssl_client_s_dn\\n"; }}
  }}
}}
"""


class Nginx(Process):
    """One for all cases that want a good web server."""

    def __init__(self, folder, certs):
        program = need("nginx")
        self.words = {f"nginx_{name}": free_port()
                      for name in ("http", "https", "other", "mutual")}
        ports = {k[len("nginx_"):]: v for k, v in self.words.items()}
        folder.mkdir()
        (folder / "www").mkdir()
        (folder / "www/secret").write_text("staff only\n")
        (folder / "www/big").write_bytes(b"0123456789abcdef" * 65536)
        (folder / "users").write_text("ada:{PLAIN}lovelace\n")
        for path in folder.rglob("*"):
            path.chmod(0o755 if path.is_dir() else 0o644)
        (folder / "nginx.conf").write_text(
            NGINX.format(dir=folder, certs=certs, **ports))
        super().__init__([program, "-e", str(folder / "start.log"), "-c",
                          str(folder / "nginx.conf")], ports["http"],
                         folder / "out.log")


def s_server(description, folder, certs):
    """openssl s_server with a certificate of ours."""
    port, name = free_port(), description["certificate"]
    return Process(
        [need("openssl"), "s_server", "-quiet", "-accept", f"127.0.0.1:{port}",
         "-cert", str(certs / f"{name}.pem"), "-key",
         str(certs / f"{name}.key"), *description.get("args", ["-www"])],
        port, folder / f"s_server-{port}.log")


class World:
    """What cases share, started when the first one asks for it."""

    def __init__(self, folder):
        self.folder = folder
        self.certs = folder / "certs"
        self.nginx = self.named = None
        need("openssl")
        certificates.make(self.certs)

    def words(self):
        found = {name: self.certs / name for name in (
            "ca.pem", "client.pem", "client.key")}
        if self.nginx is None:
            try:
                self.nginx = Nginx(self.folder / "nginx", self.certs)
            except Missing:
                self.nginx = False
        if self.named is None:
            try:
                self.named = nameservers.Named(self.folder / "named", need)
            except Missing:
                self.named = False
        for server in (self.nginx, self.named):
            found.update(server.words if server else {})
        return found

    def start(self, description):
        forms = {
            "script": lambda d: scripted.Server(d, self.certs),
            "closed": lambda d: Closed(),
            "blackhole": lambda d: BlackHole(),
            "s_server": lambda d: s_server(d["s_server"], self.folder,
                                           self.certs),
            "dns": lambda d: nameservers.Scripted(d["dns"]),
            "needs": self.shared,
        }
        for form, make in forms.items():
            if form in description:
                return make(description)
        raise ValueError(f"no such server: {description}")

    def shared(self, description):
        """A case says that it needs nginx or named, which all share."""
        server = {"nginx": self.nginx, "named": self.named}[
            description["needs"]]
        if not server:
            raise Missing(f"{description['needs']} is not installed")
        return Borrowed(server.port)

    def stop(self):
        for server in (self.nginx, self.named):
            if server:
                server.stop()


class Borrowed:
    def __init__(self, port):
        self.port = port

    def stop(self):
        """Goes on for the others."""


def need_netns():
    tried = subprocess.run(["unshare", "-n", "true"], capture_output=True,
                           check=False)
    if os.geteuid() != 0 or tried.returncode != 0:
        raise Missing("network namespaces need root")


def in_netns(description, command):
    """The command in a network of its own: lo up, then the lines of `setup`,
    then without privileges if `user` is set."""
    lines = ["ip link set lo up", *description.get("setup", [])]
    drop = ["setpriv", "--reuid", "65534", "--regid", "65534",
            "--clear-groups", "--bounding-set=-all", "--inh-caps=-all"]
    if not description.get("unprivileged"):
        drop = []
    script = " && ".join(lines) + ' && exec "$@"'
    return ["unshare", "-n", "sh", "-c", script, "sh", *drop, *command]
