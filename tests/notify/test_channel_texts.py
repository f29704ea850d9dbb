"""Tests of what leaves the house, by every channel and in every language: not a word of what it is about (R11)."""

import itertools
import json
import re
import string
import tomllib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest

from services.notify import pages
from services.notify.channels import texts
from services.notify.channels.email import EmailChannel, MailServer, Security
from services.notify.channels.texts import mail_of, short_id, sms_of, texts_in, time_text
from services.notify.duty.parts import WORDS as DUTY_WORDS
from services.notify.endpoint import LANGUAGES
from services.notify.model import Alert
from services.notify.pages.waking import worker_path
from services.notify.pages.words import Words
from services.notify.wire import streams
from services.notify.wire.events import alert_to_json
from services.taxonomy import LABEL_LANGUAGES, Kind, Urgency, vocabulary
from tests.notify.stores import NOON
from tests.notify.ways import an_alert

#: one message in the alphabet of text messages, and one beyond it
GSM_LENGTH, UCS2_LENGTH = 160, 70
GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
WORD = re.compile(r"\w{3,}")
#: kinds of words that tell of people and of what they need; the others tell of how a referral goes
TELLING = (
    Kind.SERVICE,
    Kind.POPULATION,
    Kind.EXPLOITATION,
    Kind.INDICATOR,
    Kind.GENDER,
    Kind.SEX,
    Kind.FAMILY,
    Kind.ACCESSIBILITY,
)
#: words of labels that say nothing of anybody, in a text that says when to answer
HARMLESS = {
    "en": {"and", "the", "for", "new", "not", "with", "who", "her", "him", "you", "all", "very", "once"},
    "fr": {"pour", "les", "des", "une", "pas", "non", "avec", "aux", "que", "qui", "par", "sur", "vous", "suite"},
    "ar": {"غير", "قبل", "على", "إلى", "عن"},
}
#: the same, in what a page says to whoever opens it
PLAIN_WORDS = {
    "en": {"leave", "was", "one", "needs", "from", "work", "after", "what", "may"},
    "fr": {"retour", "téléphone", "été", "est", "deux", "dans", "après", "peut"},
    "ar": {"أخرى", "نفسه", "بعد", "لدى", "ولم"},
}
#: what the duty page says to whoever is not signed in
SHOWN_TO_STRANGERS = (
    *("title", "exit", "sign_in", "sign_in_code", "pin_submit", "code_wrong", "page_stale", "try_again"),
)
DATA = Path(pages.__file__).parent.parent / "data" / "words.toml"
#: names of the field, of the house, of what somebody may be sent to
FIELD_WORDS = set(
    """
    ihala iḥāla إحالة referral referred orientation victim victime ضحية ضحايا trafficking traite اتجار
    migrant مهاجر shelter refuge abri مأوى ملجأ clinic clinique عيادة hospital hôpital مستشفى woman
    femme امرأة girl fille فتاة child enfant طفل rape viol اغتصاب medical médical طبي legal juridique
    قانوني case dossier حالة protection حماية safe tripoli طرابلس bed place lit مكان emergency urgence
    """.split()  # noqa: SIM905 -- a list that can be read
)


def words_of(text: str) -> set[str]:
    return {each.casefold() for each in WORD.findall(text)}


def label_words(language: str) -> set[str]:
    """Every word by which a need, a person, a way of harm or a service is called."""
    found = {word for kind in TELLING for entry in vocabulary(kind, language) for word in words_of(entry.label)}
    return found - HARMLESS[language]


def every_alert() -> list[Alert]:
    due_times = [None, NOON + timedelta(minutes=10), NOON + timedelta(days=2)]
    return [an_alert(urgency=urgency, due_time=due) for urgency, due in itertools.product(Urgency, due_times)]


def a_senders_alert() -> Alert:
    """What a sender's system is told: that its feed has a new event."""
    return replace(an_alert(), receiver_id="", offer_id="", offer_version=0, client_id="system-1", revision=7)


def a_mail(language: str) -> EmailMessage:
    server = MailServer(host="localhost", port=25, security=Security.NONE, sender="post@example.org")
    return EmailChannel(None, server, lambda: NOON)._message("desk@example.org", language)  # type: ignore[arg-type]


