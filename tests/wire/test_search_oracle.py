"""test_search_oracle.py - generated searches against a naive reader of the same files

The other side is Python's email package and plain loops: slow, and nothing of it is ours.
"""
import base64
import calendar
import datetime
import email
import email.header
import email.utils
import os
import quopri
import random
import re
import time
import unicodedata

import pytest

import linnet

WORDS = ("budget meeting Invoice HELLO world re fwd caf\u00e9 \u00dcbung na\u00efve \u041f\u0440\u0438\u0432\u0435\u0442 "
         "\u0395\u03bb\u03bb\u03ac\u03b4\u03b1 \u65e5\u672c\u8a9e \u20ac100 \U0001f4ec list-id x=y a_b 100% \"quoted\" back\\slash").split()
NEEDLES = WORDS + ["e", "BUD", "\u00fcb", "\u043f\u0440\u0438", "HELLO world", "absent", "zz", "example.org", "=", "_", "\u672c"]
PEOPLE = ["Anne <anne@example.org>", "bob@example.net", "caf\u00e9 owner <owner@example.org>",
          "\"Last, First\" <lf@example.com>", "\u041f\u0440\u0438\u0432\u0435\u0442 <privet@example.ru>"]
ZONES = ["+0000", "-0800", "+1300", "+0530", "EST", "GMT"]
FLAGS = {"D": "DRAFT", "F": "FLAGGED", "R": "ANSWERED", "S": "SEEN", "T": "DELETED"}
KEYWORDS = {"a": "work", "b": "home"}
START = calendar.timegm((2024, 2, 25, 0, 0, 0))


def text_of(chance, most=12):
    return " ".join(chance.choice(WORDS) for _ in range(chance.randint(0, most)))


def encoded(chance, text, charset):
    """(Content-Transfer-Encoding, bytes) of a text in one of the ways there are."""
    data = text.encode(charset, "replace")
    how = chance.choice(["8bit", "quoted-printable", "base64"])
    if how == "quoted-printable":
        data = quopri.encodestring(data)
    elif how == "base64":
        data = base64.encodebytes(data)
    return how, data


def header_word(chance, text):
    if text.isascii():
        return text
    kind = chance.choice("bq")
    return email.header.Header(text, chance.choice(["utf-8", "utf-8"]), maxlinelen=60).encode() if kind == "b" \
        else " ".join("=?utf-8?Q?" + "".join("=%02X" % b for b in w.encode()) + "?=" if not w.isascii() else w
                      for w in text.split(" "))


def person(chance, text):
    name, _, rest = text.partition(" <")
    return f"{header_word(chance, name)} <{rest}" if rest else text


def leaf(chance):
    charset = chance.choice(["utf-8", "utf-8", "iso-8859-1", "us-ascii"])
    kind = chance.choice(["plain", "plain", "html"])
    text = "\n".join(text_of(chance) for _ in range(chance.randint(1, 6)))
    how, data = encoded(chance, text + "\n", charset)
    return (f"Content-Type: text/{kind}; charset={charset}\nContent-Transfer-Encoding: {how}\n\n".encode() + data)


def attachment(chance):
    name = chance.choice(["budget.xls", "photo.jpg", "absent.bin"])
    data = base64.encodebytes(b"hello world budget " * 3)
    return (f"Content-Type: application/octet-stream; name={name}\nContent-Transfer-Encoding: base64\n"
            f"Content-Disposition: attachment\n\n").encode() + data


def entity(chance, depth=0):
    """A whole entity: MIME header, empty line, body."""
    kind = chance.random()
    if depth == 2 or kind < 0.55:
        return leaf(chance)
    if kind < 0.65:
        return attachment(chance)
    if kind < 0.75:
        return b"Content-Type: message/rfc822\n\n" + message(chance, depth + 1)
    boundary = f"b{depth}-{chance.randrange(10 ** 6)}"
    parts = b"".join(b"--" + boundary.encode() + b"\n" + entity(chance, depth + 1).rstrip(b"\n") + b"\n"
                     for _ in range(chance.randint(1, 3)))
    return (f"Content-Type: multipart/mixed; boundary=\"{boundary}\"\n\npreamble nobody sees\n".encode() + parts +
            b"--" + boundary.encode() + b"--\n")


