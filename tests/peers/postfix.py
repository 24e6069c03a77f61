"""A private Postfix on loopback: STARTTLS (TLS 1.3 offered), AUTH, a mailbox.

    postfix = Postfix(auth=("alice", "secret")).start()
    postfix.port        # submission: STARTTLS, and AUTH if asked for
    postfix.tls_port    # the same with TLS from the start (smtps)
    postfix.ca_file     # what to trust
    postfix.messages()  # [email.message.EmailMessage, …] in order of arrival
    postfix.log()       # its mail log
    postfix.stop()

Every address in example.org lands in one mailbox, but refused@ (550) and
later@ (450). Nothing is relayed. Needs root, since Postfix itself does.
"""
import email
import email.policy
import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile

from harness import alive, free_port, need_command, need_root, wait_for
from peers.nginx import certificate

DOMAIN = "example.org"
SERVICES = """
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
tlsmgr unix - - n 1000? 1 tlsmgr
showq unix n - n - - showq
postlog unix-dgram n - n - 1 postlogd
"""


class Postfix:
    """start() and stop() as often as wanted, always on the same ports."""

    def __init__(self, auth=None, tls=True, name="localhost"):
        need_root()
        need_command("postfix", "openssl")
        self.auth = auth
        self.tls = tls
        self.port, self.tls_port = free_port(), free_port()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="tocsin-postfix-"))
        self.folder.chmod(0o755)
        self.ca_file, self.key_file = certificate(self.folder, name)
        self._write()

    def _write(self):
        for part in ("queue", "data", "mail", "sasl"):
            (self.folder / part).mkdir()
        owner = pwd.getpwnam("postfix")
        nobody = pwd.getpwnam("nobody")
        os.chown(self.folder / "data", owner.pw_uid, owner.pw_gid)
        os.chown(self.folder / "mail", nobody.pw_uid, nobody.pw_gid)
        (self.folder / "access").write_text(
            f"refused@{DOMAIN} 550 5.1.1 nobody of that name here\n"
            f"later@{DOMAIN} 450 4.2.0 greylisted, come again\n")
        self._write_main(nobody)
        wrapped = (f"127.0.0.1:{self.tls_port} inet n - n - - smtpd\n"
                   "  -o smtpd_tls_wrappermode=yes\n" if self.tls else "")
        (self.folder / "master.cf").write_text(
            f"127.0.0.1:{self.port} inet n - n - - smtpd\n{wrapped}"
            f"{SERVICES}")
        if self.auth:
            self._write_sasl(owner)

    def _write_main(self, nobody):
        who = ("permit_sasl_authenticated, reject" if self.auth
               else "permit_mynetworks, reject")
        here = self.folder
        (here / "main.cf").write_text(f"""
compatibility_level = 3.6
queue_directory = {here}/queue
data_directory = {here}/data
maillog_file = {here}/log
maillog_file_prefixes = {here}
mail_owner = postfix
setgid_group = postdrop
myhostname = localhost.{DOMAIN}
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
alias_maps =
alias_database =
virtual_mailbox_domains = {DOMAIN}
virtual_mailbox_base = {here}/mail
virtual_mailbox_maps = static:inbox/
virtual_uid_maps = static:{nobody.pw_uid}
virtual_gid_maps = static:{nobody.pw_gid}
virtual_minimum_uid = 1
smtpd_relay_restrictions = {who}
smtpd_recipient_restrictions = check_recipient_access texthash:{here}/access, {who}
smtpd_tls_security_level = {'may' if self.tls else 'none'}
smtpd_tls_auth_only = {'yes' if self.tls else 'no'}
smtpd_tls_chain_files = {self.key_file}, {self.ca_file}
smtpd_tls_loglevel = 1
smtpd_sasl_auth_enable = {'yes' if self.auth else 'no'}
smtpd_sasl_type = cyrus
smtpd_sasl_local_domain = tocsin
cyrus_sasl_config_path = {here}/sasl
smtpd_client_connection_rate_limit = 0
smtpd_client_connection_count_limit = 0
smtpd_hard_error_limit = 1000
smtp_bind_address = 127.0.0.1
""")

    def _write_sasl(self, owner):
        need_command("saslpasswd2")
        user, password = self.auth
        (self.folder / "sasl/smtpd.conf").write_text(
            "pwcheck_method: auxprop\nauxprop_plugin: sasldb\n"
            "mech_list: PLAIN LOGIN CRAM-MD5\n"
            f"sasldb_path: {self.folder}/sasl/users\n")
        subprocess.run(
            ["saslpasswd2", "-p", "-c", "-u", "tocsin",
             "-f", str(self.folder / "sasl/users"), user],
            input=password, text=True, check=True, capture_output=True)
        os.chown(self.folder / "sasl/users", owner.pw_uid, owner.pw_gid)

    def _postfix(self, word):
        return subprocess.run(
            ["/usr/sbin/postfix", "-c", str(self.folder), word],
            stdin=subprocess.DEVNULL, capture_output=True, text=True,
            check=False, timeout=60)

    def start(self):
        done = self._postfix("start")
        if done.returncode != 0:
            raise AssertionError(
                f"postfix: {done.stdout}{done.stderr}{self.log()}")

        def greets():
            with socket.create_connection(("127.0.0.1", self.port), 5) as peer:
                peer.settimeout(5)
                return peer.recv(100).startswith(b"220")
        wait_for(greets, "Postfix to greet")
        return self

    def halt(self):
        """Stop serving; the port refuses from now on, the mail stays."""
        pid = self.pid()
        if pid is None:
            return
        self._postfix("stop")
        if alive(pid):
            os.kill(pid, signal.SIGTERM)
        wait_for(lambda: not alive(pid), "Postfix to end")

    def stop(self):
        self.halt()
        shutil.rmtree(self.folder, ignore_errors=True)

    def pid(self):
        """Of its master process, if it runs."""
        try:
            pid = int((self.folder / "queue/pid/master.pid").read_text())
        except (OSError, ValueError):
            return None
        return pid if alive(pid) else None

    def messages(self):
        return [email.message_from_bytes(raw, policy=email.policy.default)
                for raw in self.raw_messages()]

    def raw_messages(self):
        """The mails as they lie in the mailbox, in order of arrival."""
        folder = self.folder / "mail/inbox/new"
        files = sorted(folder.glob("*"), key=lambda f: f.stat().st_mtime_ns)
        return [f.read_bytes() for f in files]

    def wait_messages(self, count, timeout=60):
        """The messages, once there are at least so many."""
        def enough():
            found = self.messages()
            return found if len(found) >= count else None
        return wait_for(enough, f"{count} mails", timeout, every=0.05)

    def log(self):
        try:
            return (self.folder / "log").read_text(errors="replace")
        except OSError:
            return ""
