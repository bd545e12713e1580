"""test_search_like_dovecot.py - the same mail, the same SEARCH, SORT and THREAD, asked of Dovecot 2.3 and of us

Generated mail and generated commands; LINNET_SEARCH_SEED and LINNET_SEARCH_COUNT ask for others
and for more.  Where we differ on purpose the mail or the command is in none of the generators, but
in DIFFERS, with the sentence of the RFC that is the reason.
"""
import base64
import calendar
import contextlib
import os
import quopri
import random
import re
import shutil
import time

import pytest

import dovecot
import linnet

SEED = int(os.environ.get("LINNET_SEARCH_SEED", "1"))
COUNT = int(os.environ.get("LINNET_SEARCH_COUNT", "3000"))
MESSAGES = 160
START = calendar.timegm((2024, 2, 25, 0, 0, 0))
DAY = 86400

WORDS = ("budget meeting Invoice HELLO world fish caf\u00e9 \u00dcbung na\u00efve "
         "\u041f\u0440\u0438\u0432\u0435\u0442 \u0395\u03bb\u03bb\u03ac\u03b4\u03b1 \u65e5\u672c\u8a9e \u20ac100 "
         "a_b A[c a-b zebra").split()
NEEDLES = WORDS + ["e", "BUD", "\u00fcb", "\u043f\u0440\u0438", "HELLO world", "absent", "example.org", "_", "\u672c"]
PEOPLE = ["Anne <anne@example.org>", "bob@example.net", "=?utf-8?q?caf=C3=A9?= owner <owner@example.org>",
          '"Last, First" <lf@example.com>', "=?utf-8?b?0J/RgNC40LLQtdGC?= <privet@example.ru>", "anne@example.com",
          "zed@example.org (Zed)", "A_B <a_b@example.org>", "Aab <aab@example.org>"]
ZONES = ["+0000", "-0800", "+1300", "+0530", "EST"]
LEADERS = ["Re: ", "RE:", "re : ", "Fwd: ", "fw: ", "FWD[x]: ", "[list] ", "[list] Re: ", "Re: [list] ", "[a][b] re: ",
           "re[2]: "]


def words(chance, most=3, least=1):
    return " ".join(chance.choice(WORDS) for _ in range(chance.randint(least, most)))


def encoded(chance, text):
    if text.isascii():
        return text
    if chance.random() < 0.5:
        return "=?utf-8?b?" + base64.b64encode(text.encode()).decode() + "?="
    return "=?utf-8?q?" + "".join("_" if b == 32 else "=%02X" % b for b in text.encode()) + "?="


def subject(chance):
    text = chance.choice(["budget", "meeting", "fish", "caf\u00e9", words(chance, 2)])
    for _ in range(chance.choice([0, 0, 1, 1, 2])):
        text = chance.choice(LEADERS) + text
    if chance.random() < 0.1:
        text += " (fwd)"
    if chance.random() < 0.08:
        text = f"[fwd: {text}]"
    return encoded(chance, text)


def body(chance):
    text = "\n".join(words(chance, 9) for _ in range(chance.randint(1, 5))) + "\n"
    charset = chance.choice(["utf-8", "utf-8", "iso-8859-1", "koi8-r"])
    data = text.encode(charset, "replace")
    how = chance.choice(["8bit", "quoted-printable", "base64"])
    data = {"8bit": data, "quoted-printable": quopri.encodestring(data), "base64": base64.encodebytes(data)}[how]
    return (f"Content-Type: text/plain; charset={charset}\nContent-Transfer-Encoding: {how}\n\n".encode() + data)


def references(chance, ids):
    """A chain of earlier ids, sometimes one that nobody has; or only In-Reply-To."""
    if not ids or chance.random() < 0.4:
        return []
    chain = chance.choice(ids)[1][-4:] + [chance.choice(ids)[0]]
    if chance.random() < 0.2:
        chain.insert(chance.randrange(len(chain) + 1), f"<gone{chance.randrange(6)}@example.org>")
    if chance.random() < 0.2:
        chain = chain[1:] or chain
    return chain


def message(chance, number, ids, dated):
    lines = [f"From: {chance.choice(PEOPLE)}", f"To: {chance.choice(PEOPLE)},\n {chance.choice(PEOPLE)}"]
    if chance.random() < 0.4:
        lines.append(f"Cc: {chance.choice(PEOPLE)}")
    if chance.random() < 0.95:
        lines.append(f"Subject: {subject(chance)}")
    if dated or chance.random() < 0.9:
        stamp = time.gmtime(START + chance.randrange(20) * DAY + chance.randrange(DAY))
        lines.append(time.strftime("Date: %a, %d %b %Y %H:%M:%S ", stamp) + chance.choice(ZONES))
    chain = references(chance, ids)
    own = f"<m{number}@example.org>"
    if chance.random() < 0.95:
        lines.append(f"Message-ID: {own}")
    if chain and chance.random() < 0.8:
        lines.append("References: " + "\n\t".join(chain))
    elif chain:
        lines.append(f"In-Reply-To: {chain[-1]}")
    ids.append((own, chain))
    if chance.random() < 0.3:
        lines.append(f"X-Tag: {words(chance, 1)}" if chance.random() < 0.001 else "X-Tag: second")
    lines.append("MIME-Version: 1.0")
    return "\n".join(lines).encode() + b"\n" + body(chance)