def message(chance, depth=0):
    when = START + chance.randrange(20 * 86400)
    zone = chance.choice(ZONES)
    lines = [f"From: {person(chance, chance.choice(PEOPLE))}",
             f"To: {person(chance, chance.choice(PEOPLE))},\n {person(chance, chance.choice(PEOPLE))}"]
    if chance.random() < 0.4:
        lines.append(f"Cc: {person(chance, chance.choice(PEOPLE))}")
    if chance.random() < 0.9:
        lines.append(f"Subject: {header_word(chance, text_of(chance, 5))}")
    if chance.random() < 0.85:
        stamp = time.gmtime(when)
        lines.append(time.strftime("Date: %a, %d %b %Y %H:%M:%S ", stamp) + zone)
    if chance.random() < 0.3:
        lines.append(f"X-Tag: {header_word(chance, text_of(chance, 2))}")
        lines.append("X-Tag: second")
    lines.append("MIME-Version: 1.0")
    return "\n".join(lines).encode() + b"\n" + entity(chance, depth)


# ---- the naive reader ----

def fold(text):
    return unicodedata.normalize("NFD", "".join(c if c == "\u00df" else c.lower() for c in text))


def unfolded(value):
    value = re.sub(r"\r?\n(?=[ \t])", "", value)
    return str(email.header.make_header(email.header.decode_header(value))).strip()


class Mail:
    """What SEARCH may ask of one message."""

    def __init__(self, number, uid, data, letters, when, recent):
        self.number, self.uid, self.letters, self.when, self.recent = number, uid, letters, when, recent
        self.size = len(re.sub(rb"(?<!\r)\n", b"\r\n", data))
        self.parsed = email.message_from_bytes(data)
        local = time.localtime(when)
        self.day = datetime.date(local.tm_year, local.tm_mon, local.tm_mday)
        date = self.parsed.get("Date")
        self.sent = datetime.date(*email.utils.parsedate(date)[:3]) if date else None
        self.headers = [(name.lower(), fold(unfolded(value))) for name, value in self.parsed.items()]
        self.texts = []
        for part in self.parsed.walk():
            if part is not self.parsed:
                self.texts += [fold(f"{name}: {unfolded(value)}") for name, value in part.items()]
            if part.get_content_maintype() == "text" and not part.is_multipart():
                data = part.get_payload(decode=True)
                self.texts.append(fold(data.decode(part.get_content_charset("us-ascii"), "replace")))

    def field(self, name, needle):
        return any(n == name.lower() and fold(needle) in value for n, value in self.headers)

    def body(self, needle):
        return any(fold(needle) in text for text in self.texts) or not needle

    def text(self, needle):
        return self.body(needle) or any(fold(needle) in f"{n}: {v}" for n, v in self.headers)


# ---- searches: their text, and the same as a function ----

def literal(text):
    data = text.encode()
    if data.isalnum():
        return data
    return b"{%d+}\r\n%s" % (len(data), data)


def string_key(chance):
    needle = chance.choice(NEEDLES)
    name = chance.choice(["FROM", "TO", "CC", "BCC", "SUBJECT", "BODY", "TEXT", "BODY", "TEXT", "HEADER"])
    if name == "HEADER":
        field = chance.choice(["X-Tag", "Subject", "x-none", "MIME-Version", "to"])
        needle = chance.choice([needle, ""])
        text = b"HEADER %s %s" % (field.encode(), literal(needle) if needle else b'""')
        return text, lambda m: m.field(field, needle)
    text = name.encode() + b" " + literal(needle)
    if name == "BODY":
        return text, lambda m: m.body(needle)
    if name == "TEXT":
        return text, lambda m: m.text(needle)
    return text, lambda m: m.field(name, needle)


def flag_key(chance):
    letter = chance.choice(list(FLAGS) + list(KEYWORDS))
    yes = chance.random() < 0.5
    if letter in FLAGS:
        text = ("" if yes else "UN") + FLAGS[letter]
    else:
        text = ("KEYWORD " if yes else "UNKEYWORD ") + KEYWORDS[letter]
    return text.encode(), lambda m: (letter in m.letters) == yes


def recent_key(chance):
    return chance.choice([
        (b"RECENT", lambda m: m.recent), (b"OLD", lambda m: not m.recent), (b"ALL", lambda m: True),
        (b"NEW", lambda m: m.recent and "S" not in m.letters), (b"KEYWORD unused", lambda m: False)])


COMPARE = {"BEFORE": lambda a, b: a < b, "ON": lambda a, b: a == b, "SINCE": lambda a, b: a >= b}


