"""odd_mail.py - generated messages whose MIME is allowed, strange or broken, the same on every run

make(count) gives [(message, trait)].  Most have no trait: whatever is odd in them, Dovecot and we
must read it alike.  A trait is one thing more, which the two may read differently.
"""
import random

TEXTS = ["", "one line\n", "no line end", "two\nlines\n", "\n\n", "-- \nsignature\n", "--\n", "--x y\n", " blank in front\n",
         "=3D=\nsoft =C3=A9 \n", "=ZZ =\n", "8-bit caf\xe9 \xc3\xa9\n", ".\n..\n", "From x\n", "tab\there\n", "long " + "w" * 3000 + "\n",
         "aGVsbG8gd29ybGQ=\n", "aGVs\nbG8gd29y bGQ=\nxyz\n", "bare\rCR\n", "needle in the hay\n", "N\xc3\xa9edle\n"]
TYPES = ["text/plain", "text/html; charset=utf-8", "Text/Plain; Charset=ISO-8859-1; format=flowed", "image/png; name=\"a b.png\"",
         "application/octet-stream", "text/plain; charset=\"us-ascii\"; x=\"quoted \\\"pair\\\" \"",
         "text/calendar; method=REQUEST; charset=UTF-8", "message/delivery-status", "message/external-body; access-type=x",
         "application/x; other=1; name*=utf-8'en'%e2%82%ac", "text/x; b=3; a*0=one; a*1=two", "text/plain;\n charset=utf-8;\n\tname=folded",
         "text/plain (comment); charset=(in) utf-8 (here)", "audio/basic;", "text/plain; charset=utf-8; x=y"]
ENCODINGS = ["7bit", "8bit", "BASE64", "quoted-printable", "Quoted-Printable", "binary"]
PARTS = ["Content-ID: <id@x>\n", "Content-Description: some text\n", "Content-Description: =?utf-8?q?caf=C3=A9?=\n",
         "Content-MD5: Q2hlY2sgSW50ZWdyaXR5IQ==\n", "Content-Disposition: attachment; filename=\"f.txt\"\n",
         "Content-Disposition: attachment;\n size=12; filename*=utf-8''%C3%A9.txt\n", "Content-Language: en, de\n",
         "Content-Location: http://x/y\n", "X-Other: z\n"]
PEOPLE = ["a@b", "A B <a@b.example>", "\"Q, \\\"R\\\" S\" <q@r>", "g: x@y, Z <z@z>;", "empty:;", "<@r1,@r2:u@h>", "u@[192.0.2.1]",
          "=?utf-8?q?J=C3=B6?= <j@x>", "(only) c@d (name)", "a@b, c@d", "caf\xe9 <e@f>", "very.long.local@sub.sub.example"]
FIELDS = ["Subject: plain\n", "Subject: =?utf-8?B?w6kgbmVlZGxl?=\n", "Subject: fol\n ded\n", "Subject: 8-bit \xe9\xc3\xa9\n",
          "Subject:\n", "Subject:    \n", "Subject: \"q\" \\b\n", "Subject:nospace\n", "Subject: =?x?y?z?= =?utf-8?q?a?= =?utf-8?q?b?=\n",
          "In-Reply-To: <a@b> <c@d>\n", "Message-ID: <m@i>\n", "Date: Mon, 1 Jan 2024 00:00:00 +0000\n", "Date: rubbish\n",
          "References: <a@b>\n <c@d>\n", "X-Long: " + "v" * 2000 + "\n", "Received: from a by b;\n\tMon, 1 Jan 2024 00:00:00 +0000\n"]
KINDS = ["mixed", "alternative", "digest", "related", "report; report-type=delivery-status", "MIXED", "signed; protocol=x; micalg=y"]


TRAITS = ["untyped message", "empty part", "end behind end", "empty parameter", "folded at once", "order of parameters",
          "field twice", "folded with a tab"]
SPECIAL = {  # for a part's header
    "empty parameter": "Content-Type: text/plain; charset=utf-8;; x=y\n",
    "folded at once": "Content-ID:\n <folded@x>\n",
    "order of parameters": "Content-Disposition: attachment; a*=utf-8''%C3%A9; size=12\n",
    "field twice": "Subject: one\nSubject: two\n",
    "folded with a tab": "Subject: fol\n\tded\n",
}


