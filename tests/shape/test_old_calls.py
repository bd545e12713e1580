"""test_old_calls.py - nothing that glibc 2.17 and OpenSSL 1.0.2 do not have, but in the file that has a fallback beside it

The oldest system we build on is not here, so the undefined symbols of our objects are held
against a list of what came later.  A system call by number (syscall(2)) does not show here:
its caller handles ENOSYS.
"""
import pathlib
import re
import shutil
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import linnet  # noqa: E402

# By the first glibc that has them.
GLIBC = {
    "2.25": "getrandom getentropy explicit_bzero",
    "2.26": "reallocarray preadv2 pwritev2",
    "2.27": "memfd_create mlock2 copy_file_range",
    "2.28": "statx renameat2 thrd_create",
    "2.30": "gettid tgkill getdents64 twalk_r",
    "2.32": "sigabbrev_np sigdescr_np strerrorname_np strerrordesc_np",
    "2.34": "close_range closefrom execveat posix_spawn_file_actions_addclosefrom_np",
    "2.36": "arc4random arc4random_buf arc4random_uniform pidfd_open pidfd_send_signal process_madvise fsopen",
    "2.38": "strlcpy strlcat wcslcpy",
}

# OpenSSL 1.1.0 and later, as far as no macro of the newer headers puts them in place of an old name.
OPENSSL = {
    "1.1.0": "SSL_CTX_set_min_proto_version SSL_CTX_set_max_proto_version HMAC_CTX_new HMAC_CTX_free RSA_get0_key",
    "1.1.1": "SSL_CTX_set_ciphersuites SSL_CTX_set_num_tickets SSL_CTX_set_keylog_callback SSL_read_early_data",
    "3.0": "SSL_get0_peer_certificate EVP_MAC_fetch EVP_KDF_fetch EVP_MD_fetch SSL_CTX_set0_tmp_dh_pkey "
           "SSL_CTX_set_tlsext_ticket_key_evp_cb OSSL_PROVIDER_load",
}

# The files that exist for the newer system; the older one gets their twin, or nothing is called there.
MAY = {
    "common/start/tls_compat.o": OPENSSL,
}


def names_of(table):
    return {name for names in table.values() for name in names.split()}


def objects():
    """Ours, without tests: {path below the build folder: object}."""
    found = {}
    for folder in ("common", "imapd", "pop3d", "authd", "ctl"):
        for path in (linnet.BUILD / folder).rglob("*.o"):
            found[re.sub(r"/[a-z0-9_]+-([a-z0-9_]+\.o)$", r"/\1", str(path.relative_to(linnet.BUILD)))] = path
    return found


def undefined(path):
    listed = subprocess.run(["nm", "--undefined-only", "--format=posix", path], capture_output=True, text=True,
                            timeout=60, check=True).stdout
    return {line.split()[0].split("@")[0] for line in listed.splitlines() if line}


@pytest.mark.skipif(not shutil.which("nm"), reason="no nm here")
def test_no_call_that_the_oldest_system_lacks():
    ours = objects()
    assert len(ours) > 20
    newer = names_of(GLIBC) | names_of(OPENSSL)
    found = {name: sorted(undefined(path) & newer - names_of(MAY.get(name, {}))) for name, path in ours.items()}
    assert {name: calls for name, calls in found.items() if calls} == {}
