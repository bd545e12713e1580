"""test_imap_list.py - LIST with options and CREATE with a use: RFC 5258, 5819, 6154, 8438; namespaces (N03, N20, N21)"""
import time

import pytest

import linnet

FRUIT = ["Fruit", "Fruit.Apple", "Fruit.Banana", "Tofu", "Vegetable", "Vegetable.Broccoli", "Vegetable.Corn"]
SLASH = "namespace inbox {\n inbox = yes\n separator = /\n}\n"
PREFIX = "namespace inbox {\n inbox = yes\n prefix = INBOX.\n}\n"


def subscribe(maildir, *names):
    (maildir / "subscriptions").write_text("V\t2\n\n" + "".join(n.replace(".", "\t") + "\n" for n in names))
    linnet.own(maildir)


@pytest.fixture
def listed(maildir, start):
    """listed(folders, subscribed, arguments): the LIST lines, without their first word."""
    def ask(folders, subscribed, *arguments, settings=None):
        linnet.make_maildir(maildir, *folders)
        subscribe(maildir, *subscribed)
        with start(settings=settings) as session:
            return [[line.decode()[len("* LIST "):] for line in session.wire.ok("a", f"LIST {text}")[:-1]]
                    for text in arguments]
    return ask


def test_RFC5258_s5_examples_2_to_6(listed):
    subscribed = ["INBOX", "Fruit.Banana", "Fruit.Peach", "Vegetable", "Vegetable.Broccoli"]
    two, three, four, five, six = listed(
        FRUIT, subscribed, '(SUBSCRIBED) "" "*"', '() "" "%" RETURN (CHILDREN)', '(REMOTE) "" "%" RETURN (CHILDREN)',
        '(REMOTE SUBSCRIBED) "" "*"', '(REMOTE) "" "*" RETURN (SUBSCRIBED)')
    assert two == [r'(\Subscribed) "." INBOX', r'(\Subscribed) "." Fruit.Banana',
                   r'(\NonExistent \Subscribed) "." Fruit.Peach', r'(\Subscribed) "." Vegetable',
                   r'(\Subscribed) "." Vegetable.Broccoli']
    assert three == [r'(\HasNoChildren) "." INBOX', r'(\HasChildren) "." Fruit', r'(\HasNoChildren) "." Tofu',
                     r'(\HasChildren) "." Vegetable']
    assert four == three and five == two
    assert six == [r'(\Subscribed) "." INBOX', '() "." Fruit', '() "." Fruit.Apple', r'(\Subscribed) "." Fruit.Banana',
                   '() "." Tofu', r'(\Subscribed) "." Vegetable', r'(\Subscribed) "." Vegetable.Broccoli',
                   '() "." Vegetable.Corn']


def test_RFC5258_s5_example_7(listed):
    got, = listed(["Drafts", "Sent.March2004", "Sent.December2003", "Sent.a.b", "x"], [],
                  '"" ("INBOX" "Drafts" "Sent.%")')
    # Sent.a exists by its child only: \\NonExistent \\HasChildren as in example 11
    assert got == ['() "." INBOX', '() "." Drafts', '() "." Sent.December2003', '() "." Sent.March2004',
                   r'(\NonExistent \HasChildren) "." Sent.a']


