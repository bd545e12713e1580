"""test_roundcube.py - the webmail in a real browser: Roundcube under PHP, headless Chromium in front of it

log in, list, open, move, search, delete, write a draft: what is seen on the page is compared with the
Maildir behind it.
"""
import contextlib
import os
import pathlib
import shutil
import subprocess
import time

import pytest

import linnet
from mail_programs import USER, WORD, mail, messages, need

ROUNDCUBE = pathlib.Path("/var/lib/roundcube/public_html")
CONFIG = """<?php
$config['db_dsnw'] = 'sqlite:///{folder}/roundcube.db?mode=0600';
$config['imap_host'] = 'localhost:{port}';
$config['smtp_host'] = 'localhost:9';
$config['des_key'] = 'twentyfourcharacters1234';
$config['log_dir'] = '{folder}/logs/';
$config['temp_dir'] = '{folder}/temp/';
$config['plugins'] = [];
$config['language'] = 'en_US';
$config['create_default_folders'] = true;
$config['drafts_mbox'] = 'Drafts';
$config['trash_mbox'] = 'Trash';
$config['sent_mbox'] = 'Sent';
$config['refresh_interval'] = 60;
$config['enable_spellcheck'] = false;
$config['draft_autosave'] = 0;
"""
SECONDS = 30


@pytest.fixture(scope="module")
def server():
    with linnet.Server(services=("imap",)) as running:
        maildir = running.maildir(USER)
        for number in range(1, 8):
            linnet.deliver(maildir, mail(number))
        linnet.make_maildir(maildir / ".Archive")
        (maildir / "subscriptions").write_text("Archive\n")
        linnet.own(maildir)
        yield running


@pytest.fixture(scope="module")
def webmail(server):
    """Its URL."""
    assert ROUNDCUBE.is_dir(), "roundcube is not here: ./dev packages check"
    with linnet.temporary_folder() as folder:
        for name in ("config", "logs", "temp"):
            (folder / name).mkdir()
        for name in ("defaults.inc.php", "mimetypes.php"):
            shutil.copy(f"/etc/roundcube/{name}", folder / "config")
        (folder / "config" / "config.inc.php").write_text(CONFIG.format(folder=folder, port=server.ports["imap"]))
        port = linnet.free_port()
        with open(folder / "php.log", "wb") as log:
            php = subprocess.Popen([need("php"), "-S", f"127.0.0.1:{port}", "-t", str(ROUNDCUBE)], cwd=ROUNDCUBE,
                                   stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                                   env={**os.environ, "ROUNDCUBE_CONFIG_DIR": str(folder / "config")})
        try:
            linnet.wait_for(lambda: linnet.can_connect(port), "PHP's server")
            yield f"http://127.0.0.1:{port}/"
        finally:
            linnet.end(php)
        errors = folder / "logs" / "errors.log"
        assert not errors.exists(), errors.read_text()


@pytest.fixture(scope="module")
def page(webmail):
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service
    options = webdriver.ChromeOptions()
    for word in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--window-size=1400,1000",
                 "--no-proxy-server", "--disable-background-networking", "--disable-component-update"):
        options.add_argument(word)
    options.binary_location = need("chromium")
    browser = webdriver.Chrome(service=Service(need("chromedriver")), options=options)
    try:
        browser.set_page_load_timeout(SECONDS)
        yield Page(browser, webmail)
    finally:
        browser.quit()


