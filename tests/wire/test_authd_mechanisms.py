"""test_authd_mechanisms.py - every SASL mechanism against a running authd: right, wrong, out of order (A01-A05, A25-A28)"""
import base64
import contextlib
import hashlib
import hmac
import json
import pathlib
import subprocess
import time

import pytest

import linnet
from authd import Authd, b64, verdict
from sasl import Scram, cram, url64

ALL = "plain login cram-md5 apop scram-sha-1 scram-sha-256 external oauthbearer xoauth2"
USER, WORD = "toto@d.test", "se,cret=1"
EXPORTER = bytes(range(32))


def made(scheme, word=WORD):
    got = subprocess.run([linnet.program("linnetctl"), "pw", "-s", scheme], input=word + "\n", text=True, capture_output=True,
                         timeout=30)
    assert got.returncode == 0, got.stderr
    return got.stdout.strip()


@pytest.fixture(scope="module")
def authd():
    with Authd({}, settings={"auth_mechanisms": ALL}) as running:
        lines = [f"{USER}:{{PLAIN}}{WORD}", f"hash@d.test:{made('SHA512-CRYPT')}", "off@d.test:{PLAIN}" + WORD + "::::::nologin",
                 "net@d.test:{PLAIN}" + WORD + "::::::allow_nets=198.51.100.0/24"]
        lines += [f"{scheme.lower()}@d.test:{made(scheme)}" for scheme in ("SCRAM-SHA-1", "SCRAM-SHA-256", "CRAM-MD5")]
        running.write_users(lines)
        running.reload()
        running.wait_log("configuration read again")
        yield running


def decode(line):
    assert line.startswith(b"CONT\t"), line
    return base64.b64decode(line.split(b"\t")[2]).decode()


def bound(exporter=EXPORTER, **more):
    words = [b"secured=tls", b"tls-exporter=" + b64(exporter)] if exporter else []
    return words + [f"{k.replace('_', '-')}={v}".encode() for k, v in more.items()]


def scram(client, name, user, password=WORD, exporter=None, flag="n", binding=None, authzid="", change=None, rip="192.0.2.1"):
    """The verdict of one SCRAM dialogue."""
    s = Scram(user, password, name, binding, flag, authzid)
    line = client.auth(name, b64(s.first()), more=bound(exporter) if exporter else (), rip=rip)
    if not line.startswith(b"CONT"):
        return verdict(line)
    line = client.cont(b64(s.final(decode(line), change)))
    if not line.startswith(b"CONT"):
        return verdict(line)
    assert s.is_right(decode(line))
    return verdict(client.cont(b""))


