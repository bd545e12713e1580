"""test_systemd.py - the units as text: known to this systemd, and free of its remote off switches"""
import re
import shutil
import subprocess

import pytest

from linnet import BUILD, program

SERVICES = {"imap": 143, "imaps": 993, "pop3": 110, "pop3s": 995}


def unit(name):
    """A generated unit as {section: {key: [values]}}."""
    path = BUILD / "systemd" / name
    if not path.exists():
        subprocess.run(["make", "-s", "-C", BUILD, f"systemd/{name}"], check=True)
    sections = {}
    for line in path.read_text().splitlines():
        if re.match(r"\[(\w+)\]$", line):
            section = sections.setdefault(line[1:-1], {})
        elif line and not line.startswith("#"):
            key, _, value = line.partition("=")
            section.setdefault(key, []).append(value)
    return sections


def names():
    found = ["linnet-authd.socket", "linnet-authd-client.socket", "linnet-authd.service"]
    for s in SERVICES:
        found += [f"linnet-{s}.socket", f"linnet-{s}@.service", f"linnet-{s}-listener.socket",
                  f"linnet-{s}-listener.service"]
    return found


def test_systemd_knows_every_word(folder):
    if not shutil.which("systemd-analyze"):
        pytest.skip("no systemd-analyze")
    for name in names():
        unit(name)
        text = (BUILD / "systemd" / name).read_text()
        text = re.sub(r"^(ExecStart=-?)\S*/(\w+)", lambda m: m[1] + str(program(m[2])), text, flags=re.M)
        (folder / name).write_text(text)
    run = subprocess.run(["systemd-analyze", "verify", "--man=no", *sorted(map(str, folder.iterdir()))],
                         capture_output=True, text=True)
    assert [line for line in run.stderr.splitlines() if "linnet" in line] == []


@pytest.mark.parametrize("service", SERVICES)
def test_L02_no_remote_off_switch(service):
    socket = unit(f"linnet-{service}.socket")["Socket"]
    assert socket["ListenStream"] == [str(SERVICES[service])] and socket["Accept"] == ["yes"]
    assert socket["TriggerLimitIntervalSec"] == ["0"]
    assert int(socket["MaxConnections"][0]) >= 1000
    assert 100 <= int(socket["MaxConnectionsPerSource"][0]) < int(socket["MaxConnections"][0])
    assert int(socket["Backlog"][0]) >= 1000
    instance = unit(f"linnet-{service}@.service")
    assert instance["Unit"]["CollectMode"] == ["inactive-or-failed"]
    assert instance["Service"]["ExecStart"][0].startswith("-")
    assert instance["Service"]["StandardInput"] == ["socket"]
    listener = unit(f"linnet-{service}-listener.socket")["Socket"]
    assert listener["Accept"] == ["no"] and listener["TriggerLimitIntervalSec"] == ["0"]


@pytest.mark.parametrize("service", SERVICES)
def test_a_socket_and_its_listener_exclude_each_other(service):
    assert unit(f"linnet-{service}.socket")["Unit"]["Conflicts"] == [f"linnet-{service}-listener.socket"]
    assert unit(f"linnet-{service}-listener.socket")["Unit"]["Conflicts"] == [f"linnet-{service}.socket"]


@pytest.mark.parametrize("service", SERVICES)
def test_only_the_four_capabilities(service):
    for name in (f"linnet-{service}@.service", f"linnet-{service}-listener.service"):
        words = unit(name)["Service"]
        assert words["CapabilityBoundingSet"] == ["CAP_SETUID CAP_SETGID CAP_SYS_CHROOT CAP_KILL"]
        assert words["NoNewPrivileges"] == ["yes"] and words["LimitCORE"] == ["0"]


def test_no_filter_that_an_old_systemd_would_turn_round():
    """systemd 219 knows no @groups: a list of what is allowed would be left all but empty there."""
    for name in names():
        for value in unit(name).get("Service", {}).get("SystemCallFilter", []):
            assert value.startswith("~")


def test_login_socket_is_roots():
    words = unit("linnet-authd.socket")["Socket"]
    assert words["SocketMode"] == ["0600"] and words["SocketUser"] == ["root"]


def test_install_never_writes_over_configuration(folder):
    def install(target="install"):
        subprocess.run(["make", "-s", "-C", BUILD, target, f"DESTDIR={folder}"], check=True, stdout=subprocess.DEVNULL)
    install()
    conf = next(folder.rglob("linnet-sql.conf.ext"))
    assert conf.stat().st_mode & 0o777 == 0o600
    conf.write_text("mine\n")
    install()
    assert conf.read_text() == "mine\n"
    install("uninstall")
    assert conf.read_text() == "mine\n"
    conf.unlink()
    assert [p for p in folder.rglob("*") if p.is_file()] == []