class Maker:
    def __init__(self, chance, trait):
        self.chance, self.count, self.trait = chance, 0, trait

    def maybe(self, share):
        return self.chance.random() < share

    def boundary(self):
        """Short ones, long ones, ones that begin another."""
        self.count += 1
        return self.chance.choice(["b{}", "b{}-", "=_{}.x", "b{}" + "y" * 60, "a b{}", "'({}+_,./:=?)"]).format(self.count)

    def header(self, content_type, is_message):
        lines = [f"Content-Type: {content_type}\n"] if content_type else []
        if self.trait == "untyped message":
            lines += self.chance.sample(PARTS, 2)
        elif content_type or not is_message:
            lines += self.chance.sample(PARTS, self.chance.choice([0, 0, 1, 2]))
        lines = list({line.split(":")[0]: line for line in lines}.values())
        if self.maybe(0.4) and (content_type or "").lower().startswith("text"):
            lines.append(f"Content-Transfer-Encoding: {self.chance.choice(ENCODINGS)}\n")
        self.chance.shuffle(lines)
        return "".join(lines)

    def leaf(self, depth, is_message):
        content_type = None if self.trait == "untyped message" else self.chance.choice(TYPES + [None])
        text = "".join(self.chance.choices(TEXTS, k=self.chance.choice([0, 1, 1, 3])))
        if depth > 0:
            text = "" if self.trait == "empty part" and self.maybe(0.5) else text + "last\n"
        if text and not content_type:
            text = "Subject: header in a digest\n\n" + text
        return self.header(content_type, is_message) + "\n" + text

    def multipart(self, depth):
        boundary, kind = self.boundary(), self.chance.choice(KINDS)
        lines = [f"Content-Type: multipart/{kind}; boundary=\"{boundary}\"\n"]
        lines += self.chance.sample(PARTS, self.chance.choice([0, 0, 1]))
        self.chance.shuffle(lines)
        body = self.chance.choice(["", "", "preamble\n", "pre\n\namble --x\n"])
        for _ in range(self.chance.choice([1, 2, 2, 3])):
            body += f"--{boundary}{self.chance.choice(['', '', '', ' ', chr(9)])}\n{self.entity(depth + 1, False)}"
            is_short = self.trait in ("end behind end", "empty part") and body.endswith("\n")
            body += "" if is_short else "\n"
        if self.maybe(0.85):
            body += f"--{boundary}--{self.chance.choice(['', '', ' '])}\n"
            body += self.chance.choice(["", "", "\n", "epilogue\n", "epi\nlogue"])
        return "".join(lines) + "\n" + body

    def message(self, depth):
        fields = self.chance.sample(FIELDS, self.chance.choice([0, 2, 4]))
        fields = list({field.split(":")[0]: field for field in fields}.values())
        fields += [f"{name}: {self.chance.choice(PEOPLE)}\n" for name in
                   self.chance.sample(["From", "Sender", "Reply-To", "To", "Cc", "Bcc"], self.chance.choice([1, 2, 4]))]
        if depth == 0 and self.trait in ("field twice", "folded with a tab"):
            fields = [f for f in fields if not f.startswith("Subject")] + [SPECIAL[self.trait]]
        self.chance.shuffle(fields)
        return "".join(fields) + self.entity(depth, True)

    def entity(self, depth, is_message):
        what = self.chance.random()
        if depth == 1 and self.trait in ("empty parameter", "folded at once", "order of parameters"):
            return SPECIAL[self.trait] + "\ntext\n"
        if depth > 4 or (what < 0.5 and not (depth == 0 and self.trait)) or self.trait == "untyped message":
            return self.leaf(depth, is_message)
        if what < 0.62:
            return "Content-Type: message/rfc822\n\n" + self.message(depth + 1)
        return self.multipart(depth)

    def line_ends(self, text):
        """LF as Postfix writes, CRLF, or a mix."""
        how = self.chance.choice(["lf", "lf", "crlf", "mixed"])
        if how == "lf":
            return text
        lines = text.split("\n")
        return "".join(line + ("\r\n" if how == "crlf" or self.maybe(0.5) else "\n") for line in lines[:-1]) + lines[-1]


def make(count):
    """Every fifth message has a trait, in turn."""
    found = []
    for n in range(count):
        trait = TRAITS[n // 5 % len(TRAITS)] if n % 5 == 4 else None
        maker = Maker(random.Random(n), trait)
        found.append((maker.line_ends(maker.message(0)).encode("latin-1"), trait))
    return found
