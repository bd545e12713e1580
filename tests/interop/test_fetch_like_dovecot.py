"""test_fetch_like_dovecot.py - the same mail, the same FETCH, asked of Dovecot 2.3 and of us

Answers are compared after their form was made alike: literals as quoted strings, and
names of header fields in one case.  Where we differ on purpose the reason stands in DIFFERS.
"""
import re
import shutil

import pytest

import dovecot
import linnet
import samples

HEAD = "From: a@b\nSubject: s\n"
MIXED = HEAD + "Content-Type: multipart/mixed; boundary=b\n\n"

ITEMS = [
    "RFC822.SIZE BODY", "BODYSTRUCTURE", "ENVELOPE", "BODY.PEEK[]", "BODY.PEEK[HEADER] BODY.PEEK[TEXT]",
    "RFC822.HEADER", "BODY.PEEK[1]", "BODY.PEEK[1.MIME]", "BODY.PEEK[1.HEADER]", "BODY.PEEK[1.TEXT]",
    "BODY.PEEK[2]", "BODY.PEEK[2.MIME]", "BODY.PEEK[2.HEADER]", "BODY.PEEK[1.1]", "BODY.PEEK[2.1]",
    "BODY.PEEK[1.2.MIME]", "BODY.PEEK[HEADER.FIELDS (Subject X-Y \"From\")]",
    "BODY.PEEK[HEADER.FIELDS.NOT (Subject)]", "BODY.PEEK[]<2.3>", "BODY.PEEK[TEXT]<1.4>",
    "BODY.PEEK[HEADER]<3.100>", "BODY.PEEK[]<4294967295.1>", "BODY.PEEK[1]<1.2>",
    "BODY.PEEK[HEADER.FIELDS (From)] BODY.PEEK[HEADER.FIELDS (Subject X-Y)] ENVELOPE",
]
BINARY_ITEMS = ["BINARY.SIZE[1]", "BINARY.PEEK[1]", "BINARY.PEEK[2]", "BINARY.SIZE[2]", "BINARY.PEEK[1]<1.2>", "BINARY.PEEK[1.1]"]