def write(chance, maildir, dated):
    ids = []
    for n in range(MESSAGES):
        flags = "".join(sorted(f for f in "DFRSTab" if chance.random() < 0.3))
        path = maildir / "cur" / f"{1000000000 + n}.M1P1.host:2,{flags}"
        path.write_bytes(message(chance, n, ids, dated))
        when = START + chance.randrange(20) * DAY + chance.randrange(DAY)
        os.utime(path, (when, when))
    (maildir / "dovecot-keywords").write_text("0 work\n1 home\n")
    linnet.own(maildir)


# ---- commands ----

def string(text):
    data = text.encode()
    return b"{%d+}\r\n%s" % (len(data), data)


def day(chance):
    return time.strftime("%d-%b-%Y", time.gmtime(START + chance.randrange(-2, 23) * DAY)).encode()


def number_set(chance):
    def one():
        return str(chance.randint(1, MESSAGES))
    return ",".join(chance.choice([one(), f"{one()}:{one()}", "*", f"{one()}:*"])
                    for _ in range(chance.randint(1, 3))).encode()


DATES = [b"BEFORE", b"ON", b"SINCE", b"SENTBEFORE", b"SENTON", b"SENTSINCE"]


def key(chance, depth=0):
    kind = chance.randrange(12 if depth < 3 else 9)
    if kind == 0:
        return chance.choice([b"ALL", b"SEEN", b"UNSEEN", b"ANSWERED", b"DELETED", b"UNDELETED", b"DRAFT", b"UNDRAFT",
                              b"FLAGGED", b"UNFLAGGED", b"UNANSWERED", b"KEYWORD work", b"UNKEYWORD home",
                              b"KEYWORD nowhere"])
    if kind == 1:
        return chance.choice([b"", b"UID "]) + number_set(chance)
    if kind == 2:
        return chance.choice(DATES) + b" " + day(chance)
    if kind == 3:
        return chance.choice([b"LARGER", b"SMALLER"]) + b" %d" % chance.randint(200, 900)
    if kind == 4:
        return chance.choice([b"OLDER", b"YOUNGER"]) + b" %d" % (time.time() - START - chance.randrange(20) * DAY - 7)
    if kind in (5, 6):
        return chance.choice([b"SUBJECT", b"FROM", b"TO", b"CC"]) + b" " + string(chance.choice(NEEDLES))
    if kind == 7:
        return b"HEADER " + chance.choice([b"X-Tag", b"Message-ID", b"References"]) + b" " + \
            string(chance.choice(["", "second", "m1", "@example.org"]))
    if kind == 8:
        return chance.choice([b"BODY", b"TEXT"]) + b" " + string(chance.choice(NEEDLES))
    if kind == 9:
        return ["NOT", key(chance, depth + 1)]
    if kind == 10:
        return ["OR", key(chance, depth + 1), key(chance, depth + 1)]
    return program(chance, depth + 1)


def program(chance, depth=0):
    return ["AND"] + [key(chance, depth) for _ in range(chance.choice([1, 1, 2, 3]))]


def written(tree, depth=0):
    """A tree of keys as it goes over the wire."""
    if isinstance(tree, bytes):
        return tree
    keys = b" ".join(written(one, depth + 1) for one in tree[1:])
    if tree[0] == "AND":
        return b"(%s)" % keys if depth else keys
    return tree[0].encode() + b" " + keys


def found_by(tree, every, ask_one):
    """The UIDs that answer to a tree, by what is answered to each of its keys alone."""
    if isinstance(tree, bytes):
        return ask_one(tree)
    sets = [found_by(one, every, ask_one) for one in tree[1:]]
    if tree[0] == "NOT":
        return every - sets[0]
    return set.union(*sets) if tree[0] == "OR" else set.intersection(*sets)


def returns(chance):
    if chance.random() < 0.6:
        return b""
    options = chance.sample([b"MIN", b"MAX", b"COUNT", b"ALL"], chance.randint(0, 4))
    if b"ALL" not in options and chance.random() < 0.3:
        first = chance.randint(1, 60)
        options.append(b"PARTIAL %d:%d" % (first, first + chance.randint(0, 60)))
    return b" RETURN (" + b" ".join(options) + b")"


def search(chance):
    return b"SEARCH" + returns(chance) + chance.choice([b"", b" CHARSET UTF-8"]) + b" ", program(chance)