@pytest.mark.parametrize("folders, subscribed, arguments, wanted", [
    (["Foo", "Foo.Bar", "Foo.Baz", "Moo"], ["Foo.Baz"], '(SUBSCRIBED) "" "*"', [r'(\Subscribed) "." Foo.Baz']),
    (["Foo", "Foo.Bar", "Foo.Baz", "Moo"], ["Foo.Baz"], '(SUBSCRIBED) "" "%"', []),
    (["Foo", "Foo.Bar", "Foo.Baz", "Moo"], ["Foo.Baz"], '(SUBSCRIBED RECURSIVEMATCH) "" "%"',
     ['() "." Foo ("CHILDINFO" ("SUBSCRIBED"))']),
    (["Foo", "Foo.Bar", "Foo.Baz", "Moo"], ["Foo", "Foo.Baz"], '(SUBSCRIBED RECURSIVEMATCH) "" "%"',
     [r'(\Subscribed) "." Foo ("CHILDINFO" ("SUBSCRIBED"))']),
    (["Foo.Baz", "Moo"], ["Foo.Baz"], '(SUBSCRIBED RECURSIVEMATCH) "" "%"',
     [r'(\NonExistent \HasChildren) "." Foo ("CHILDINFO" ("SUBSCRIBED"))']),
    (["Foo", "Foo.Bar", "Moo"], [], '(SUBSCRIBED RECURSIVEMATCH) "" "%"', []),
    (["Foo", "Foo.Bar", "Moo"], ["Foo", "Moo"], '(SUBSCRIBED RECURSIVEMATCH) "" "%" RETURN (CHILDREN)',
     [r'(\HasChildren \Subscribed) "." Foo', r'(\HasNoChildren \Subscribed) "." Moo']),
])
def test_RFC5258_s5_example_8(listed, folders, subscribed, arguments, wanted):
    assert listed(folders, subscribed, arguments) == [wanted]


def test_RFC5258_s5_example_9(listed):
    folders = ["foo2", "foo2.bar1", "foo2.bar2", "baz2", "baz2.bar2", "baz2.bar22", "baz2.bar222", "eps2",
               "eps2.mamba", "qux2.bar2"]
    subscribed = ["foo2.bar1", "foo2.bar2", "baz2.bar2", "baz2.bar22", "baz2.bar222", "eps2", "eps2.mamba", "qux2.bar2"]
    got, = listed(folders, subscribed, '(RECURSIVEMATCH SUBSCRIBED) "" "*2"')
    assert sorted(got) == sorted([
        '() "." foo2 ("CHILDINFO" ("SUBSCRIBED"))', r'(\Subscribed) "." foo2.bar2', r'(\Subscribed) "." baz2.bar2',
        r'(\Subscribed) "." baz2.bar22', r'(\Subscribed) "." baz2.bar222',
        r'(\Subscribed) "." eps2 ("CHILDINFO" ("SUBSCRIBED"))', r'(\Subscribed) "." qux2.bar2'])


def test_RFC5258_s5_examples_10_and_11(listed):
    a1, a2, a3 = listed(["foo"], ["foo.bar"], '"" ("foo" "foo.*")', '(SUBSCRIBED) "" "foo.*"',
                        '(SUBSCRIBED RECURSIVEMATCH) "" foo RETURN (CHILDREN)')
    assert a1 == ['() "." foo']
    assert a2 == [r'(\NonExistent \Subscribed) "." foo.bar']
    assert a3 == [r'(\HasNoChildren) "." foo ("CHILDINFO" ("SUBSCRIBED"))']


def test_RFC5258_s5_example_11(listed):
    one, two, three = listed(["music.rock"], [], '(REMOTE) "" *.*', '() "" m%', '"" (m% music.rock)')
    assert one == ['() "." music.rock'] and two == [r'(\NonExistent \HasChildren) "." music']
    assert three == two + one


def test_RFC5258_s3_an_empty_pattern_among_others_is_nothing(listed):
    one, two, three = listed(["a"], [], '"" ("" a)', '() "" ""', '() a ""')
    assert one == ['() "." a'] and two == [] and three == []


def test_RFC5819_s3_examples(maildir, start):
    linnet.make_maildir(maildir, "foo", "bar.x")
    linnet.fill(maildir, 3)
    linnet.fill(maildir, 2, folder="foo", flags="S")
    subscribe(maildir, "INBOX", "foo.gone")
    with start() as session:
        session.wire.transcript(r"""
            C: A01 LIST "" % RETURN (STATUS (MESSAGES UNSEEN))
            S: * LIST () "." INBOX
            S: * STATUS INBOX (MESSAGES 3 UNSEEN 3)
            S: * LIST (\NonExistent \HasChildren) "." bar
            S: * LIST () "." foo
            S: * STATUS foo (MESSAGES 2 UNSEEN 0)
            S: A01 OK List completed.
            C: A02 LIST (SUBSCRIBED RECURSIVEMATCH) "" % RETURN (STATUS (MESSAGES))
            S: * LIST (\Subscribed) "." INBOX
            S: * STATUS INBOX (MESSAGES 3)
            S: * LIST () "." foo ("CHILDINFO" ("SUBSCRIBED"))
            S: A02 OK List completed.
            C: A03 LIST "" % RETURN (STATUS (MESSAGES) STATUS)
            S: A03 BAD …
        """)


