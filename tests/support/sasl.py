"""sasl.py - the clients' side of SASL mechanisms, written from the RFCs for the tests of authd and of logins"""
import base64
import hashlib
import hmac
import os


def b64(data):
    return base64.b64encode(data.encode() if isinstance(data, str) else data)


class Scram:
    """RFC 5802.  first() and final() are what is sent; is_right() tells whether the server knew the password."""

    def __init__(self, user, password, name="SCRAM-SHA-256", binding=None, flag="n", authzid=""):
        self.hash = "sha1" if "SHA-1" in name else "sha256"
        self.user, self.password, self.binding = user, password.encode(), binding
        self.header = f"{flag},{'a=' + authzid if authzid else ''},"
        self.nonce = base64.b64encode(os.urandom(12)).decode()
        self.bare = f"n={user.replace('=', '=3D').replace(',', '=2C')},r={self.nonce}"

    def first(self):
        return self.header + self.bare

    def final(self, server_first, change=None):
        parts = dict(p.split("=", 1) for p in server_first.split(","))
        assert parts["r"].startswith(self.nonce) and len(parts["r"]) >= len(self.nonce) + 16
        assert int(parts["i"]) >= 4096
        salted = hashlib.pbkdf2_hmac(self.hash, self.password, base64.b64decode(parts["s"]), int(parts["i"]))
        client_key = hmac.new(salted, b"Client Key", self.hash).digest()
        stored_key = hashlib.new(self.hash, client_key).digest()
        bare = f"c={b64(self.header.encode() + (self.binding or b'')).decode()},r={parts['r']}"
        message = ",".join((self.bare, server_first, bare)).encode()
        signature = hmac.new(stored_key, message, self.hash).digest()
        proof = bytes(a ^ b for a, b in zip(client_key, signature))
        server_key = hmac.new(salted, b"Server Key", self.hash).digest()
        self.wanted = "v=" + b64(hmac.new(server_key, message, self.hash).digest()).decode()
        whole = f"{bare},p={b64(proof).decode()}"
        return change(whole) if change else whole

    def is_right(self, server_final):
        return server_final == self.wanted


def cram(user, password, challenge):
    return f"{user} {hmac.new(password.encode(), challenge, 'md5').hexdigest()}"


# --- tokens (RFC 7519), with the openssl program for the public keys ---------------------------------

def url64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
