"""Read texts by language, byte for byte: each a column, several columns joined, a constant or a look-up."""

from collections.abc import Callable, Mapping

from services.directory.importing.paths import Record, is_blank, text_of
from services.directory.importing.sections import Section, named
from services.directory.importing.sources import RowRefused, any_text, condition, look_up_table
from services.directory.model import LocalizedText, Texts, language_tag


def texts(section: Section, key: str) -> Callable[[Record], Texts]:
    """Read a field of texts; what is blank or has no entry in a look-up gives none."""
    makers = [_text(part) for part in section.each(key)]

    def read(record: Record) -> Texts:
        return tuple(text for make in makers if (text := make(record)) is not None)

    return read


def _text(section: Section) -> Callable[[Record], LocalizedText | None]:
    with named(section.at("language")):
        language = language_tag(section.text("language"))
    holds = condition(section)
    field = section.path
    if section.has("value"):
        constant = LocalizedText(language, section.text("value"))
        return lambda record: constant if holds(record) else None
    if section.has("join"):
        gets = [section.reader(path, "join") for path in section.texts("join")]
        separator = section.text("separator", " ")

        def joined(record: Record) -> LocalizedText | None:
            parts = [text_of(part) for get in gets if not is_blank(part := get(record))]
            return LocalizedText(language, separator.join(parts)) if parts and holds(record) else None

        return joined
    get = section.source("from")
    words = look_up_table(section, any_text) if section.has("codes") else None

    def read(record: Record) -> LocalizedText | None:
        value = get(record)
        if is_blank(value) or not holds(record):
            return None
        if isinstance(value, Mapping | list | tuple):
            raise RowRefused(field, "must be one text")
        if words is not None:
            return LocalizedText(language, words[text_of(value)]) if text_of(value) in words else None
        return LocalizedText(language, text_of(value))

    return read
