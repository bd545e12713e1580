"""test_settings.py - configuration files as an administrator brings them, read by the real program"""
import subprocess

import pytest

import linnet

TUTORIAL = """\
mail_location = maildir:/var/mail/vhosts/%d/%n
mail_privileged_group = mail
disable_plaintext_auth = yes
passdb {
 driver = sql
 args = /etc/linnet/linnet-sql.conf.ext
}
userdb {
 driver = static
 args = uid=vhosts gid=vhosts home=/var/mail/vhosts/%d/%n
}
"""

# The layout of a stock Dovecot 2.3: one main file, conf.d by number, databases by include.
DOVECOT = {
    "dovecot.conf": """\
## Dovecot configuration file
# a comment
!include_try /nowhere/protocols.d/*.protocol
#protocols = imap pop3 lmtp
protocols = $protocols lmtp
#listen = *, ::
listen = *, ::
dict {
  #quota = mysql:/etc/dovecot/dovecot-dict-sql.conf.ext
}
!include conf.d/*.conf
!include_try local.conf
""",
    "conf.d/10-auth.conf": """\
disable_plaintext_auth = yes
auth_cache_size = 10M
auth_mechanisms = plain login
!include auth-sql.conf.ext
#!include auth-ldap.conf.ext
""",
    "conf.d/auth-sql.conf.ext": """\
passdb {
  driver = sql
  # Path for SQL configuration file
  args = /etc/dovecot/dovecot-sql.conf.ext
}
userdb {
  driver = prefetch
}
userdb {
  driver = static
  args = uid=vhosts gid=vhosts home=/var/mail/vhosts/%d/%n allow_all_users=yes
}
""",
    "conf.d/10-mail.conf": """\
mail_location = maildir:/var/mail/vhosts/%d/%n
namespace inbox {
  # type = private
  inbox = yes
}
mail_privileged_group = mail
protocol !indexer-worker {
  #mail_vsize_bg_after_count = 0
}
""",
    "conf.d/10-master.conf": """\
service imap-login {
  inet_listener imap {
    #port = 143
  }
  inet_listener imaps {
    port = 993
    ssl = yes
  }
  service_count = 1
}
service auth {
  unix_listener /var/spool/postfix/private/auth {
    mode = 0666
    user = postfix
    group = postfix
  }
}
""",
    "conf.d/10-ssl.conf": """\
ssl = required
ssl_cert = </etc/dovecot/private/dovecot.pem
ssl_key = </etc/dovecot/private/dovecot.key
ssl_dh = </usr/share/dovecot/dh.pem
ssl_min_protocol = TLSv1.2
ssl_prefer_server_ciphers = yes
""",
    "conf.d/15-mailboxes.conf": """\
namespace inbox {
  mailbox Drafts {
    special_use = \\Drafts
  }
  mailbox Sent {
    special_use = \\Sent
    auto = subscribe
  }
  mailbox "Sent Messages" {
    special_use = \\Sent
  }
}
""",
    "conf.d/20-imap.conf": """\
protocol imap {
  mail_plugins = $mail_plugins imap_quota
  mail_max_userip_connections = 20
}
""",
    "conf.d/20-pop3.conf": """\
protocol pop3 {
  pop3_uidl_format = %08Xu%08Xv
  mail_max_userip_connections = 3
}
""",
    "conf.d/90-quota.conf": """\
plugin {
  quota = maildir:User quota
  quota_rule = *:storage=1G
}
""",
}


def run(*arguments):
    return subprocess.run([linnet.program("linnetctl"), *arguments], capture_output=True, text=True, timeout=20,
                          env=linnet.environment())


def write(folder, files):
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return folder / next(iter(files))


def changed(path):
    """What `config -n` says, and that it says nothing else."""
    got = run("-c", path, "config", "-n")
    assert got.returncode == 0, got.stderr
    assert got.stderr == ""
    return got.stdout


def test_the_tutorials_lines(folder):
    shown = changed(write(folder, {"linnet.conf": TUTORIAL}))
    assert "\nmail_privileged_group = mail\n" in shown
    assert "\npassdb {\n  driver = sql\n  args = /etc/linnet/linnet-sql.conf.ext\n}\n" in shown
    assert ("\nuserdb {\n  driver = static\n"
            "  args = uid=vhosts gid=vhosts home=/var/mail/vhosts/%d/%n\n}\n") in shown


def test_a_dovecot_installation(folder):
    shown = changed(write(folder, DOVECOT))
    for line in ("protocols = imap pop3 lmtp", "ssl = required", "auth_mechanisms = plain login",
                 "ssl_cert = </etc/dovecot/private/dovecot.pem", "ssl_prefer_server_ciphers = yes"):
        assert f"\n{line}\n" in shown
    assert shown.count("\nuserdb {\n") == 2
    assert shown.count("special_use = \\Sent\n") == 2


def test_lines_without_effect_are_listed(folder):
    got = run("-c", write(folder, DOVECOT), "config", "check")
    for name in ("listen", "ssl_dh", "mail_plugins"):
        assert f"note: {name} has no effect here\n" in got.stderr
    assert "quota" not in got.stderr.replace("imap_quota", "")


def test_what_is_printed_loads_again(folder):
    first = changed(write(folder, DOVECOT))
    again = folder / "again.conf"
    again.write_text(first)
    assert changed(again).splitlines()[1:] == first.splitlines()[1:]


def test_all_settings_load_again(folder):
    shown = run("-c", write(folder, DOVECOT), "config", "-a").stdout
    again = folder / "again.conf"
    again.write_text(shown)
    assert run("-c", again, "config", "-a").stdout.splitlines()[1:] == shown.splitlines()[1:]


@pytest.mark.parametrize("text, where, what", [
    ("mail_locatoin = maildir:/x\n", 1, 'unknown setting "mail_locatoin"; did you mean mail_location?'),
    ("\n\nssl = maybe\n", 3, "ssl = maybe cannot be; allowed is one of: no yes required"),
    ("passdb {\n driver = sql\n", 1, 'the section "passdb" that begins here has no }'),
    ("passdb {\n drivr = sql\n}\n", 2, 'unknown setting "drivr" in passdb {}; did you mean driver?'),
    ("!include gone.conf\n", 1, "gone.conf: No such file or directory"),
])
def test_mistakes_are_named_with_file_and_line(folder, text, where, what):
    path = write(folder, {"linnet.conf": text})
    got = run("-c", path, "config", "check")
    assert got.returncode == 78
    lines = [line for line in got.stderr.splitlines() if line.startswith(f"{path}:{where}: ")]
    assert any(what in line for line in lines), got.stderr


def test_a_mistake_in_an_included_file_is_named_there(folder):
    path = write(folder, {"linnet.conf": "!include more/*.conf\n", "more/a.conf": "\nauth_debgu = yes\n"})
    got = run("-c", path, "config")
    assert got.returncode == 0
    assert got.stderr.startswith(f"{folder}/more/a.conf:2: warning: unknown setting")


def test_no_file_at_all(folder):
    got = run("-c", folder / "none.conf", "config")
    assert got.returncode == 78
    assert "none.conf: No such file or directory" in got.stderr
