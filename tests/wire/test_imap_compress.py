"""test_imap_compress.py - COMPRESS=DEFLATE (RFC 4978): in clear, in TLS, broken, asleep (G16)"""
import pathlib
import re
import zlib

import pytest

import linnet


class Deflated:
    """A client's end behind COMPRESS."""

    def __init__(self, wire):
        self.wire = wire
        assert wire.command("z", "COMPRESS DEFLATE") == [b"z OK Begin compression."]
        self.pack, self.unpack = zlib.compressobj(9, zlib.DEFLATED, -15), zlib.decompressobj(-15)
        self.text = b""

    def send(self, data, flush=zlib.Z_SYNC_FLUSH):
        self.wire.send(self.pack.compress(data) + self.pack.flush(flush))

    def until(self, pattern):
        while not re.search(pattern, self.text):
            data = self.wire.sock.recv(65536)
            assert data, f"ended, waiting for {pattern}: {self.text[-200:]}"
            self.text += self.unpack.decompress(data)
        text, self.text = self.text, b""
        return text

    def command(self, tag, text):
        self.send(f"{tag} {text}\r\n".encode())
        return self.until(rb"(?m)^%s .*\r\n" % tag.encode())


def test_RFC4978_s3_every_command_behind_it(maildir, start):
    linnet.fill(maildir, 500)
    with start() as session:
        client = Deflated(session.wire)
        assert b"z2 NO [COMPRESSIONACTIVE]" in client.command("z2", "COMPRESS DEFLATE")
        assert b"500 EXISTS" in client.command("a", "SELECT INBOX")
        assert client.command("b", "FETCH 1:* (UID BODY[])").count(b"Body of message") == 500
        client.send(b"c APPEND INBOX {300000+}\r\n" + b"x" * 300000 + b"\r\n")
        assert b"c OK [APPENDUID" in client.until(rb"c OK .*\r\n")
        assert b"300000" in client.command("d", "FETCH 501 RFC822.SIZE")
        client.send(b"e NOOP\r\nf NO")
        client.until(rb"e OK .*\r\n")
        client.send(b"OP\r\n")
        client.until(rb"f OK .*\r\n")
        assert b"BYE" in client.command("g", "LOGOUT")


@pytest.mark.parametrize("text", ["COMPRESS", "COMPRESS GZIP", "COMPRESS DEFLATE x"])
def test_RFC4978_s5_wrong_arguments(start, text):
    with start() as session:
        assert session.wire.command("a", text)[-1].startswith(b"a BAD")
        session.wire.ok("b", "NOOP")


@pytest.mark.parametrize("glued", [b"b NOOP\r\n", b"\xff\xff\xff\xff", zlib.compress(b"b NOOP\r\n")])
def test_G16_what_is_glued_behind_it_is_no_command(start, glued):
    """Whoever put something behind COMPRESS has it read as compressed, and the session ends."""
    with start() as session:
        session.wire.send(b"a COMPRESS DEFLATE\r\n" + glued)
        assert session.wire.line() == b"a OK Begin compression."
        rest = zlib.decompressobj(-15).decompress(session.wire.rest())
        assert rest == b"* BYE Broken compressed data.\r\n"
        assert "broken compressed data" in session.log()


def test_what_the_same_client_glues_compressed_is_read(start):
    with start() as session:
        pack = zlib.compressobj(9, zlib.DEFLATED, -15)
        session.wire.send(b"a COMPRESS DEFLATE\r\n" + pack.compress(b"b LOGOUT\r\n") + pack.flush(zlib.Z_SYNC_FLUSH))
        assert session.wire.line() == b"a OK Begin compression."
        assert b"b OK" in zlib.decompressobj(-15).decompress(session.wire.rest())


def test_G16_a_bomb_is_a_long_line(start):
    with start() as session:
        client = Deflated(session.wire)
        client.wire.send(client.pack.compress(b" " * (64 << 20)) + client.pack.flush(zlib.Z_SYNC_FLUSH))
        assert b"BYE" in client.until(rb"BYE .*\r\n")


def test_G16_STARTTLS_behind_it(start):
    with start() as session:
        client = Deflated(session.wire)
        assert b"a BAD" in client.command("a", "STARTTLS")


def test_memory_is_given_back_in_IDLE_and_the_stream_goes_on(maildir, start):
    linnet.fill(maildir, 50)
    with start() as session:
        client = Deflated(session.wire)
        client.command("a", "SELECT INBOX")
        client.command("b", "FETCH 1:* BODY[]")

        def dirty():
            text = pathlib.Path(f"/proc/{session.pid}/smaps_rollup").read_text()
            return int(re.search(r"Private_Dirty:\s+(\d+)", text)[1])
        busy = dirty()
        for n in range(3):
            client.send(b"i%d IDLE\r\n" % n)
            client.until(rb"idling\r\n")
            if not linnet.is_sanitized():
                linnet.wait_for(lambda: dirty() < busy - 80, "the buffers to be given back")
            linnet.deliver(maildir, linnet.SIMPLE % (n, n, n))
            client.until(rb"EXISTS\r\n")
            client.send(b"DONE\r\n")
            client.until(rb"i%d OK .*\r\n" % n)


def test_over_TLS(server):
    with server.connect("imaps") as wire:
        wire.line()
        wire.login()
        client = Deflated(wire)
        assert b"NAMESPACE" in client.command("a", "NAMESPACE")
        assert b"b OK" in client.command("b", "LOGOUT")
