"""Read texts by language, byte for byte: each a column, several columns joined, a constant or a look-up."""

from collections.abc import Callable, Mapping

from services.directory.importing.paths import Record, is_blank, text_of
from services.directory.importing.sections import Section, named
from services.directory.importing.sources import Notes, RowRefused, always, any_text, choice, condition, look_up_table
from services.directory.model import LocalizedText, Texts, language_tag
from services.errors import InvalidInput

ReadText = Callable[[Record], str | None]


def texts(section: Section, key: str) -> Callable[[Record], Texts]:
    """Read a field of texts; what is blank or has no entry in a look-up gives none."""
    makers = [_localized(part) for part in section.each(key)]
    if not makers:
        return lambda record: ()
    if len(makers) == 1:
        (make_one,) = makers

        def read_one(record: Record) -> Texts:
            text = make_one(record)
            return () if text is None else (text,)

        return read_one

    def read(record: Record) -> Texts:
        return tuple([text for make in makers if (text := make(record)) is not None])

    return read


def _localized(section: Section) -> Callable[[Record], LocalizedText | None]:
    """Read a text and its language: a tag, or a column that says it, row by row; what it does not say is `und`."""
    language = section.take("language")
    if not isinstance(language, str):
        return _in_stated_language(section, language)
    with named(section.at("language")):
        tag = language_tag(language)
    read = _text(section)

    def localized(record: Record) -> LocalizedText | None:
        text = read(record)
        return None if text is None else LocalizedText(tag, text)

    return localized


def _in_stated_language(section: Section, spec: object) -> Callable[[Record], LocalizedText | None]:
    field = section.at("language")
    tag_of, read = (
        choice(Section({"language": spec}, section.path, section.used, section.base), "language", any_text, "und"),
        _text(section),
    )

    def localized(record: Record) -> LocalizedText | None:
        text = read(record)
        if text is None:
            return None
        try:
            return LocalizedText(language_tag(tag_of(record, Notes())), text)
        except InvalidInput:
            raise RowRefused(field, "must be a language tag of BCP 47") from None

    return localized


def _text(section: Section) -> ReadText:
    holds = condition(section)
    read = _unconditional(section)
    if holds is always:
        return read
    return lambda record: read(record) if holds(record) else None


def _unconditional(section: Section) -> ReadText:
    field = section.path
    if section.has("value"):
        constant = section.text("value")
        return lambda record: constant
    if section.has("join"):
        gets = [section.reader(path, "join") for path in section.texts("join")]
        separator = section.text("separator", " ")

        def joined(record: Record) -> str | None:
            return separator.join(text_of(part) for get in gets if not is_blank(part := get(record))) or None

        return joined
    get = section.source("from")
    words = look_up_table(section, any_text) if section.has("codes") else None

    def read(record: Record) -> str | None:
        value = get(record)
        if words is None and type(value) is str:
            return value if value.strip() else None
        if is_blank(value):
            return None
        if isinstance(value, Mapping | list | tuple):
            raise RowRefused(field, "must be one text")
        return text_of(value) if words is None else words.get(text_of(value))

    return read
