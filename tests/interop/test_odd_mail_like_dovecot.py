"""test_odd_mail_like_dovecot.py - generated strange mail: FETCH and SEARCH as Dovecot 2.3 answers them

Where we differ on purpose the reason stands in TRAITS and SEARCHES_DIFFER; a reason that no message
shows any more fails the test.
"""
import random
import re
import shutil

import pytest

import dovecot
import linnet
import odd_mail
import test_fetch_like_dovecot as fetch

pytestmark = pytest.mark.skipif(not dovecot.is_there(), reason="needs root and dovecot-imapd")
MESSAGES = 600

TRAITS = {  # of odd_mail: why the two differ
    "untyped message": "body-fld-id and the rest are the fields' values, also where Content-Type has its default "
                       "(RFC 3501 s.7.4.2, RFC 2045 s.5.2); Dovecot leaves them out then",
    "empty part": "the delimiting blank line is part of the header (RFC 3501 s.6.4.5), not of the boundary behind it",
    "end behind end": "the line end in front of a boundary is the boundary's, also behind an inner one (RFC 2046 s.5.1.1)",
    "empty parameter": "one ';' too many hides no parameter; RFC 2045 s.5.1 does not know it",
    "folded at once": "blanks around a field's value are not part of it (RFC 5322 s.3.6.4)",
    "order of parameters": "it is not significant (RFC 2045 s.5.1): ours is the message's",
    "field twice": "a field may come once (RFC 5322 s.3.6): the first counts",
    "folded with a tab": "unfolding removes the CRLF only (RFC 5322 s.2.2.3)",
}

SEARCHES = [
    'TEXT needle', 'TEXT NEEDLE', 'TEXT nee', 'TEXT signature', 'BODY "hello world"', 'BODY hello', 'BODY xyz', 'BODY aGVs',
    'BODY "soft \u00e9"', 'BODY =3D', 'BODY "two lines"', 'BODY "blank in"', 'BODY bare', 'BODY preamble', 'BODY epilogue',
    'BODY wwwwwwwwwwww', 'TEXT id@x', 'TEXT a@b', 'TEXT =?utf-8', 'TEXT "x: "', 'TEXT "from: a"', 'TEXT plain', 'TEXT Mon',
    'SUBJECT needle', 'SUBJECT "\u00e9 needle"', 'SUBJECT "fol ded"', 'SUBJECT ab', 'SUBJECT ""', 'SUBJECT =?',
    'HEADER X-Long ""', 'HEADER X-Long vvvv', 'HEADER References "<a@b> <c@d>"', 'HEADER Received "by b"',
    'HEADER Content-Type plain', 'FROM J\u00f6', 'FROM "Q, "', 'FROM q@r', 'TO a@b', 'CC empty', 'BCC u@', 'FROM name',
    'SENTON 1-Jan-2024', 'SENTSINCE 1-Jan-2024', 'LARGER 1000', 'SMALLER 300', 'OR TEXT needle SUBJECT plain',
    'NOT TEXT e', '1:100 TEXT needle NOT SUBJECT plain', 'UID 1:200 (BODY hello) (BODY xyz)',
]
SEARCHES_DIFFER = {  # search: who finds more, and why
    'BODY filename': ("ours", "the header of a part stands in the body of the message (RFC 3501 s.6.4.4)"),
    'BODY "content-type"': ("ours", "the same"),
    'FROM only': ("ours", "a comment in front of an address is in its field, if not in the envelope"),
    'SENTBEFORE 1-Jan-2025': ("theirs", "a message without a date was not sent on any day (RFC 3501 s.6.4.4)"),
}


class Session:
    """SEARCH on one side, with the last string as a literal where it is not ASCII."""

    def __init__(self, wire):
        self.wire, self.count = wire, 0
        wire.ok("s", "SELECT INBOX")

    def search(self, keys):
        self.count += 1
        tag = f"q{self.count}"
        line = f"SEARCH {keys}".encode()
        if not keys.isascii():
            head, text = re.fullmatch(r'(.*?) "?([^"]*)"?', keys).groups()
            line = f"SEARCH CHARSET UTF-8 {head} {{{len(text.encode())}+}}\r\n{text}".encode()
        self.wire.send(tag.encode() + b" " + line + b"\r\n")
        answers = self.wire.until_tag(tag)
        assert answers[-1].startswith(f"{tag} OK".encode()), (keys, answers[-1])
        return {int(number) for number in answers[0].split()[2:]}

    def fetch(self, item):
        self.count += 1
        found = {}
        for answer in self.wire.ok(f"f{self.count}", f"FETCH 1:* ({item})")[:-1]:
            number = re.match(rb"\* (\d+) FETCH ", answer)
            if number:
                found[int(number[1])] = fetch.alike(answer)
        return found


@pytest.fixture
def both(folder, maildir, imap):
    """(their session, our session, [(message, trait)]) on copies of the same Maildir."""
    made = odd_mail.make(MESSAGES)
    fetch.write(maildir, dict(enumerate(message for message, _ in made)))
    theirs = folder / "theirs"
    shutil.copytree(maildir, theirs)
    conf = folder / "dovecot.conf"
    (folder / "run").mkdir()
    conf.write_text(dovecot.CONF.format(base=folder, mail=theirs, uid=linnet.UID, gid=linnet.GID))
    linnet.own(folder)
    with linnet.spawn_on_socketpair([dovecot.IMAP, "-c", conf], identity=linnet.as_mail_user(),
                                    env={"USER": "someone", "HOME": str(folder), "PATH": "/usr/bin:/bin"}) as other:
        with imap() as session:
            other.wire.line()
            session.wire.line()
            yield Session(other.wire), Session(session.wire), made


def partials():
    """Pieces of sections, at places that lie between CR and LF and behind the end too."""
    chance = random.Random(1)
    sections = ["", "TEXT", "HEADER", "1", "2", "1.MIME", "2.TEXT", "HEADER.FIELDS (From Subject)"]
    return [f"BODY.PEEK[{chance.choice(sections)}]<{chance.choice([0, 1, 7, 40, 200, 5000])}.{chance.choice([1, 2, 33, 4000])}>"
            for _ in range(20)]


def test_fetch(both):
    theirs, ours, made = both
    differing = set()
    for item in fetch.ITEMS + partials():
        expected, got = theirs.fetch(item), ours.fetch(item)
        if "[" not in item or "FIELDS (" in item:
            assert ours.fetch(item) == got  # from the cache now
        assert len(got) == MESSAGES and got.keys() == expected.keys()
        for number in got:
            if got[number] == expected[number] or fetch.is_part_of_leaf(item, got[number]):
                continue
            message, trait = made[number - 1]
            assert trait in TRAITS, f"{item}\n{message}\n{expected[number]}\n{got[number]}"
            differing.add(trait)
    assert differing == set(TRAITS)


def test_search(both):
    theirs, ours, _ = both
    for keys in SEARCHES:
        assert ours.search(keys) == theirs.search(keys), keys
    for keys, (more, why) in SEARCHES_DIFFER.items():
        found = {"ours": ours.search(keys), "theirs": theirs.search(keys)}
        less = "theirs" if more == "ours" else "ours"
        assert found[less] < found[more], f"{keys}: {why}"