def test_RFC8438_RFC9208_STATUS_items(maildir, start):
    octets = sum(len(linnet.SIMPLE % (n, n, n)) for n in (1, 2))
    linnet.fill(maildir, 2, flags="T")
    with start() as session:
        session.wire.transcript(r"""
            C: a STATUS INBOX (SIZE DELETED DELETED-STORAGE MAILBOXID APPENDLIMIT HIGHESTMODSEQ)
            S~: \* STATUS INBOX \(HIGHESTMODSEQ \d+ DELETED 2 SIZE {o} DELETED-STORAGE {o} MAILBOXID \(\w+\) APPENDLIMIT \d+\)
            S: a OK Status completed.
            C: b STATUS INBOX (SIZES)
            S: b BAD Error in IMAP command STATUS: no such status item.
        """, o=octets)


def test_RFC6154_s5_examples(start):
    with start() as session:
        session.wire.transcript(r"""
            C: t1 CREATE MyDrafts (USE (\Drafts))
            S: t1 OK [MAILBOXID (…)] Create completed.
            C: t2 CREATE Everything (USE (\All))
            S: t2 NO [USEATTR] No mailbox can be used for \All here.
            C: t3 CREATE Both (USE (\Sent \Archive))
            S: t3 OK …
            C: t4 LIST "" "%" RETURN (SPECIAL-USE)
            S: * LIST () "." INBOX
            S: * LIST (\Sent \Archive) "." Both
            S: * LIST (\Drafts) "." MyDrafts
            S: t4 OK List completed.
            C: t5 LIST (SPECIAL-USE) "" *
            S: * LIST (\Sent \Archive) "." Both
            S: * LIST (\Drafts) "." MyDrafts
            S: t5 OK List completed.
            C: t6 RENAME MyDrafts Brouillons
            S: t6 OK …
            C: t7 LIST (SPECIAL-USE) "" Br*
            S: * LIST (\Drafts) "." Brouillons
            S: t7 OK List completed.
            C: t8 GETMETADATA Brouillons /private/specialuse
            S: * METADATA Brouillons (/private/specialuse "\\Drafts")
            S: t8 OK …
            C: t9 SETMETADATA Brouillons (/private/specialuse NIL)
            S: t9 OK …
            C: ta LIST (SPECIAL-USE RECURSIVEMATCH) "" %
            S: * LIST (\Sent \Archive) "." Both
            S: ta OK …
        """)


def test_boxes_of_the_settings_are_made_and_subscribed(maildir, start):
    settings = ("namespace inbox {\n inbox = yes\n separator = /\n"
                " mailbox Sent {\n  special_use = \\Sent\n  auto = subscribe\n }\n"
                " mailbox a/b {\n  special_use = \\Archive\n  auto = create\n }\n"
                " mailbox Junk {\n  special_use = \\Junk\n }\n}\n")
    with start(settings=settings) as session:
        session.wire.transcript(r"""
            C: a LIST "" * RETURN (SUBSCRIBED SPECIAL-USE)
            S: * LIST () "/" INBOX
            S: * LIST (\Subscribed \Sent) "/" Sent
            S: * LIST (\NonExistent \HasChildren) "/" a
            S: * LIST (\Archive) "/" a/b
            S: a OK …
            C: b UNSUBSCRIBE Sent
            S: b OK …
            C: c DELETE a/b
            S: c OK …
        """)
    with start(settings=settings) as session:  # what is there is left as it is, what is gone comes again
        session.wire.transcript(r"""
            C: a LIST "" * RETURN (SUBSCRIBED)
            S: * LIST () "/" INBOX
            S: * LIST () "/" Sent
            S: * LIST (\NonExistent \HasChildren) "/" a
            S: * LIST () "/" a/b
            S: a OK …
        """)