def test_what_is_offered(authd):
    with authd.login() as c:
        names = [line.split(b"\t")[1].decode() for line in c.greeting if line.startswith(b"MECH")]
        assert set(names) == {"PLAIN", "LOGIN", "CRAM-MD5", "APOP", "SCRAM-SHA-1", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256",
                              "SCRAM-SHA-256-PLUS", "EXTERNAL", "OAUTHBEARER", "XOAUTH2"}
    with authd.client() as c:  # what needs a monitor in front is not for Postfix
        names = {line.split(b"\t")[1].decode() for line in c.greeting if line.startswith(b"MECH")}
        assert not names & {"EXTERNAL", "APOP", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256-PLUS"}


@pytest.mark.parametrize("name", ["SCRAM-SHA-1", "SCRAM-SHA-256"])
def test_scram(authd, name):
    for user in (USER, name.lower() + "@d.test"):
        with authd.login() as c:
            assert scram(c, name, user, "wrong") == "wrong"
            assert scram(c, name, user) == "OK"
    with authd.client() as c:
        assert scram(c, name, USER) == "OK"
        assert scram(c, name, "nobody@d.test") == "wrong"
        assert scram(c, name, "hash@d.test") == "wrong"  # a crypt(3) hash is of no use for it
        assert scram(c, name, "off@d.test").startswith("This account")
        assert scram(c, name, "net@d.test") == "wrong"
        assert scram(c, name, "net@d.test", rip="198.51.100.9") == "OK"


@pytest.mark.parametrize("how, wanted", [
    ({"flag": "p=tls-exporter", "binding": EXPORTER, "exporter": EXPORTER}, "OK"),
    ({"flag": "p=tls-exporter", "binding": bytes(32), "exporter": EXPORTER}, "wrong"),  # of another connection
    ({"flag": "p=tls-unique", "binding": EXPORTER, "exporter": EXPORTER}, "wrong"),  # there is none in TLS 1.3
    ({"flag": "p=tls-exporter", "binding": EXPORTER}, "wrong"),  # no TLS
    ({"flag": "n", "exporter": EXPORTER}, "wrong"), ({"flag": "y", "exporter": EXPORTER}, "wrong"),
])
def test_scram_plus_A25(authd, how, wanted):
    with authd.login() as c:
        assert scram(c, "SCRAM-SHA-256-PLUS", USER, **how) == wanted


@pytest.mark.parametrize("how, wanted", [
    ({"flag": "y"}, "OK"), ({"flag": "y", "exporter": EXPORTER}, "wrong"), ({"flag": "n", "exporter": EXPORTER}, "OK"),
    ({"authzid": USER}, "OK"), ({"authzid": "titi@d.test"}, "authz"),
    ({"change": lambda s: s.replace("c=biws", "c=eSws")}, "wrong"), ({"change": lambda s: s.replace(",r=", ",r=x")}, "wrong"),
    ({"change": lambda s: s[:-8] + "AAAAAAA="}, "wrong"), ({"change": lambda s: s.split(",p=")[0]}, "wrong"),
])
def test_scram_refusals_A25(authd, how, wanted):
    with authd.login() as c:
        assert scram(c, "SCRAM-SHA-256", USER, **how) == wanted


def test_scram_final_cannot_be_replayed_A25(authd):
    sent = []

    def remember(text):
        sent.append(text)
        return text
    with authd.login() as c:
        assert scram(c, "SCRAM-SHA-256", USER, change=remember) == "OK"
    with authd.login() as c:
        assert scram(c, "SCRAM-SHA-256", USER, change=lambda _: sent[0]) == "wrong"


def test_plus_is_believed_of_a_monitor_only_A25(authd):
    with authd.client() as c:
        assert scram(c, "SCRAM-SHA-256-PLUS", USER, flag="p=tls-exporter", binding=EXPORTER, exporter=EXPORTER) == "wrong"


def test_nothing_tells_who_is_there_A17(authd):
    """The same salt each time, for users who are not there too."""
    def salt(user):
        with authd.client() as c:
            s = Scram(user, "x")
            return decode(c.auth("SCRAM-SHA-256", b64(s.first()))).split(",", 1)[1]
    assert salt("nobody@d.test") == salt("nobody@d.test")
    assert salt("nobody@d.test") != salt("nobody2@d.test")
    assert salt(USER) == salt(USER)
    assert salt("nobody@d.test").endswith(",i=4096")


def test_cram_md5(authd):
    for user in (USER, "cram-md5@d.test"):
        for word, wanted in (("wrong", "wrong"), (WORD, "OK")):
            with authd.client() as c:
                challenge = decode(c.auth("CRAM-MD5")).encode()
                assert challenge.startswith(b"<") and challenge.endswith(b">") and b"@" in challenge
                assert verdict(c.cont(b64(cram(user, word, challenge)))) == wanted
    with authd.client() as c:  # the challenge of another dialogue
        first = decode(c.auth("CRAM-MD5")).encode()
        assert first != decode(c.auth("CRAM-MD5")).encode()
        assert verdict(c.cont(b64(cram(USER, WORD, first)))) == "wrong"


def test_apop(authd):
    def apop(challenge, client=authd.login, told=None):
        digest = hashlib.md5(challenge + WORD.encode()).hexdigest()
        with client() as c:
            return verdict(c.auth("APOP", b64(f"{USER}\0{digest}"), service="pop3",
                                  more=[b"challenge=" + (told or challenge)]))
    assert apop(b"<1.2@host>") == "OK"
    assert apop(b"<1.2@host>", told=b"<1.3@host>") == "wrong"
    assert apop(b"<1.2@host>", client=authd.client) == "wrong"  # only a monitor knows the greeting


@pytest.mark.parametrize("words, response, wanted", [
    ([b"valid-client-cert", b"cert_username=" + USER.encode()], b"", "OK"),
    ([b"valid-client-cert", b"cert_username=" + USER.encode()], USER.encode(), "OK"),
    ([b"valid-client-cert", b"cert_username=" + USER.encode()], b"hash@d.test", "authz"),
    ([b"valid-client-cert", b"cert_username="], USER.encode(), "wrong"),  # the certificate names nobody (CVE-2019-3814)
    ([b"valid-client-cert", b"cert_username="], b"", "wrong"),
    ([b"cert_username=" + USER.encode()], b"", "wrong"), ([], USER.encode(), "wrong"),
    ([b"valid-client-cert", b"cert_username=nobody@d.test"], b"", "wrong"),
    ([b"valid-client-cert", b"cert_username=off@d.test"], b"", "This account may not log in"),
])
def test_external_A27(authd, words, response, wanted):
    with authd.login() as c:
        assert verdict(c.auth("EXTERNAL", b64(response) or b"=", more=words)) == wanted
    with authd.client() as c:
        assert verdict(c.auth("EXTERNAL", b64(response) or b"=", more=words)) == "wrong"


def test_user_name_from_the_certificate_A27():
    settings = {"auth_mechanisms": "plain", "auth_ssl_username_from_cert": "yes"}
    with Authd({"toto@d.test": "secret", "titi@d.test": "other"}, settings=settings) as authd:
        def login(user, password, *words):
            with authd.login() as c:
                return verdict(c.plain(user, password, more=words))
        assert login("toto@d.test", "secret", b"valid-client-cert", b"cert_username=toto@d.test") == "OK"
        assert login("toto@d.test", "secret", b"valid-client-cert", b"cert_username=titi@d.test") == "wrong"
        assert login("toto@d.test", "secret", b"valid-client-cert", b"cert_username=") == "wrong"
        assert login("toto@d.test", "secret") == "wrong"
        with authd.client() as c:  # Postfix has no certificate to show
            assert verdict(c.plain("toto@d.test", "secret")) == "OK"


@pytest.mark.parametrize("name", ALL.upper().split() + ["SCRAM-SHA-256-PLUS"])
def test_any_response_A05(authd, name):
    """0 bytes, 1 byte, nothing but NUL, cut messages: refused each time, and authd goes on."""
    for response in (b"", b"a", b"\0" * 64, b"n,,n=u,r=", b"n,,", b"\xff" * 1000, b"," * 5000, b"=" * 3000, b"\1" * 100):
        with authd.login() as c:
            line = c.auth(name, b64(response) or b"=", more=bound())
            for _ in range(4):
                if not line.startswith(b"CONT"):
                    break
                line = c.cont(b64(response))
            assert verdict(line) in ("wrong", "authz")
    with authd.login() as c:
        assert verdict(c.plain(USER, WORD)) == "OK"


@pytest.mark.parametrize("name", ["SCRAM-SHA-256", "CRAM-MD5", "LOGIN", "XOAUTH2"])
def test_given_up_at_each_step_A03(authd, name):
    for _ in range(200):
        with authd.login() as c:
            first = b64(Scram(USER, "x").first()) if "SCRAM" in name else None
            assert c.auth(name, first).startswith(b"CONT")
            c.send(b"CANCEL\t%d" % c.id)
            assert verdict(c.plain(USER, "wrong")) == "wrong"


def test_secrets_are_in_no_log(authd):
    assert WORD not in authd.log()
    assert made("SCRAM-SHA-256").split(",")[-1] not in authd.log()


# --- tokens -----------------------------------------------------------------------------------------

def openssl(*arguments, data=b""):
    return subprocess.run(["openssl", *map(str, arguments)], input=data, capture_output=True, check=True, timeout=60).stdout


class Keys:
    """An RSA key, an EC key and a secret, and the set that authd is given of them."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.rsa, self.ec = self.folder / "rsa.pem", self.folder / "ec.pem"
        openssl("genrsa", "-out", self.rsa, "2048")
        openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", self.ec)
        self.secret = bytes(range(40))
        modulus = openssl("rsa", "-in", self.rsa, "-noout", "-modulus").decode().strip().split("=")[1]
        point = openssl("ec", "-in", self.ec, "-pubout", "-outform", "DER")[-64:]
        self.set = {"keys": [
            {"kty": "RSA", "kid": "r1", "use": "sig", "n": url64(bytes.fromhex(modulus)), "e": "AQAB"},
            {"kty": "EC", "kid": "e1", "crv": "P-256", "x": url64(point[:32]), "y": url64(point[32:])},
            {"kty": "oct", "kid": "h1", "k": url64(self.secret)},
            {"kty": "RSA", "kid": "x1", "use": "enc", "n": "AQAB", "e": "AQAB"}]}
        (self.folder / "keys.json").write_text(json.dumps(self.set))

    def sign(self, alg, text):
        if alg == "RS256":
            return openssl("dgst", "-sha256", "-sign", self.rsa, data=text)
        if alg == "HS256":
            return hmac.new(self.secret, text, "sha256").digest()
        der = openssl("dgst", "-sha256", "-sign", self.ec, data=text)
        first = int.from_bytes(der[4:4 + der[3]], "big")
        rest = der[4 + der[3]:]
        second = int.from_bytes(rest[2:2 + rest[1]], "big")
        return first.to_bytes(32, "big") + second.to_bytes(32, "big")

    def token(self, alg="RS256", kid=None, header=None, signature=None, **claims):
        head = {"alg": alg, "typ": "JWT", **({"kid": kid} if kid else {}), **(header or {})}
        body = {"iss": "https://id.test", "aud": "mail", "exp": int(time.time()) + 600, "email": USER, **claims}
        body = {k: v for k, v in body.items() if v is not None}
        text = f"{url64(json.dumps(head).encode())}.{url64(json.dumps(body).encode())}"
        made_of = self.sign(alg, text.encode()) if signature is None else signature
        return f"{text}.{url64(made_of)}"


@pytest.fixture(scope="module")
def tokens():
    with linnet.temporary_folder("linnet-tokens-") as folder:
        keys = Keys(folder)
        conf = pathlib.Path(folder) / "linnet-oauth2.conf.ext"
        conf.write_text(f"key_set = {folder}/keys.json\nalgorithms = RS256 ES256 HS256\nissuers = https://id.test\n"
                        "audiences = mail\nusername_attribute = email\n")
        passdb = (f"passdb {{\n driver = oauth2\n args = {conf}\n}}\n"
                  f"passdb {{\n driver = passwd-file\n args = scheme=PLAIN {folder}/users\n}}\n")
        (pathlib.Path(folder) / "users").write_text(f"{USER}:geheim\noff@d.test:geheim::::::nologin\n")
        with Authd(passdb=passdb, settings={"auth_mechanisms": "plain oauthbearer xoauth2"}) as authd:
            yield authd, keys


def bearer(authd, token, user="", name="OAUTHBEARER"):
    text = f"n,{'a=' + user if user else ''},\1auth=Bearer {token}\1\1" if name == "OAUTHBEARER" else f"user={user}\1auth=Bearer {token}\1\1"
    with authd.login() as c:
        line = c.auth(name, b64(text), more=[b"secured=tls"])
        if line.startswith(b"CONT"):  # RFC 7628 s.3.2.2
            error = json.loads(decode(line))
            assert error["status"] in ("invalid_token", "401")
            line = c.cont(b64("\1"))
            assert line.startswith(b"FAIL")
        return verdict(line)


@pytest.mark.parametrize("alg, kid", [("RS256", None), ("RS256", "r1"), ("ES256", "e1"), ("ES256", None), ("HS256", "h1")])
def test_good_tokens(tokens, alg, kid):
    authd, keys = tokens
    assert bearer(authd, keys.token(alg, kid)) == "OK"
    assert bearer(authd, keys.token(alg, kid), USER) == "OK"
    assert bearer(authd, keys.token(alg, kid, aud=["other", "mail"]), USER, "XOAUTH2") == "OK"


def test_bad_tokens_A26_A28(tokens):
    authd, keys = tokens
    now = int(time.time())
    public = openssl("rsa", "-in", keys.rsa, "-pubout")
    good = keys.token()
    head, body, _ = good.split(".")

    def by_public_key():
        text = f"{url64(json.dumps({'alg': 'HS256', 'kid': 'r1'}).encode())}.{body}"
        return f"{text}.{url64(hmac.new(public, text.encode(), 'sha256').digest())}"
    bad = {
        "expired": keys.token(exp=now - 600), "no exp": keys.token(exp=None), "not yet": keys.token(nbf=now + 600),
        "issuer": keys.token(iss="https://evil.test"), "no issuer": keys.token(iss=None),
        "audience": keys.token(aud="web"), "no audience": keys.token(aud=None), "audiences": keys.token(aud=["a", 5, None]),
        "alg none": keys.token("none", signature=b""), "alg None": keys.token("None", signature=b""),
        "alg is a list": keys.token("RS256", header={"alg": ["none"]}), "RS512": keys.token("RS256", header={"alg": "RS512"}),
        "signed with the public key": by_public_key(), "alg of another key": keys.token("HS256", kid="r1"),
        "kid of another key": keys.token("RS256", kid="e1"), "unknown kid": keys.token("RS256", kid="zz"),
        "kid is a path": keys.token("RS256", kid="../../etc/passwd"), "kid is a number": keys.token(header={"kid": 7}),
        "kid with NUL": keys.token(kid="r1\0x"), "encryption key": keys.token("RS256", kid="x1"),
        "crit": keys.token(header={"crit": ["exp"]}), "no email": keys.token(email=None), "email is a list": keys.token(email=[USER]),
        "email with NUL": keys.token(email=USER + "\0x"), "no signature": f"{head}.{body}.", "two parts": f"{head}.{body}",
        "four parts": good + ".x", "changed": good[:-4] + ("AAAA" if good[-4:] != "AAAA" else "BBBB"),
        "standard base64": good.replace("-", "+").replace("_", "/") + "=", "not JSON": f"{url64(b'x')}.{body}.AAAA",
        "deep": f"{url64(b'[' * 2000)}.{body}.AAAA", "empty": ".", "SQL": keys.token(email="' OR '1'='1", azp="';--"),
        "short EC": keys.token("ES256", signature=b"\0" * 10), "zero EC": keys.token("ES256", signature=b"\0" * 64),
        "unknown user": keys.token(email="nobody@d.test"),
    }
    for what, token in bad.items():
        assert bearer(authd, token) == "wrong", what
    assert bearer(authd, good, "titi@d.test") == "wrong"
    assert bearer(authd, "A" * 9000) == "wrong"
    assert bearer(authd, good) == "OK"
    assert good.split(".")[2] not in authd.log()


def test_jku_is_not_looked_at_A28(tokens):
    authd, keys = tokens
    assert bearer(authd, keys.token(header={"jku": "http://127.0.0.1:9/keys", "x5u": "file:///etc/passwd"})) == "OK"


def test_disabled_users_tokens_are_refused(tokens):
    authd, keys = tokens
    with authd.login() as c:
        c.start("OAUTHBEARER", b64(f"n,,\1auth=Bearer {keys.token(email='off@d.test')}\1\1"))
        assert c.line().startswith(b"CONT")
        assert verdict(c.cont(b64("\1"))) == "This account may not log in"


@pytest.mark.parametrize("change, complaint", [
    (("issuers = https://id.test\n", ""), "issuers and audiences must be set"), (("audiences = mail\n", ""), "issuers and audiences"),
    (("keys.json", "nokeys.json"), "No such file"), (("key_set = /", "key_set = x/"), "absolute path"),
    (("algorithms", "introspection_mode = get\nalgorithms"), "locally only"),
])
def test_oauth2_settings(tokens, folder, change, complaint):
    authd, keys = tokens
    text = (keys.folder / "linnet-oauth2.conf.ext").read_text().replace(*change)
    conf = pathlib.Path(folder) / "oauth2"
    conf.write_text(text)
    with contextlib.suppress(linnet.Failure):
        with Authd(passdb=f"passdb {{\n driver = oauth2\n args = {conf}\n}}\n"):
            raise AssertionError("authd started")
    got = subprocess.run([linnet.program("linnetctl"), "-c", str(_conf(folder, conf)), "config", "check"], capture_output=True,
                         text=True, timeout=30)
    assert got.returncode == 78 and complaint in got.stderr


def _conf(folder, oauth2):
    path = pathlib.Path(folder) / "linnet.conf"
    path.write_text(f"default_login_user = root\nssl = no\npassdb {{\n driver = oauth2\n args = {oauth2}\n}}\n"
                    "userdb {\n driver = static\n args = uid=root gid=root home=/nowhere/%n\n}\n")
    return path
