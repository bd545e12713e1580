"""test_list_like_dovecot.py - the same Maildir, the same LIST and LSUB, asked of Dovecot 2.3 and of us

Answers are compared without order, of lines and of attributes.  What may differ:
* RFC 5258 s.5 example 11: a parent that only its children imply is \\NonExistent \\HasChildren here in
  every extended LIST; Dovecot says \\HasChildren only with RETURN (CHILDREN).
* RFC 5258 s.5 example 10: a parent that only subscribed names imply has no children that exist;
  Dovecot says \\HasChildren.
* RFC 5258 s.6: CHILDINFO may stand with or without quotes.
* RFC 5258 s.3.3: a parent is told for what stands below it only where that matches no pattern;
  Dovecot also tells redundant ones, and leaves out some where a pattern has '*' in its middle.
"""
import os
import random
import re

import pytest

import dovecot
import linnet

FOLDERS = ["Fruit", "Fruit.Apple", "Fruit.Banana", "Tofu", "Veg.Corn", "Veg.Corn.Sweet", "Sent", "INBOX.x", "AA", "a-b",
           "a.b.c.d", "&AOk-t&AOk-", "Draft s", "x.y", "x.yy.z"]
SUBSCRIBED = ["INBOX", "Fruit.Banana", "Fruit.Peach", "Veg", "Gone.Deep.Down", "Tofu", "x.yy.z", "a.b.c.d", "Sent"]
PARTS = ["*", "%", "Fruit", "x", "y", "a", "b", ".", ".", "Veg", "INBOX", "inbox", "e", "&AOk-", "*", "%", "Corn", "n"]


def commands(count, seed=5258):
    dice = random.Random(seed)
    for _ in range(count):
        patterns = ['"' + "".join(dice.choice(PARTS) for _ in range(dice.randint(1, 4))) + '"' for _ in range(dice.choice([1, 1, 2, 3]))]
        reference = dice.choice(['""'] * 5 + ["Fruit.", "x", "a.b.", "\"Veg.%.\""])
        if dice.random() < 0.2:
            yield f"LSUB {reference} {patterns[0]}"
            continue
        select = [o for o in ("SUBSCRIBED", "REMOTE", "SPECIAL-USE") if dice.random() < 0.25]
        if "SUBSCRIBED" in select and dice.random() < 0.5:
            select.append("RECURSIVEMATCH")
        give = [o for o in ("SUBSCRIBED", "CHILDREN", "SPECIAL-USE", "STATUS (MESSAGES UNSEEN)") if dice.random() < 0.3]
        yield ("LIST " + (f"({' '.join(select)}) " if select or dice.random() < 0.2 else "") + reference + " "
               + (f"({' '.join(patterns)})" if len(patterns) > 1 else patterns[0])
               + (f" RETURN ({' '.join(give)})" if give else ""))


def normal(lines):
    found = {}
    for line in lines:
        if line.startswith("* STATUS"):
            found["STATUS " + line.split()[2].strip('"')] = frozenset([line.replace('"', "")])
            continue
        m = re.fullmatch(r'\* (LIST|LSUB) \((.*?)\) "\." ("[^"]*"|\S+)( \(.*\))?', line)
        assert m, line
        flags = set(m[2].split()) - {"\\Marked", "\\UnMarked"}  # a server may leave them out (RFC 3501 s.7.2.2)
        if "\\NonExistent" in flags:
            flags -= {"\\HasChildren", "\\HasNoChildren"}
        if m[1] == "LSUB":
            flags.discard("\\Sent")  # RFC 6154 s.2 lets LSUB tell uses; Dovecot does with some patterns
        if m[4]:
            flags.add("CHILDINFO")
        found[m[3].strip('"')] = frozenset(flags)
    return found


def may_differ(command, name, ours, theirs):
    """A line that only one of the two has, by the last sentence above."""
    if not ("RECURSIVEMATCH" in command or command.startswith("LSUB")):
        return False
    only = ours if theirs is None else theirs if ours is None else None
    return only is not None and not only & {"\\Subscribed"}


def test_LIST_and_LSUB_as_Dovecot_answers_them(maildir, folder, start, monkeypatch):
    if not dovecot.is_there():
        pytest.skip("needs root and Dovecot 2.3")
    linnet.make_maildir(maildir, *FOLDERS)
    linnet.fill(maildir, 2, folder="Fruit", flags="S")
    linnet.fill(maildir, 3, folder="x.y")
    (maildir / "subscriptions").write_text("V\t2\n\n" + "".join(n.replace(".", "\t") + "\n" for n in SUBSCRIBED))
    linnet.own(maildir)
    monkeypatch.setattr(dovecot, "CONF", dovecot.CONF.replace(
        "  inbox = yes\n", "  inbox = yes\n  mailbox Sent {{\n    special_use = \\Sent\n  }}\n"))
    asked = list(commands(int(os.environ.get("LINNET_LISTS", "600"))))
    other = dovecot.Imap(folder, maildir)
    theirs = [normal(other(command)[0]) for command in asked]
    other.close()
    wrong = []
    with start() as session:
        for command, wanted in zip(asked, theirs):
            got = normal(line.decode() for line in session.wire.ok("a", command)[:-1])
            for name in set(got) | set(wanted):
                if got.get(name) != wanted.get(name) and not may_differ(command, name, got.get(name), wanted.get(name)):
                    wrong.append((command, name, "Dovecot:", sorted(wanted.get(name) or ["-"]), "we:", sorted(got.get(name) or ["-"])))
    assert not wrong, "\n".join(map(str, wrong[:20]))