@pytest.mark.parametrize("name", ["a.b", "a/b.c/d", "x\\\\y", "x\\\\2ey", "&AOk-.&AOk-/z", ".", "a/.", "INBOX/x.y"])
def test_N03_names_below_a_slash(maildir, start, name):
    """Every dot and backslash is \\2e and \\5c on disk; two names never meet in one folder."""
    with start(settings=SLASH) as session:
        answer = session.wire.command("a", f'CREATE "{name}"')
        if name.split("/")[-1] in (".", ".."):
            assert answer[-1].startswith(b"a NO [CANNOT]")
            return
        assert answer[-1].startswith(b"a OK"), answer
        shown = [line.split(b'"/" ', 1)[1] for line in session.wire.ok("b", 'LIST "" *')[:-1] if b"Noselect" not in line]
        assert len(shown) == 2 and shown[0] == b"INBOX"
        for command in (b"STATUS %s (MESSAGES)", b"SELECT %s", b"SUBSCRIBE %s", b"RENAME %s q", b"RENAME q %s", b"DELETE %s"):
            text = command % shown[1] if b"%s" in command else command
            assert session.wire.command("c", text)[-1].startswith(b"c OK"), text
        assert not [p.name for p in maildir.iterdir() if p.name.startswith(".") and p.name != ".INBOX"]


def test_separator_and_prefix_as_other_servers_have_them(maildir, start):
    linnet.make_maildir(maildir, "Sent", "a.b", "x\\2ey")
    with start(settings=SLASH) as session:
        session.wire.transcript(r"""
            C: a NAMESPACE
            S: * NAMESPACE (("" "/")) NIL NIL
            S: a OK …
            C: b LIST "" *
            S: * LIST (\HasNoChildren) "/" INBOX
            S: * LIST (\HasNoChildren \Sent) "/" Sent
            S: * LIST (\Noselect \HasChildren) "/" a
            S: * LIST (\HasNoChildren) "/" a/b
            S: * LIST (\HasNoChildren) "/" x.y
            S: b OK …
            C: c LIST "" %/%
            S: * LIST (\HasNoChildren) "/" a/b
            S: c OK …
            C: d LIST "" ""
            S: * LIST (\Noselect) "/" ""
            S: d OK …
        """)
    with start(settings=PREFIX) as session:
        session.wire.transcript(r"""
            C: a NAMESPACE
            S: * NAMESPACE (("INBOX." ".")) NIL NIL
            S: a OK …
            C: b LIST "" %
            S: * LIST (\HasChildren) "." INBOX
            S: b OK …
            C: c LIST INBOX. %
            S: * LIST (\HasNoChildren \Sent) "." INBOX.Sent
            S: * LIST (\Noselect \HasChildren) "." INBOX.a
            S: * LIST (\HasNoChildren) "." "INBOX.x\\2ey"
            S: c OK …
            C: d CREATE outside
            S: d NO [CANNOT] Mailbox name must begin with INBOX.
            C: e CREATE inbox.new
            S: e OK …
            C: f STATUS INBOX.new (MESSAGES)
            S: * STATUS INBOX.new (MESSAGES 0)
            S: f OK …
            C: g SELECT INBOX.INBOX
            S: g NO [CANNOT] INBOX is no mailbox below itself
            C: h SUBSCRIBE INBOX.Sent
            S: h OK …
            C: i LSUB "" %
            S: * LSUB (\Noselect) "." INBOX
            S: i OK …
            C: j LSUB "" *
            S: * LSUB () "." INBOX.Sent
            S: j OK …
        """)