def date_key(chance):
    name = chance.choice(list(COMPARE))
    sent = chance.random() < 0.5
    day = datetime.date(2024, 2, 25) + datetime.timedelta(days=chance.randrange(20))
    months = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
    text = f"{'SENT' if sent else ''}{name} {day.day}-{months[day.month - 1]}-{day.year}"
    if sent:
        return text.encode(), lambda m: m.sent is not None and COMPARE[name](m.sent, day)
    return text.encode(), lambda m: COMPARE[name](m.day, day)


def size_key(chance, mails):
    size = chance.choice(mails).size + chance.choice([-1, 0, 1])
    if chance.random() < 0.5:
        return b"LARGER %d" % size, lambda m: m.size > size
    return b"SMALLER %d" % size, lambda m: m.size < size


def set_key(chance, mails):
    by_uid = chance.random() < 0.5
    values = [m.uid if by_uid else m.number for m in mails]
    pairs = [(chance.choice(values), chance.choice(values)) for _ in range(chance.randint(1, 3))]
    text = ",".join(f"{a}:{b}" if a != b else f"{a}" for a, b in pairs)
    top = values[-1]
    if chance.random() < 0.3:
        text += ",*" if chance.random() < 0.5 else f",{values[len(values) // 2]}:*"
        pairs.append((top, top) if text.endswith(",*") else (values[len(values) // 2], top))

    def matches(m):
        value = m.uid if by_uid else m.number
        return any(min(p) <= value <= max(p) for p in pairs)
    return (b"UID " if by_uid else b"") + text.encode(), matches


def key(chance, mails, depth=0):
    kind = chance.random()
    if depth < 3 and kind < 0.12:
        text, one = key(chance, mails, depth + 1)
        return b"NOT " + text, lambda m: not one(m)
    if depth < 3 and kind < 0.27:
        (a, one), (b, two) = key(chance, mails, depth + 1), key(chance, mails, depth + 1)
        return b"OR %s %s" % (a, b), lambda m: one(m) or two(m)
    if depth < 3 and kind < 0.4:
        keys = [key(chance, mails, depth + 1) for _ in range(chance.randint(1, 3))]
        return b"(" + b" ".join(k[0] for k in keys) + b")", lambda m: all(k[1](m) for k in keys)
    make = chance.choice([string_key, string_key, string_key, flag_key, date_key, recent_key, None, size_key, set_key])
    if make in (size_key, set_key):
        return make(chance, mails)
    return (make or flag_key)(chance)


# ---- the run ----

def fill(maildir, chance, count=36, new=4):
    """Messages with UIDs of their own choosing; the last ones lie in new/ and are recent."""
    mails, lines = [], []
    uid = 0
    for number in range(1, count + 1):
        data = message(chance)
        if chance.random() < 0.3:
            data = data.replace(b"\n", b"\r\n")
        when = START + chance.randrange(20 * 86400)
        name = f"{1710000000 + number}.M{number}.host"
        recent = number > count - new
        letters = "" if recent else "".join(f for f in "DFRSTab" if chance.random() < 0.3)
        path = linnet.deliver(maildir, data, None if recent else letters, when=when, name=name)
        os.utime(path, (when, when))
        uid += 1 if recent else chance.randint(1, 5)
        mails.append(Mail(number, uid, data, letters, when, recent))
        if not recent:
            lines.append(f"{uid} :{name}\n")
            last = uid
    head = f"3 V1700000000 N{last + 1} G{'0' * 32}\n"
    (maildir / "dovecot-uidlist").write_text(head + "".join(lines))
    (maildir / "dovecot-keywords").write_text("0 work\n1 home\n")
    linnet.own(maildir)
    return mails


@pytest.mark.parametrize("seed", [1, 2])
def test_generated_searches(imap, maildir, seed):
    chance = random.Random(seed)
    mails = fill(maildir, chance)
    with imap() as session:
        wire = session.wire
        wire.line()
        wire.ok("s", "SELECT INBOX")
        for n in range(400):
            keys = [key(chance, mails) for _ in range(chance.randint(1, 3))]
            by_uid = chance.random() < 0.5
            text = (b"UID " if by_uid else b"") + b"SEARCH CHARSET UTF-8 " + b" ".join(k[0] for k in keys)
            wanted = [m.uid if by_uid else m.number for m in mails if all(k[1](m) for k in keys)]
            answers = wire.ok(f"t{n}", text)
            assert answers[0].startswith(b"* SEARCH"), (text, answers)
            got = [int(word) for word in answers[0].split()[2:]]
            assert got == wanted, text.decode()
