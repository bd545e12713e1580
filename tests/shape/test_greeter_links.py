"""test_greeter_links.py - what runs before the login can read, write and exit, and links nothing else

The greeter's objects are linked alone with what they take from common/base; the symbols that are
left undefined are all of libc that a stranger's bytes can reach.
"""
import re
import subprocess

import pytest

import linnet

ALLOWED = {
    "read", "write", "syscall", "memcpy", "memmove", "memset", "memcmp", "memchr", "strlen",
    "__memcpy_chk", "__memmove_chk", "__memset_chk", "__read_chk",
    "bcmp",  # what clang makes of memcmp() == 0
    "__stack_chk_fail", "_GLOBAL_OFFSET_TABLE_",
    "__errno_location",  # the address of a thread's errno: calls nothing
}
GREETERS = {"imapd": "imapd/libimapgreet.a", "pop3d": "pop3d/libpop3greet.a"}
BASE = {"span.o", "base64.o", "number.o", "wipe.o"}


def symbols(path, *options):
    out = subprocess.run(["nm", *options, str(path)], check=True, capture_output=True, text=True).stdout
    return [line.split() for line in out.splitlines() if line and not line.endswith(":")]


@pytest.mark.parametrize("program", sorted(GREETERS))
def test_undefined_symbols_are_on_the_list(program, folder):
    libraries = [linnet.BUILD / GREETERS[program], linnet.BUILD / "common/start/libgreeter.a"]
    for library in libraries:
        if not library.exists():
            pytest.skip(f"{library} is not built")
    alone = folder / "greeter.o"
    subprocess.run(["ld", "-r", "-o", str(alone), "--whole-archive", *map(str, libraries), "--no-whole-archive",
                    str(linnet.BUILD / "common/base/libbase.a")], check=True)
    undefined = {fields[-1] for fields in symbols(alone, "-u")}
    undefined = {name for name in undefined if not re.match(r"__(asan|ubsan|sanitizer)_", name)}
    assert undefined - ALLOWED == set()
    defined = {fields[-1] for fields in symbols(alone, "--defined-only")}
    assert program[:4] + "_greet" in defined


@pytest.mark.parametrize("program", sorted(GREETERS))
def test_only_four_files_of_the_ground_floor_are_used(program, folder):
    """The list above would not notice a harmless-looking new part: name each one."""
    library = linnet.BUILD / GREETERS[program]
    if not library.exists():
        pytest.skip(f"{library} is not built")
    trace = subprocess.run(["ld", "-r", "-t", "-o", str(folder / "greeter.o"), "--whole-archive", str(library),
                            str(linnet.BUILD / "common/start/libgreeter.a"), "--no-whole-archive",
                            str(linnet.BUILD / "common/base/libbase.a")],
                           check=True, capture_output=True, text=True).stdout
    assert set(re.findall(r"libbase\.a\)?\(?(\w+\.o)\)?", trace)) <= BASE