MESSAGES = {
    "plain": HEAD + "\nbody\n",
    "CRLF": HEAD.replace("\n", "\r\n") + "\r\nbody\r\n",
    "no header": "\nbody",
    "empty header": "\n",
    "no body": HEAD + "To: x\n\n",
    "two parts": MIXED + "--b\n\none\n--b\n\ntwo\n--b--\n",
    "empty parts": MIXED + "--b\n--b\n\n--b\n\n\n--b--",
    "behind the end": MIXED + "--b--\n--b\n\nbehind\n",
    "no part": MIXED + "no part\n",
    "nothing": MIXED,
    "never closed": MIXED + "--b\n\none\n",
    "open at the end": MIXED + "--b\n\none\n--b\n",
    "preamble and epilogue": MIXED + "pre\n--b\n\none\n--b--\nepi\nlogue\n",
    "longer boundary line": MIXED + "--bfoo\n\none\n--b--\n",
    "blanks behind boundaries": MIXED + "--b \n\none\n--b-- \n",
    "blank lines before boundary": MIXED + "--b\n\none\n\n\n--b--\n",
    "digest": HEAD + "Content-Type: multipart/digest; boundary=b\n\n--b\n\nSubject: a\n\nA\n--b\n"
                     "Content-Type: text/html\n\nB\n--b\nX: y\n\nSubject: z\n\nZ\n--b--\n",
    "message": HEAD + "Content-Type: message/rfc822\n\nSubject: in\nTo: q@r\n\ntext\n",
    "empty message": HEAD + "Content-Type: message/rfc822\n\n",
    "message in multipart": MIXED + "--b\nContent-Type: message/rfc822\n\nSubject: in\n"
                                    "Content-Type: multipart/mixed; boundary=c\n\n--c\n\none\n--c--\n\n--b\n\ntwo\n--b--\n",
    "message cut in its header": MIXED + "--b\nContent-Type: message/rfc822\n\nSubject: in\n--b\n\ntwo\n--b--\n",
    "message/global": HEAD + "Content-Type: message/global\n\nSubject: in\n\ntext\n",
    "message/partial": HEAD + "Content-Type: message/partial; id=x; number=1\n\nSubject: in\n\ntext\n",
    "delivery status": HEAD + "Content-Type: message/delivery-status\n\nA: b\n\nC: d\n",
    "two types": HEAD + "Content-Type: text/html\nContent-Type: image/png\n\nx\n",
    "all fields": HEAD + "Content-Type: text/plain; charset=utf-8; format=flowed\n"
                         "Content-Transfer-Encoding: QUOTED-PRINTABLE\nContent-ID: <a@b>\n"
                         "Content-Description: a\n folded desc\nContent-MD5: abc\nContent-Language: en, fr\n"
                         "Content-Location: http://x\nContent-Disposition: attachment; filename=x.txt; size=3\n\nx\n",
    "name*": HEAD + "Content-Type: text/plain; name*=utf-8''%e2%82%ac\n\nx\n",
    "name*0": HEAD + "Content-Type: text/plain; name*0=abc; name*1=def\n\nx\n",
    "name*1": HEAD + "Content-Type: text/plain; name*1=abc; name*2=def\n\nx\n",
    "parameter without value": HEAD + "Content-Type: text/plain; charset\n\nx\n",
    "upper case": HEAD + "Content-Type: Text/Plain; Charset=UTF-8\n\nx\n",
    "signed": "Content-Type: multipart/signed; micalg=x; boundary=b\nContent-Disposition: inline; a=b\n"
              "Content-Language: de, en\nContent-Location: l\n\n--b\n\none\n--b--\n",
    "sender is nobody": "Sender: <>\nFrom: a@b\nReply-To:\n\nx\n",
    "many addresses": "From: a@b\nTo: a@b\nTo: c@d\nCc: x <y@z>, \"q, r\" <s@t>\nBcc: g: a@b;\n\nx\n",
    "8-bit": "Subject: caf\xe9\nFrom: caf\xe9 <a@b>\n\nx\n",
    "blank before colon": "Subject : blank\nFrom: a@b\n\nx\n",
    "mbox line": "From foo@bar Mon Jan 1 00:00:00 2020\nSubject: s\n\nx\n",
    "folded to nothing": "Subject: s\n \nTo: a@b\n\nx\n",
    "bare CR before CRLF": "A: b\r\r\n\nx\n",
    # what we read otherwise
    "boundary line without its end": MIXED + "--b\n\none\n--b",
    "header ends at a boundary": MIXED + "--b\nX: y\n--b--\n",
    "nested": MIXED + "--b\nContent-Type: multipart/alternative; boundary=bb\n\n--bb\n\ninner\n--bb--\n--b\n\nouter\n--b--\n",
    "nested never closed": MIXED + "--b\nContent-Type: multipart/alternative; boundary=c\n\n--c\n\ninner\n--b\n\nouter\n--b--\n",
    "no boundary": HEAD + "Content-Type: multipart/mixed\n\n--b\n\none\n--b--\n",
    "boundary with =": "Content-Type: multipart/mixed; boundary=a=b\n\n--a=b\n\none\n--a=b--\n",
    "type without subtype": HEAD + "Content-Type: text\n\nx\n",
    "unknown encoding": HEAD + "Content-Transfer-Encoding: x-foo\n\nx\n",
    "inline": HEAD + "Content-Disposition: inline\n\nx\n",
    "one language": HEAD + "Content-Language: en\n\nx\n",
    "tab in a folded field": "Subject: a\n\tb\nFrom: a@b\n\n",
    "twice": "From: a@b\nSubject: one\nSubject: two\n\nx\n",
    "no blank line": HEAD,
    "line without colon": "Subject: s\nnot a header\nFrom: a@b\n\nx\n",
    "NUL": "Subject: s\0t\nTo: a@b\n\nx\0\n",
    "obsolete blanks": "From: a . b @ c . d\n\nx\n",
    "semicolon for comma": "From: a@b; c@d\n\nx\n",
    "name without angle": "From: A a@b\n\nx\n",
    "angle not closed": "From: A <a@b\n\nx\n",
}
for n, value in enumerate([
        "group:;", "", "<>", "<@a,@b:c@d>", "foo", "foo bar", "foo@", "@bar", '"a b"@c', '"A, B" <a@b>',
        "a@b (Name)", "a@b (n (nested) x)", "g: a@b, c@d;", "g: a@b", "a@[1.2.3.4]", "=?utf-8?q?caf=C3=A9?= <a@b>",
        '"a\\"b" <a@b>', "a@b,c@d", "  a@b  ", 'A B <a@b>, "C" D <c@d>', "undisclosed-recipients:;", "<a@b>, <c>",
        "a,b", '"x" y "z" <a@b>', "J.Q. Public <a@b>", "a@b@c", "A (c1) B (c2) <a@b> (c3)", "<a>", '"q"', '"q"@',
        "=?x?= <a@b>", "g:a;, b@c", "<a@b>c@d", "first.last <a@b>", "A\tB <a@b>", "A   B <a@b>"]):
    MESSAGES[f"from {n}: {value}"] = f"Subject: s\nFrom: {value}\n\nx\n"

