"""test_floors.py - a file uses its own floor and lower ones: by its includes and by the object files (nm)"""
import collections
import pathlib
import re
import subprocess

import pytest

import linnet

# folder: what it may use besides itself
BELOW = {
    "common/base": (),
    "common/io": ("common/base",),
    "common/maildir": ("common/base", "common/io"),
    "common/mime": ("common/base", "common/io"),
    "common/index": ("common/base", "common/io", "common/maildir", "common/mime"),
    "common/start": ("common/base", "common/io", "common/maildir", "common/mime", "common/index"),
}
GROUND_TO_START = tuple(BELOW)
BELOW.update({program: GROUND_TO_START for program in ("imapd", "pop3d", "authd")})
BELOW["ctl"] = (*GROUND_TO_START, "authd")  # the tables of its settings, schemes and databases

# Beyond libc: which program's own objects may need which library's symbols.
FOREIGN = re.compile(r"^(sd_|mysql_|mariadb_|event_|evutil_|evbuffer_|bufferevent_|crypt)")
MAY_LINK_FOREIGN = {"authd", "ctl"}


def sources():
    for folder in BELOW:
        for path in sorted((linnet.TOP / folder).glob("*.[ch]")):
            yield folder, path


@pytest.mark.parametrize("folder", sorted(BELOW))
def test_includes(folder):
    wrong = []
    for path in sorted((linnet.TOP / folder).glob("*.[ch]")):
        for name in re.findall(r'^#include "([^"]+)"', path.read_text(), re.M):
            where = str(pathlib.PurePath(name).parent)
            if name != "config.h" and where != folder and where not in BELOW[folder]:
                wrong.append(f"{path.name} includes {name}")
    assert wrong == []


def archives(folder):
    return [path for path in (linnet.BUILD / folder).glob("*.a")]


def names(path, *options):
    out = subprocess.run(["nm", *options, str(path)], check=True, capture_output=True, text=True).stdout
    return {line.split()[-1] for line in out.splitlines() if line and not line.endswith(":") and len(line.split()) > 1}


@pytest.fixture(scope="module")
def objects():
    """folder: (defined, undefined) global symbols of its libraries"""
    found = {}
    for folder in BELOW:
        libraries = archives(folder)
        if libraries:
            found[folder] = (set().union(*(names(a, "-g", "--defined-only") for a in libraries)),
                             set().union(*(names(a, "-u") for a in libraries)))
    if not found:
        pytest.skip("nothing is built")
    return found


def test_objects_reach_down_only(objects):
    owner = collections.defaultdict(set)
    for folder, (defined, _) in objects.items():
        for name in defined:
            owner[name].add(folder)
    wrong = []
    for folder, (defined, undefined) in objects.items():
        for name in undefined - defined:
            homes = owner.get(name, set())
            if homes and not homes & (set(BELOW[folder]) | {folder}):
                wrong.append(f"{folder} uses {name} of {', '.join(sorted(homes))}")
    assert sorted(wrong) == []


def test_only_authd_and_ctl_touch_other_libraries(objects):
    wrong = [f"{folder} uses {name}" for folder, (_, undefined) in objects.items()
             for name in undefined if FOREIGN.match(name) and folder not in MAY_LINK_FOREIGN]
    assert sorted(wrong) == []


@pytest.mark.parametrize("program", ["imapd", "pop3d"])
def test_programs_link_libc_and_openssl_only(program):
    path = linnet.BUILD / program / program
    if not path.exists():
        pytest.skip(f"{path} is not built")
    out = subprocess.run(["readelf", "-d", str(path)], check=True, capture_output=True, text=True).stdout
    needed = set(re.findall(r"Shared library: \[([^]]+?)\.so", out))
    assert needed <= {"libc", "libssl", "libcrypto", "ld-linux-x86-64", "ld-linux-aarch64", "libasan", "libubsan",
                      "libz", "libpthread", "libdl", "libm", "libgcc_s", "libresolv"}


def test_every_source_says_what_it_is():
    """The README's map is printed from these lines."""
    wrong = []
    for _, path in sources():
        text = path.read_text()
        if not re.match(r"/\*(?: |\n \* )" + re.escape(path.name) + r" - \S", text):
            wrong.append(str(path.relative_to(linnet.TOP)))
    assert wrong == []


def test_mail_commands_are_not_in_the_greeter(objects):
    greeter = linnet.BUILD / "common/start/libgreeter.a"
    if not greeter.exists():
        pytest.skip("not built")
    defined = names(greeter, "-g", "--defined-only")
    for folder in ("common/maildir", "common/mime", "common/index"):
        if folder in objects:
            assert not names(greeter, "-u") & objects[folder][0] - defined
