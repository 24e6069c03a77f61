"""Throw-away certificates for the golden tests, made by the openssl program.

ca.pem signs all but self.pem. All are for localhost and 127.0.0.1, except
other.pem.
"""
import datetime
import subprocess

CONFIG = """
[ca]
default_ca = here
[here]
dir = {dir}
database = {dir}/index.txt
serial = {dir}/serial
new_certs_dir = {dir}
certificate = {dir}/ca.pem
private_key = {dir}/ca.key
default_md = sha256
policy = any
copy_extensions = copy
unique_subject = no
x509_extensions = leaf
[any]
commonName = supplied
[leaf]
basicConstraints = CA:FALSE
"""
OURS = "DNS:localhost,IP:127.0.0.1"

# name: (subject, alternative names, day it begins, day it ends)
LEAVES = {
    "good": ("localhost", OURS, -10, 80),
    "expired": ("localhost", OURS, -93, -3),
    "early": ("localhost", OURS, 2, 92),
    "soon": ("localhost", OURS, -85, 5),
    "short": ("localhost", OURS, -1, 5),
    "other": ("other.example", "DNS:other.example", -10, 80),
    "client": ("probe", "DNS:probe.example", -10, 80),
}


def openssl(*args):
    subprocess.run(["openssl", *map(str, args)], check=True,
                   capture_output=True)


def day(offset):
    """As openssl ca wants it; an hour later, so that "3 days" is sure."""
    when = datetime.datetime.now(datetime.timezone.utc) + \
        datetime.timedelta(days=offset, hours=1 if offset >= 0 else -1)
    return when.strftime("%Y%m%d%H%M%SZ")


def key(path):
    openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", path)
    path.chmod(0o644)  # servers that drop privileges read it


def make(folder):
    folder.mkdir()
    folder.chmod(0o755)
    (folder / "index.txt").write_text("")
    (folder / "serial").write_text("1000\n")
    config = folder / "ca.conf"
    config.write_text(CONFIG.format(dir=folder))
    for name in ("ca", "self"):
        key(folder / f"{name}.key")
        openssl("req", "-x509", "-new", "-key", folder / f"{name}.key",
                "-days", 3650, "-subj", f"/CN=tests {name}", "-out",
                folder / f"{name}.pem", "-addext", f"subjectAltName={OURS}")
    for name, (subject, names, begins, ends) in LEAVES.items():
        request = folder / f"{name}.csr"
        key(folder / f"{name}.key")
        openssl("req", "-new", "-key", folder / f"{name}.key", "-subj",
                f"/CN={subject}", "-addext", f"subjectAltName={names}", "-out",
                request)
        openssl("ca", "-batch", "-notext", "-config", config, "-in", request,
                "-out", folder / f"{name}.pem", "-startdate", day(begins),
                "-enddate", day(ends))