def rendered(language: str) -> dict[str, str]:
    """Everything that a channel carries, by channel, or makes a locked screen show."""
    alerts = every_alert()
    mail = a_mail(language)
    return {
        **{f"sms {number}": sms_of(alert, language, "Africa/Tripoli", NOON) for number, alert in enumerate(alerts)},
        **{f"json {number}": alert_to_json(alert, NOON).decode() for number, alert in enumerate(alerts)},
        **{f"stream {number}": str(streams.alert(alert)) for number, alert in enumerate(alerts)},
        "json of a sender": alert_to_json(a_senders_alert(), NOON).decode(),
        "mail": f"{mail['Subject']} {mail.get_content()}",
        # a push carries nothing: this is all that a browser shows when it is woken, a desk's or that of those on duty
        "push": " ".join(text for _, text in parse_qsl(urlsplit(worker_path(Words(language))).query)),
        "push to those on duty": " ".join(
            text for _, text in parse_qsl(urlsplit(worker_path(Words(language, DUTY_WORDS))).query)
        ),
    }


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_no_channel_says_a_word_of_need_person_place_or_service(language: str) -> None:
    assert language in LABEL_LANGUAGES
    forbidden = label_words(language) | FIELD_WORDS
    assert len(forbidden) > 100
    # the keys and the four urgencies of a message to a system are the contract's, whatever they are called
    contract = words_of(json.dumps({each.value: "" for each in Urgency} | {"org.ihala.alert.v1": "ihala/notify"}))

    for channel, text in rendered(language).items():
        allowed = contract if channel.startswith(("json", "stream")) else set()
        if channel.startswith("push"):
            allowed = PLAIN_WORDS[language]
        assert (words_of(text) & forbidden) - allowed == set(), channel


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_no_text_that_a_page_shows_before_the_pin_says_a_word_of_it_either(language: str) -> None:
    text = DATA.read_text(encoding="utf-8").partition("# --- after the PIN ---")[0]
    shown = tomllib.loads(text)
    duty = Words(language, DUTY_WORDS)
    said = [row[language] for row in shown.values()] + [duty[name] for name in SHOWN_TO_STRANGERS]

    assert len(said) > 30
    for each in said:
        assert words_of(each) & FIELD_WORDS == set(), each
        assert words_of(each) & label_words(language) <= PLAIN_WORDS[language], each


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_no_channel_carries_an_id_that_links_but_those_of_the_contract(language: str) -> None:
    for channel, text in rendered(language).items():
        if not channel.startswith(("json", "stream")):
            assert "alert-1" not in text
            assert "offer-1" not in text
            assert "house-1" not in text


def test_a_message_to_a_senders_system_names_an_event_and_nothing_of_it() -> None:
    assert json.loads(alert_to_json(a_senders_alert(), NOON))["data"] == {"event_id": "alert-1", "revision": 7}


def test_a_message_to_a_system_has_the_fields_of_the_contract_and_no_other() -> None:
    for alert in every_alert():
        message = json.loads(alert_to_json(alert, NOON))
        assert message.keys() == {"specversion", "id", "source", "type", "time", "datacontenttype", "data"}
        assert message["data"].keys() == {"alert_id", "offer_id", "offer_version", "urgency", "due_time"}


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_a_text_message_is_one_message(language: str) -> None:
    for alert in every_alert():
        text = sms_of(alert, language, "Africa/Tripoli", NOON)
        assert len(text) <= (GSM_LENGTH if set(text) <= GSM else UCS2_LENGTH), text


def test_every_text_is_in_every_language_with_the_same_gaps() -> None:
    found = {language: texts_in(language) for language in LANGUAGES}
    for name, text in found["en"].items():
        gaps = {gap for _, gap, _, _ in string.Formatter().parse(text) if gap}
        for language in LANGUAGES:
            assert {gap for _, gap, _, _ in string.Formatter().parse(found[language][name]) if gap} == gaps
    assert len({frozenset(each) for each in found.values()}) == 1
    assert texts_in("xx") == found[texts.DEFAULT]


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_every_mail_of_a_language_is_the_same_mail(language: str) -> None:
    first, second = a_mail(language), a_mail(language)

    assert first["Subject"] == second["Subject"] == mail_of(language)[0]
    assert first.get_content() == second.get_content()
    assert first["From"] == "post@example.org"
    assert first["Message-ID"] != second["Message-ID"]
    assert set(first.keys()) == {
        "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "Content-Type", "Content-Transfer-Encoding",
        "MIME-Version",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("time", "zone", "said"),
    [
        (NOON, "Africa/Tripoli", "14:00"),
        (NOON + timedelta(hours=11), "Africa/Tripoli", "5/3 01:00"),
        (NOON, "nowhere", "12:00"),
        (datetime(2026, 7, 1, 12, tzinfo=UTC), "Europe/Paris", "1/7 14:00"),
    ],
)
def test_a_deadline_is_said_by_the_readers_clock(time: datetime, zone: str, said: str) -> None:
    assert time_text(time, zone, NOON) == said


def test_the_short_id_is_four_signs_that_can_be_read_out() -> None:
    assert re.fullmatch(r"[A-Z2-7]{4}", short_id("alert-1"))
    assert short_id("alert-1") == short_id("alert-1") != short_id("alert-2")


def test_a_text_message_says_how_soon_and_by_when() -> None:
    said = sms_of(an_alert(), "en", "Africa/Tripoli", NOON)

    assert said == f"{short_id('alert-1')}: new message, at once. Answer by 14:10."
