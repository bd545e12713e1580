"""bench_mail.py - a large Maildir as Postfix leaves it, the same on every run

bench_mail.py MAILDIR [MESSAGES]

Sizes are spread as in real mailboxes: the median is 8 KB, the mean twice that.  A third is one
text, a quarter text and HTML; the rest has files, which make the large ones large, or a message within.
"""
import base64
import math
import pathlib
import quopri
import random
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

import linnet  # noqa: E402
import samples  # noqa: E402

MEDIAN, SPREAD, LARGEST, LARGEST_TEXT = 3600, 1.25, 2_000_000, 12_000
WORDS = ("the meeting report invoice please see attached regards thanks project budget Monday plan garden "
         "client version update order number délai réunion été über straße again and with from that this "
         "not have will about which when your our release draft figure table review question answer").split()


def text_of(size, chance):
    """About size bytes of lines of words."""
    line = [" ".join(chance.choices(WORDS, k=11)) for _ in range(40)]
    one = "\n".join(line) + "\n"
    return (one * (size // len(one) + 1))[:size] + "\n"


def quoted(text):
    return quopri.encodestring(text.encode()).decode()


def as_html(text):
    rows = "".join(f'<p class="body" style="margin:0;color:#333333">{line}</p>\n' for line in text.splitlines())
    return f"<html><head><title>mail</title></head><body>\n{rows}</body></html>\n"


def text_part(text, kind="plain"):
    return (f"Content-Type: text/{kind}; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n"
            f"{quoted(text)}")


def file_part(n, size, chance):
    data = base64.b64encode(chance.randbytes(size * 3 // 4)).decode()
    lines = "\n".join(data[at:at + 76] for at in range(0, len(data), 76))
    return (f"Content-Type: application/pdf; name=\"file-{n}.pdf\"\nContent-Transfer-Encoding: base64\n"
            f"Content-Disposition: attachment; filename=\"file-{n}.pdf\"\n\n{lines}\n")


def header(n, chance):
    """What mail has today: some 2 KB, most of it signatures and traces."""
    noise = base64.b64encode(chance.randbytes(600)).decode()
    folded = "\n\t".join(noise[at:at + 70] for at in range(0, len(noise), 70))
    parent = max(0, n - chance.randrange(1, 40))
    people = ", ".join(f"Person {chance.randrange(500)} <p{k}@example.org>" for k in range(chance.randrange(1, 6)))
    return (f"Return-Path: <sender{n % 700}@example.org>\nDelivered-To: toto@mondomaine.local\n"
            f"Received: from mx.example.net (mx.example.net [192.0.2.{n % 250}])\n"
            f"\tby mail.mondomaine.local (Postfix) with ESMTPS id 4T{n:05X}\n"
            f"\tfor <toto@mondomaine.local>; {samples.date(n)}\n"
            f"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.org; s=mail;\n\tb={folded}\n"
            f"Message-ID: <bench-{n}@example.org>\nIn-Reply-To: <bench-{parent}@example.org>\n"
            f"References: <bench-{max(0, parent - 9)}@example.org>\n\t<bench-{parent}@example.org>\n"
            f"Date: {samples.date(n)}\nFrom: {samples.word('Zoé Martin')} <sender{n % 700}@example.org>\n"
            f"To: {people}\nCc: garden-club <garden@lists.example.org>\n"
            f"Subject: {samples.word(' '.join(chance.choices(WORDS, k=6)) + f' {n}')}\n"
            f"List-Id: <garden.lists.example.org>\nX-Mailer: bench 1.0\nMIME-Version: 1.0\n")


def message(n, chance):
    size = min(LARGEST, int(MEDIAN * math.exp(chance.gauss(0, SPREAD))))
    text = text_of(min(size, LARGEST_TEXT) // (1 if n % 12 < 4 else 3), chance)
    if n % 12 < 4:
        return (header(n, chance) + text_part(text)).encode()
    both = samples.multipart("alternative", f"=_alt_{n}", text_part(text), text_part(as_html(text), "html"))
    if n % 12 < 7:
        return (header(n, chance) + both).encode()
    inner = f"Content-Type: message/rfc822\n\n{header(n + 1, chance)}{both}" if n % 12 == 8 else both
    mixed = samples.multipart("mixed", f"=_mixed_{n}", inner, file_part(n, 3 * size, chance))
    return (header(n, chance) + mixed).encode()


def make(maildir, count):
    """Returns the number of bytes."""
    chance = random.Random(1)
    linnet.make_maildir(maildir)
    total = 0
    for n in range(count):
        one = message(n, chance)
        total += len(one)
        linnet.deliver(maildir, one, "" if n % 5 == 0 else "S", when=samples.START + n * 1801)
    return total


if __name__ == "__main__":
    print(make(pathlib.Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 10000), "bytes")
