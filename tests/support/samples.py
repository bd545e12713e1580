"""samples.py - a Maildir of varied, real-looking messages, the same on every run

Used by ./dev demo, by tests and benchmarks.  As a program: samples.py MAILDIR [UID GID]

Postfix writes LF line ends into a Maildir; so do these, except for a few with CRLF on purpose.
"""
import base64
import os
import pathlib
import quopri
import sys

ME = "Toto Dupont <toto@mondomaine.local>"
START = 1704700800  # Monday, 8 January 2024, 08:00 UTC


def date(n):
    """Date header of the n-th sample: about one every five hours."""
    seconds = START + n * 18013
    days, clock = divmod(seconds, 86400)
    year, month, day = civil(days)
    names = "Thu Fri Sat Sun Mon Tue Wed".split()
    months = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
    return (f"{names[days % 7]}, {day:02d} {months[month - 1]} {year} "
            f"{clock // 3600:02d}:{clock % 3600 // 60:02d}:{clock % 60:02d} +0000")


def civil(days):
    """Days since 1970 as (year, month, day)."""
    days += 719468
    era, day_of_era = divmod(days, 146097)
    year_of_era = (day_of_era - day_of_era // 1460 + day_of_era // 36524 - day_of_era // 146096) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    shifted = (5 * day_of_year + 2) // 153
    month = shifted + 3 if shifted < 10 else shifted - 9
    return year_of_era + era * 400 + (month <= 2), month, day_of_year - (153 * shifted + 2) // 5 + 1


def word(text):
    """A header text as RFC 2047 wants it."""
    if text.isascii():
        return text
    return "=?UTF-8?B?" + base64.b64encode(text.encode()).decode() + "?="


def address(text):
    name, _, rest = text.partition(" <")
    return f"{word(name)} <{rest}" if rest else text


def headers(n, sender, subject, to=ME, extra=""):
    return (f"Return-Path: <{sender.rpartition('<')[2].rstrip('>')}>\n"
            f"Delivered-To: toto@mondomaine.local\n"
            f"Received: from mx.example.net (mx.example.net [192.0.2.{n + 1}])\n"
            f"\tby mail.mondomaine.local (Postfix) with ESMTPS id 4T{n:05X}\n"
            f"\tfor <toto@mondomaine.local>; {date(n)}\n"
            f"Message-ID: <sample-{n}@mondomaine.local>\n"
            f"Date: {date(n)}\nFrom: {address(sender)}\nTo: {address(to)}\n"
            f"Subject: {word(subject)}\nMIME-Version: 1.0\n{extra}")


def plain(n, sender, subject, body, extra="", to=ME):
    """One text part: 7bit where it can be, otherwise UTF-8 in quoted-printable."""
    if body.isascii():
        head = "Content-Type: text/plain; charset=us-ascii\n"
        data = body.encode()
    else:
        head = "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n"
        data = quopri.encodestring(body.encode())
    return (headers(n, sender, subject, to, extra) + head + "\n").encode() + data


def encoded(data):
    text = base64.b64encode(data).decode()
    return "\n".join(text[at:at + 76] for at in range(0, len(text), 76)) + "\n"


def part(kind, data, more=""):
    """One MIME part: text in quoted-printable, everything else in base64."""
    if isinstance(data, str):
        body = quopri.encodestring(data.encode()).decode()
        return f"Content-Type: {kind}; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n{more}\n{body}"
    return f"Content-Type: {kind}\nContent-Transfer-Encoding: base64\n{more}\n{encoded(data)}"


def multipart(kind, boundary, *parts, parameters=""):
    body = "".join(f"--{boundary}\n{one}\n" for one in parts)
    return f"Content-Type: multipart/{kind}; boundary=\"{boundary}\"{parameters}\n\n{body}--{boundary}--\n"


def compound(n, sender, subject, structure, extra=""):
    return (headers(n, sender, subject, extra=extra) + structure).encode()


def both(n, sender, subject, text, html, extra=""):
    """Text and the same as HTML."""
    return compound(n, sender, subject, multipart(
        "alternative", f"alt_{n}", part("text/plain", text), part("text/html", html)), extra)


def attached(n, sender, subject, text, kind, name, data):
    """A text with one file."""
    return compound(n, sender, subject, multipart(
        "mixed", f"mixed_{n}", part("text/plain", text),
        part(f"{kind}; name=\"{name}\"", data, f"Content-Disposition: attachment; filename=\"{name}\"\n")))


PDF = (b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
       b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 100]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n")
PNG = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")
ICS = ("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//example//EN\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\n"
       "UID:meet-1@example.org\r\nDTSTART:20240115T090000Z\r\nDTEND:20240115T100000Z\r\nSUMMARY:Point hebdo\r\n"
       "END:VEVENT\r\nEND:VCALENDAR\r\n")

ALICE, BOB, CHLOE = "Alice Martin <alice@example.org>", "Bob Keller <bob@example.com>", "Chloé Lefèvre <chloe@example.fr>"
JUNKO, OLGA, LIST = "山田 純子 <junko@example.jp>", "Ольга Иванова <olga@example.ru>", "garden-club <garden@lists.example.org>"


def reply(n, to, *before):
    """Thread headers: to is the sample answered, before are its ancestors."""
    refs = " ".join(f"<sample-{b}@mondomaine.local>" for b in before + (to,))
    return f"In-Reply-To: <sample-{to}@mondomaine.local>\nReferences: {refs}\n"


def long_digest(count):
    return "".join(f"{n:3d}. Entry number {n} of this month's digest, with a few words to fill the line.\n"
                   for n in range(1, count + 1))


def inbox():
    """(message, flags or None for new/) of the INBOX, oldest first."""
    rows = [
        (plain(0, "postmaster@mondomaine.local", "Bienvenue", "Bonjour Toto,\n\nvotre boîte aux lettres est prête.\n"
               "Elle se lit en IMAP et en POP3.\n\n-- \nle postmaster\n"), "S"),
        (plain(1, ALICE, "Lunch on Thursday?", "Hi Toto,\n\nare you free for lunch on Thursday?\n\nAlice\n"), "RS"),
        (plain(2, BOB, "Re: Lunch on Thursday?", "Count me in.\n\nBob\n\n> are you free for lunch on Thursday?\n",
               reply(2, 1)), "S"),
        (plain(3, ALICE, "Re: Lunch on Thursday?", "Great: 12:30 at the usual place.\n", reply(3, 2, 1)), "S"),
        (plain(4, CHLOE, "Re: Lunch on Thursday?", "Je viens aussi, gardez-moi une chaise près de la fenêtre !\n\nChloé\n",
               reply(4, 1)), None),
        (both(5, "La Boulangerie <contact@boulangerie.example>", "Votre commande nº 1042 est prête",
              "Bonjour,\n\nvotre commande nº 1042 (2 galettes, 1 baguette) est prête.\nTotal : 14,50 €\n",
              "<html><body><h1>Commande nº 1042</h1><p>2 galettes, 1 baguette. <b>Total : 14,50 €</b></p></body></html>"), "S"),
        (attached(6, BOB, "Invoice January", "The invoice is attached.\n\nBob\n", "application/pdf", "invoice-2024-01.pdf", PDF), "FS"),
        (compound(7, CHLOE, "Photos du jardin 🌱", multipart(
            "mixed", "outer_7",
            multipart("related", "rel_7", multipart(
                "alternative", "alt_7", part("text/plain", "Voici les photos.\n"),
                part("text/html", "<p>Voici les photos : <img src=\"cid:rose@example.fr\"></p>")),
                part("image/png", PNG, "Content-ID: <rose@example.fr>\nContent-Disposition: inline\n")),
            part("image/png; name=\"tulipe.png\"", PNG, "Content-Disposition: attachment; filename=tulipe.png\n"))), None),
        (plain(8, JUNKO, "来週の会議について", "トト様\n\n来週の会議は水曜日の十時からです。\nよろしくお願いします。\n\n山田\n"), "S"),
        (plain(9, OLGA, "Отчёт за декабрь", "Здравствуйте!\n\nОтчёт за декабрь готов, пришлю завтра.\n\nОльга\n"), None),
        ((headers(10, "Dr. Müller <mueller@example.de>", "Termin") + "Content-Type: text/plain; charset=iso-8859-1\n"
          "Content-Transfer-Encoding: 8bit\n\n").encode()
         + "Grüße aus Köln, der Termin am Dienstag fällt aus.\n".encode("latin-1"), "S"),
        (plain(11, LIST, "[garden] Seeds to swap", "I have too many tomato seeds again. Who wants some?\n",
               "List-Id: <garden.lists.example.org>\nPrecedence: list\nReply-To: garden@lists.example.org\n",
               "garden@lists.example.org"), "S"),
        (plain(12, LIST, "Re: [garden] Seeds to swap", "Me, please! I offer basil.\n", "List-Id: <garden.lists.example.org>\n"
               + reply(12, 11), "garden@lists.example.org"), "S"),
        (plain(13, LIST, "Re: [garden] Seeds to swap", "Beans here.\n", "List-Id: <garden.lists.example.org>\n"
               + reply(13, 12, 11), "garden@lists.example.org"), "S"),
        (plain(14, LIST, "[garden] Seeds -> next meeting", "Shall we do the swap at the meeting?\n",
               "List-Id: <garden.lists.example.org>\n" + reply(14, 13, 11, 12), "garden@lists.example.org"), None),
        (compound(15, ALICE, "Invitation : point hebdo", multipart(
            "alternative", "cal_15", part("text/plain", "Point hebdo, lundi 10 h.\n"),
            "Content-Type: text/calendar; method=REQUEST; charset=utf-8\n\n" + ICS.replace("\r\n", "\n"))), "S"),
        (compound(16, BOB, "Fwd: Votre devis", multipart(
            "mixed", "fwd_16", part("text/plain", "See below.\n"),
            "Content-Type: message/rfc822\n\nFrom: Atelier <atelier@example.fr>\nTo: bob@example.com\n"
            "Subject: Votre devis\nDate: Fri, 5 Jan 2024 10:00:00 +0100\nMessage-ID: <devis-9@example.fr>\n"
            "MIME-Version: 1.0\n" + multipart("mixed", "in_16", part("text/plain", "Devis : 320 €\n"),
                                              part("application/pdf; name=devis.pdf", PDF)))), "S"),
        (compound(17, "MAILER-DAEMON@mail.mondomaine.local (Mail Delivery System)", "Undelivered Mail Returned to Sender", multipart(
            "report", "rep_17", part("text/plain", "I could not deliver your message to nobody@example.net.\n"),
            "Content-Type: message/delivery-status\n\nReporting-MTA: dns; mail.mondomaine.local\n\n"
            "Final-Recipient: rfc822; nobody@example.net\nAction: failed\nStatus: 5.1.1\n",
            "Content-Type: text/rfc822-headers\n\nFrom: toto@mondomaine.local\nSubject: test\n",
            parameters="; report-type=delivery-status")), "S"),
        (attached(18, CHLOE, "Compte rendu réunion", "Le compte rendu est joint.\n", "text/plain", "compte-rendu.txt",
                  "Décisions : on garde la date.\n".encode()), None),
        (plain(19, "System <root@web1.example.org>", "Cron <root@web1> /usr/local/bin/backup", "backup: 3 files changed\n",
               "Auto-Submitted: auto-generated\nX-Cron-Env: <SHELL=/bin/sh>\n"), "S"),
        (plain(20, LIST, "[garden] Monthly digest", long_digest(400), "List-Id: <garden.lists.example.org>\n"), "S"),
        (plain(21, "=?iso-8859-15?Q?Andr=E9_Petit?= <andre@example.fr>", "=?iso-8859-1?Q?R=E9union_d=E9plac=E9e?= au =?utf-8?B?w6l0w6k=?=",
               "La réunion est déplacée à l'été.\n"), None),
        ((headers(22, ALICE, "Names with parameters") + multipart("mixed", "=_odd boundary:22?", part("text/plain", "Two files.\n"),
          part("application/octet-stream", b"\x00\x01\x02" * 20, "Content-Disposition: attachment;\n"
               " filename*0*=utf-8''r%C3%A9sum%C3%A9%20;\n filename*1*=de%20l%27ann%C3%A9e.bin\n"))).encode(), "S"),
        (plain(23, "\"Shop, The Big One\" <offers@shop.example>", "Only today: 20% off everything!",
               "Buy now.\n", "List-Unsubscribe: <mailto:off@shop.example>\nX-Spam-Flag: NO\n"), "S"),
        (plain(24, "Team: alice@example.org, bob@example.com;", "A group as sender", "Groups are rare but legal.\n"), "S"),
        (plain(25, BOB, "", "A message without a subject.\n"), None),
        (b"Subject: nothing but a subject\n\n", "S"),
        (b"From: nobody\nnot a header line\nSubject: broken header\n\nThe line above has no colon.\n", "S"),
        ((headers(28, BOB, "Unfinished multipart") + "Content-Type: multipart/mixed; boundary=never\n\n--never\n"
          "Content-Type: text/plain\n\nThe last boundary never comes.\n").encode(), "S"),
        (plain(29, CHLOE, "Une très longue ligne de sujet pour voir comment les programmes la replient quand elle ne tient pas",
               "Court.\n"), "S"),
        (plain(30, ALICE, "With CRLF line ends", "This file was stored with CRLF.\nA dot follows:\n.\n..and two\n").replace(b"\n", b"\r\n"), "S"),
        (both(31, "Newsletter <news@example.com>", "This week in gardening", "Text version.\n" * 30,
              "<html><body>" + "<p>HTML version with an accent: é</p>" * 60 + "</body></html>",
              "List-Unsubscribe: <https://example.com/u>\n"), None),
        (plain(32, "אבי כהן <avi@example.il>", "שלום", "שלום לכולם\n"), "S"),
        (plain(33, ALICE, "Key rotation", "-----BEGIN PGP MESSAGE-----\n\nhQEMA0VGQUlMRUQ=\n=AbCd\n-----END PGP MESSAGE-----\n"), "FS"),
        (compound(34, BOB, "Signed", multipart(
            "signed", "sig_34", part("text/plain", "This text is signed.\n"),
            "Content-Type: application/pgp-signature; name=signature.asc\n\n-----BEGIN PGP SIGNATURE-----\n\niQEz\n"
            "-----END PGP SIGNATURE-----\n", parameters="; micalg=pgp-sha256; protocol=\"application/pgp-signature\"")), "S"),
        (attached(35, ALICE, "A larger file", "About 200 kB.\n", "application/octet-stream", "data.bin",
                  bytes(n * 7 % 251 for n in range(200000))), None),
    ]
    return rows


def folders():
    """{folder: [(message, flags)]} of the others."""
    sent = [plain(40 + n, ME, subject, body, to=to) for n, (to, subject, body) in enumerate([
        (ALICE, "Re: Lunch on Thursday?", "Yes, gladly!\n"),
        (CHLOE, "Re: Photos du jardin 🌱", "Elles sont superbes, merci.\n"),
        (BOB, "Re: Invoice January", "Paid today.\n")])]
    return {
        "Drafts": [(plain(50, ME, "Brouillon", "Pas encore fini…\n", to=ALICE), "DS")],
        "Sent": [(message, "S") for message in sent],
        "Trash": [(plain(55, "offers@shop.example", "Only yesterday", "Too late.\n"), "ST")],
        "Spam": [(plain(60 + n, f"winner{n}@spam.example", "You have WON", "Click here.\n") , None) for n in range(3)],
        "Archive": [(plain(70 + n, ALICE, f"Minutes of week {n + 1}", f"Week {n + 1}: nothing happened.\n"), "S")
                    for n in range(6)],
    }


def put(root, n, message, flags, uid, gid):
    """One file as Postfix would have named it, dated like its Date header."""
    when = START + n * 18013
    name = f"{when}.V801I{n:x}M{n * 997 % 1000000}.mail"
    path = root / "new" / name if flags is None else root / "cur" / f"{name}:2,{flags}"
    path.write_bytes(message)
    os.chown(path, uid, gid)
    os.utime(path, (when, when))


def write_maildir(path, uid=-1, gid=-1):
    """Make the Maildir with all folders; returns how many messages it holds."""
    path = pathlib.Path(path)
    content = {"": inbox()}
    content.update(folders())
    count = 0
    for folder, messages in content.items():
        root = path / ("." + folder) if folder else path
        for sub in ("", "cur", "new", "tmp"):
            (root / sub).mkdir(parents=True, mode=0o700, exist_ok=True)
            os.chown(root / sub, uid, gid)
        if folder:
            (root / "maildirfolder").touch(0o600)
            os.chown(root / "maildirfolder", uid, gid)
        for message, flags in messages:
            put(root, count, message, flags, uid, gid)
            count += 1
    subscriptions = path / "subscriptions"
    subscriptions.write_text("".join(f"{name}\n" for name in content if name))
    os.chown(subscriptions, uid, gid)
    return count


if __name__ == "__main__":
    numbers = [int(n) for n in sys.argv[2:4]]
    print(write_maildir(sys.argv[1], *numbers), "messages")