def test_N05_INBOX_has_children_whatever_sorts_before_them(maildir, start):
    linnet.make_maildir(maildir, "AA", "INBOX.x")
    with start() as session:
        assert session.wire.ok("a", 'LIST "" *')[0] == rb'* LIST (\HasChildren) "." INBOX'


@pytest.mark.parametrize("text, why", [
    ('LIST (RECURSIVEMATCH) "" *', "RECURSIVEMATCH needs another"), ('LIST (REMOTE RECURSIVEMATCH) "" *', "RECURSIVEMATCH needs"),
    ('LIST (NOTHING) "" *', "no such LIST option"), ('LIST "" * RETURN (MYRIGHTS)', "no such LIST option"),
    ('LIST "" ()', "expected a mailbox pattern"), ('LIST "" * RETURN (STATUS ())', "expected a word"),
    ('LIST "" (' + " ".join(["a"] * 1001) + ")", "too many mailbox patterns"),
    ('LIST (SUBSCRIBED "" *', "unexpected|expected"), ('LIST "" * RETURN CHILDREN', r"expected \("),
])
def test_N21_wrong_options(start, text, why):
    with start() as session:
        session.wire.transcript(rf"""
            C: a {text}
            S~: a BAD Error in IMAP command LIST: .*({why}).*
        """)


def test_N21_a_thousand_patterns_and_a_vanished_box(maildir, start):
    linnet.make_maildir(maildir, *[f"f{n}" for n in range(300)])
    with start() as session:
        begin = time.monotonic()
        session.wire.ok("a", 'LIST "" (' + " ".join(f"*{n}%x*y" for n in range(1000)) + ")")
        assert time.monotonic() - begin < 10
        (maildir / ".f7" / "cur").rename(maildir / ".f7" / "not-cur")
        answers = session.wire.ok("b", 'LIST "" f% RETURN (STATUS (MESSAGES))')
        assert len(answers) == 2 * 299 + 1


LIST_DIALOGUE = r"""
    C: a CREATE "x y" (USE (\Junk))
    S: a OK …
    C: b LIST (SUBSCRIBED RECURSIVEMATCH) "" ("%" {1+}
    C: *) RETURN (CHILDREN STATUS (MESSAGES) SPECIAL-USE)
    S: b OK …
    C: c SETMETADATA "x y" (/private/comment {3+}
    C: abc /shared/comment "q")
    S: c OK …
    C: d GETMETADATA (DEPTH 1) "x y" (/private /shared)
    S: * METADATA …
    S: d OK …
    C: e NOTIFY SET (mailboxes ("x y" INBOX) (MessageNew MessageExpunge))
    S: e OK …
    C: f NOTIFY NONE
    S: f OK …
"""


def test_N_in_four_modes(start, maildir):
    with start() as session:
        session.wire.ok("a", 'CREATE "x y"')
        session.wire.ok("a", 'DELETE "x y"')

    def fresh(**how):
        for name in maildir.glob(".x*"):
            linnet.shutil.rmtree(name)
        return start(**how)
    linnet.run_modes(fresh, LIST_DIALOGUE, splits=16)
    linnet.glued(fresh, LIST_DIALOGUE)


def test_L12_ten_thousand_folders(maildir, start):
    """LIST with everything, warm: below a second of CPU."""
    if linnet.is_sanitized():
        pytest.skip("a sanitizer's time says nothing")
    count = int(linnet.os.environ.get("LINNET_FOLDERS", "1000"))
    linnet.make_maildir(maildir, *[f"top{n % 100}.f{n}" for n in range(count)])
    subscribe(maildir, *[f"top{n % 100}.f{n}" for n in range(0, count, 2)])
    command = 'LIST "" * RETURN (STATUS (MESSAGES UNSEEN) SUBSCRIBED SPECIAL-USE)'
    with start(timeout=300) as session:
        session.wire.ok("a", command)
        before = linnet.cpu_seconds(session.pid)
        answers = session.wire.ok("b", command)
        assert sum(b"* STATUS" in a for a in answers) == count + 1
        assert linnet.cpu_seconds(session.pid) - before < 1.0 * max(count, 2000) / 10000