DIFFERS = {
    "boundary line without its end": "a delimiter at the end of the file begins a part, if an empty one (RFC 2046 s.5.1.1)",
    "header ends at a boundary": "the line end of a header's last field is the field's (RFC 5322 s.2.2)",
    "message cut in its header": "the same",
    "empty parts": "the same: a part's header is there when its blank line is",
    "nested": "the line end in front of a boundary is the boundary's, also behind an inner one (RFC 2046 s.5.1.1)",
    "message/global": "the message in it can be asked for as in a message/rfc822 (RFC 6532 s.3.7)",
    "no boundary": "what cannot be divided is application/octet-stream, so that it can be read (RFC 2046 s.4)",
    "boundary with =": "taken as it is written, though it should be quoted",
    "type without subtype": "TEXT/PLAIN stands for what is no type (RFC 2045 s.5.2)",
    "unknown encoding": "body-fld-enc is the field's value (RFC 3501 s.7.4.2)",
    "inline": "body-fld-dsp is the field's value, with or without parameters (RFC 3501 s.7.4.2)",
    "one language": "body-fld-lang likewise",
    "tab in a folded field": "unfolding removes the CRLF only (RFC 5322 s.2.2.3)",
    "twice": "a field may come once (RFC 5322 s.3.6): the first counts",
    "no blank line": "a message without a blank line has none in its subsets (RFC 3501 s.6.4.5)",
    "line without colon": "it is no field (RFC 5322 s.2.2)",
    "sample 27": "the same",
    "NUL": "NUL is 0x80 here, as in a body; Dovecot writes U+FFFD",
    "obsolete blanks": "obs-local-part and obs-domain have blanks around dots (RFC 5322 s.4.4)",
    "semicolon for comma": "the list goes on",
    "name without angle": "the last word is the local part",
    "angle not closed": "the domain is there all the same",
}

BINARY_DIFFERS = {
    "sample 7": "a multipart has no encoding of its own (RFC 2045 s.6.4): there is nothing to decode in it as a whole "
                "(RFC 3516 s.4.2); Dovecot rewrites the parts in it",
    "sample 16": "the same, of a message/rfc822",
    "sample 31": "the same",
}


def all_messages():
    """{name: bytes}: those above, and the sample mail of the demo."""
    found = {name: text.encode("latin-1") for name, text in MESSAGES.items()}
    found.update({f"sample {n}": message for n, (message, _) in enumerate(samples.inbox())})
    return found


def write(maildir, messages):
    for n, message in enumerate(messages.values()):
        path = maildir / "cur" / f"{1000000000 + n}.M1P1.host:2,S"
        path.write_bytes(message)
    linnet.own(maildir)