SORT_KEYS = [b"ARRIVAL", b"CC", b"DATE", b"FROM", b"SIZE", b"SUBJECT", b"TO", b"DISPLAYFROM", b"DISPLAYTO"]


def sort(chance):
    criteria = b" ".join(chance.choice([b"", b"", b"REVERSE "]) + one
                         for one in chance.sample(SORT_KEYS, chance.randint(1, 3)))
    return b"SORT" + returns(chance) + b" (" + criteria + b") UTF-8 ", chance.choice([b"ALL", program(chance)])


def thread(chance):
    return b"THREAD " + chance.choice([b"REFERENCES", b"REFS", b"ORDEREDSUBJECT"]) + b" UTF-8 ", \
        chance.choice([b"ALL", b"ALL", program(chance)])


def command(chance):
    """What stands in front of a search program, and the program's tree."""
    uid = chance.choice([b"", b"UID "])
    front, tree = chance.choice([search, search, sort, thread])(chance)
    return uid + front, tree


# ---- both servers ----

@contextlib.contextmanager
def both(folder, maildir, imap):
    """ask(command): what each of them answers; SELECT has been done."""
    theirs = folder / "theirs"
    with imap() as session:
        session.wire.line()
        session.wire.ok("s", "SELECT INBOX")  # UIDs are given, for both
        session.wire.ok("u", "UNSELECT")
        shutil.copytree(maildir, theirs)
        for path in theirs.glob("linnet.*"):
            path.unlink()
        session.wire.ok("s", "EXAMINE INBOX")
        with dovecot.on_socketpair(folder, theirs) as other:
            other.wire.line()
            other.wire.ok("s", "EXAMINE INBOX")
            yield lambda text: [ask(wire, text) for wire in (session.wire, other.wire)]


def ask(wire, text):
    wire.send(b"t " + text + b"\r\n")
    lines = []
    while True:
        line = wire.response()
        if line.startswith(b"t "):
            return lines + [b" ".join(line.split()[:2])]
        lines.append(line)


def alike(answer):
    """What of an answer counts: its data, with sets written out and the items of ESEARCH in one order."""
    lines = [re.sub(rb"(\d+):(\d+)(?=[,)\s]|$)", written_out, line).rstrip() for line in answer
             if not line.startswith((b"* OK", b"* FLAGS"))]
    return [b" ".join(sorted(re.findall(rb"[A-Z]+ \([^)]*\)|[A-Z]+ [\d,]+|UID", line)))
            if line.startswith(b"* ESEARCH") else line for line in lines]


def written_out(found):
    first, last = sorted((int(found[1]), int(found[2])))
    return b",".join(b"%d" % n for n in range(first, last + 1))


needs_dovecot = pytest.mark.skipif(not dovecot.is_there(), reason="needs root and dovecot-imapd")


def numbers(answer):
    return {int(n) for n in answer[0].split()[2:]}


def contradicts_itself(ask_both, front, tree):
    """Dovecot 2.3 puts keys of one kind together that do not belong together, as in NOT (LARGER 9
    LARGER 3): then what it answers to each key alone is what counts, for both."""
    def alone(one):
        return numbers(ask_both(b"UID SEARCH " + one)[1])
    uids = found_by(tree, alone(b"ALL"), alone)
    told = b"UID " + b",".join(b"%d" % uid for uid in sorted(uids)) if uids else b"NOT ALL"
    ours, theirs = ask_both(front + told)
    return alike(ours) == alike(theirs) == alike(ask_both(front + written(tree))[0])


def differing(ask_both, commands):
    """(command, ours, theirs) of those that are answered otherwise"""
    found = []
    for front, tree in commands:
        text = front + written(tree)
        ours, theirs = ask_both(text)
        if alike(ours) != alike(theirs) and not contradicts_itself(ask_both, front, tree):
            found.append((text, ours, theirs))
    for text, ours, theirs in found[:8]:
        print(text, b"ours   " + b" ".join(ours)[:1500], b"theirs " + b" ".join(theirs)[:1500], sep="\n", end="\n\n")
    return found


@needs_dovecot
@pytest.mark.parametrize("dated", [True, False])
def test_generated_commands(folder, maildir, imap, monkeypatch, dated):
    """Messages without Date: are asked for no sent date: Dovecot takes the INTERNALDATE for it, but
    RFC 3501 s.6.4.4 has "Messages whose [RFC-2822] Date: header"."""
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.setitem(globals(), "DATES", DATES if dated else DATES[:3])
    chance = random.Random(SEED + dated)
    write(chance, maildir, dated)
    with both(folder, maildir, imap) as ask_both:
        for key_name in SORT_KEYS:  # Dovecot's sort IDs are of all messages, or not always in order
            ask_both(b"SORT (" + key_name + b") UTF-8 ALL")
        assert differing(ask_both, (command(chance) for _ in range(COUNT // 2))) == []