class Page:
    """The browser, with what a user looks for."""

    def __init__(self, browser, url):
        self.browser, self.url = browser, url

    def find(self, selector):
        from selenium.common.exceptions import StaleElementReferenceException, WebDriverException

        def there():
            with contextlib.suppress(StaleElementReferenceException, WebDriverException):
                for one in self.browser.find_elements("css selector", selector):
                    if one.is_displayed():
                        return one
            return None
        linnet.wait_for(there, f"{selector} on the page", SECONDS, 0.2)
        return there()

    def subjects(self):
        script = ("return Array.from(document.querySelectorAll('#messagelist tbody tr'))"
                  ".filter(r => r.style.display != 'none')"
                  ".map(r => r.querySelector('span.subject a').textContent.trim())")
        return self.browser.execute_script(script)

    def wait_subjects(self, wanted):
        try:
            linnet.wait_for(lambda: sorted(self.subjects()) == sorted(wanted), f"the list {wanted}", SECONDS, 0.2)
        except linnet.Failure as failure:
            raise linnet.Failure(f"{failure}; it is {self.subjects()}") from None

    def ready(self):
        """No request of the page is under way."""
        linnet.wait_for(lambda: self.browser.execute_script("return typeof rcmail == 'object' && !rcmail.busy"),
                        "the page to be quiet", SECONDS, 0.1)

    def command(self, *words):
        """What the buttons call."""
        self.ready()
        self.browser.execute_script("rcmail.command.apply(rcmail, arguments)", *words)

    def do(self, subject, *words):
        """A command on one message, again until it has left the list: a page that loads another forgets it."""
        until = time.monotonic() + SECONDS
        while subject in self.subjects() and time.monotonic() < until:
            self.select(subject)
            self.command(*words)
            time.sleep(2)

    def select(self, subject):
        self.ready()
        script = ("const row = Array.from(document.querySelectorAll('#messagelist tbody tr'))"
                  ".find(r => r.querySelector('span.subject a').textContent.trim() == arguments[0]);"
                  "if (row) rcmail.message_list.select(row.uid)")
        self.browser.execute_script(script, subject)


def test_a_user_reads_and_sorts_his_mail(server, page):
    maildir = server.maildir(USER)
    page.browser.get(page.url)
    page.find("#rcmloginuser").send_keys(USER)
    page.find("#rcmloginpwd").send_keys(WORD)
    page.find("#rcmloginsubmit").click()
    page.wait_subjects([f"number {n}" for n in range(1, 8)])

    page.select("number 2")  # open
    page.browser.switch_to.frame(page.find("#messagecontframe"))
    linnet.wait_for(lambda: "text of 2" in page.find("#messagebody").text, "the text", SECONDS)
    page.browser.switch_to.default_content()
    linnet.wait_for(lambda: messages(maildir)["number 2"] == "S", "\\Seen", SECONDS, 0.2)

    page.do("number 3", "move", "Archive")
    page.wait_subjects([f"number {n}" for n in (1, 2, 4, 5, 6, 7)])
    linnet.wait_for(lambda: list(messages(maildir, "Archive")) == ["number 3"], "the move", SECONDS, 0.2)

    page.find("#mailsearchform").send_keys("number 6")
    page.command("search")
    page.wait_subjects(["number 6"])
    page.command("reset-search")
    page.wait_subjects([f"number {n}" for n in (1, 2, 4, 5, 6, 7)])

    page.do("number 7", "delete")
    page.wait_subjects([f"number {n}" for n in (1, 2, 4, 5, 6)])
    linnet.wait_for(lambda: list(messages(maildir, "Trash")) == ["number 7"], "the Trash", SECONDS, 0.2)
    assert "number 7" not in messages(maildir)

    linnet.deliver(maildir, mail(50, subject="just come"))
    page.command("checkmail")
    page.wait_subjects([f"number {n}" for n in (1, 2, 4, 5, 6)] + ["just come"])

    page.browser.get(page.url + "?_task=mail&_action=compose")  # write to Drafts
    page.find("#compose-subject").send_keys("Grüße als Entwurf")
    page.find("#composebody").send_keys("not finished")
    page.command("savedraft")
    linnet.wait_for(lambda: len(messages(maildir, "Drafts")) == 1, "the draft", SECONDS, 0.2)
    page.ready()
    page.browser.get(page.url + "?_task=mail&_mbox=Drafts")
    page.wait_subjects(["Grüße als Entwurf"])


def test_the_log_has_nothing_to_complain_of(server):
    wrong = [line for line in server.log().splitlines() if "rror" in line or "arning" in line or "BAD" in line]
    assert wrong == []