def quoted(answer):
    """The answer with each literal as a quoted string."""
    out, rest = b"", answer
    while rest:
        literal = re.match(rb"~?\{(\d+)\}\r\n", rest)
        string = re.match(rb'"(?:[^"\\]|\\.)*"', rest, re.S)
        if literal:
            body = rest[literal.end():literal.end() + int(literal[1])]
            out += b'"' + body.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'
            rest = rest[literal.end() + len(body):]
        elif string:
            out, rest = out + string[0], rest[string.end():]
        else:
            out, rest = out + rest[:1], rest[1:]
    return out


def alike(answer):
    """One form: field names in one case, quotes around them or not; Dovecot has "" for a part that is not there."""
    answer = re.sub(rb"FIELDS(\.NOT)? \(([^)]*)\)", lambda m: m[0].upper().replace(b'"', b""), quoted(answer))
    return re.sub(rb"(\[[0-9.]+(?:MIME|HEADER|TEXT)?\](?:<\d+>)?) NIL", rb'\1 ""', answer)


def is_part_of_leaf(item, ours):
    """Dovecot takes x.1 for x itself where x has no parts; RFC 3501 s.6.4.5 gives only a whole message a part 1."""
    return item in ("BODY.PEEK[1.1]", "BODY.PEEK[2.1]", "BINARY.PEEK[1.1]") and ours.endswith(b'] "")')


def ask_binary(wire, item, count):
    """{(item, number): answer}, one message after the other: one that cannot be decoded fails the whole command."""
    answers = {}
    for number in range(1, count + 1):
        got = wire.command("b", f"FETCH {number} ({item})")
        answers[item, number] = alike(got[0]) if got[-1].startswith(b"b OK") else got[-1].split(b"]")[0]
    return answers


def ask(wire):
    """{(item, number): answer} for all items."""
    answers = {}
    count = next(int(line.split()[1]) for line in wire.ok("s", "SELECT INBOX") if line.endswith(b" EXISTS"))
    for item in BINARY_ITEMS:
        answers.update(ask_binary(wire, item, count))
    for k, item in enumerate(ITEMS):
        for answer in wire.ok(f"f{k}", f"FETCH 1:* ({item})")[:-1]:
            number = re.match(rb"\* (\d+) FETCH ", answer)
            if number:
                answers[item, int(number[1])] = alike(answer)
    return answers


def ask_dovecot(folder, maildir):
    with dovecot.on_socketpair(folder, maildir) as session:
        session.wire.line()
        return ask(session.wire)


@pytest.mark.skipif(not dovecot.is_there(), reason="needs root and Dovecot's imapd")
def test_fetch_like_dovecot(folder, maildir, imap):
    messages = all_messages()
    names = list(messages)
    write(maildir, messages)
    theirs = folder / "theirs"
    shutil.copytree(maildir, theirs)
    expected = ask_dovecot(folder, theirs)
    with imap() as session:
        session.wire.line()
        ours = ask(session.wire)
    with imap() as session:
        session.wire.line()
        assert ask(session.wire) == ours  # from the cache
    assert len(ours) == len(ITEMS + BINARY_ITEMS) * len(messages)
    assert ours.keys() == expected.keys()
    pairs = {(names[number - 1], item): (expected[item, number], ours[item, number]) for item, number in ours}
    wrong = {key: pair for key, pair in pairs.items() if pair[0] != pair[1] and not is_part_of_leaf(key[1], pair[1])}
    assert {name for name, item in wrong if item in BINARY_ITEMS} - set(DIFFERS) == set(BINARY_DIFFERS)
    wrong = {key: pair for key, pair in wrong.items() if key[1] not in BINARY_ITEMS}
    differing = {name for name, _ in wrong}
    for (name, item), pair in wrong.items():
        if name not in DIFFERS:
            print(name, item, *pair, sep="\n", end="\n\n")
    assert differing == set(DIFFERS)
