"""A private nginx on loopback: plain HTTP and, if asked, TLS."""
import pathlib
import signal
import subprocess
import tempfile
import shutil

from harness import free_port, need_command, wait_for
import socket

SELF_SIGNED = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
               "ec_paramgen_curve:P-256", "-nodes", "-days", "30"]


def certificate(folder, name="localhost"):
    """A self-signed certificate for loopback: (certificate, key) files."""
    folder = pathlib.Path(folder)
    cert, key = folder / f"{name}.pem", folder / f"{name}.key"
    subprocess.run(
        [*SELF_SIGNED, "-keyout", key, "-out", cert, "-subj", f"/CN={name}",
         "-addext", f"subjectAltName=DNS:{name},IP:127.0.0.1"],
        check=True, capture_output=True)
    key.chmod(0o644)  # a throw-away key that nginx's workers read
    return cert, key


class Nginx:
    """start() and stop() as often as wanted, always on the same port."""

    def __init__(self, body="ok\n", status=200, tls=False, workers=1):
        need_command("nginx")
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="tocsin-nginx-"))
        self.folder.chmod(0o755)
        self.port = free_port()
        self.tls = tls
        self.workers = workers
        self.process = None
        if tls:
            self.certificate = certificate(self.folder)
        self.answer(body, status, reload=False)

    @property
    def url(self):
        scheme = "https" if self.tls else "http"
        return f"{scheme}://127.0.0.1:{self.port}/"

    def answer(self, body="ok\n", status=200, reload=True):
        """Change what it answers."""
        ssl = ""
        if self.tls:
            ssl = (f"ssl_certificate {self.certificate[0]};\n"
                   f"ssl_certificate_key {self.certificate[1]};\n")
        shown = body.replace("\\", "\\\\").replace('"', '\\"')
        (self.folder / "nginx.conf").write_text(f"""
daemon off;
worker_processes {self.workers};
pid {self.folder}/nginx.pid;
error_log {self.folder}/error.log warn;
events {{ worker_connections 4096; }}
http {{
  access_log off;
  default_type text/plain;
  client_body_temp_path {self.folder}/body;
  proxy_temp_path {self.folder}/proxy;
  fastcgi_temp_path {self.folder}/fastcgi;
  uwsgi_temp_path {self.folder}/uwsgi;
  scgi_temp_path {self.folder}/scgi;
  server {{
    listen 127.0.0.1:{self.port} {'ssl http2' if self.tls else ''} backlog=4096;
    {ssl}
    location / {{ return {status} "{shown}"; }}
    location /status {{ stub_status; }}
  }}
}}
""")
        if reload and self.running():
            self.process.send_signal(signal.SIGHUP)

    def running(self):
        return self.process is not None and self.process.poll() is None

    def start(self):
        self.process = subprocess.Popen(
            ["/usr/sbin/nginx", "-c", str(self.folder / "nginx.conf"),
             "-p", str(self.folder), "-e", str(self.folder / "error.log")],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)

        def listening():
            if self.process.poll() is not None:
                raise AssertionError(
                    "nginx: " + (self.folder / "error.log").read_text())
            with socket.create_connection(("127.0.0.1", self.port), 1):
                return True
        wait_for(listening, "nginx to listen")
        return self

    def halt(self):
        """Stop serving; the port refuses from now on."""
        if self.running():
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(timeout=20)

    def stop(self):
        self.halt()
        shutil.rmtree(self.folder, ignore_errors=True)
