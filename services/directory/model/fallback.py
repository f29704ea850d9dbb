"""Which of several texts is shown to somebody who reads a language: the house's one fallback chain."""

from services.directory.model.values import LocalizedText, Texts


def text_for(texts: Texts, language: str) -> LocalizedText | None:
    """
    Choose the text for a reader.

    The chain: the tag itself, the tag with its last parts taken off one by one,
    any variety of the same language, English, a text whose language the source
    did not say, the first text.

    Args:
        texts: In the order of the record; of several that fit alike the first is chosen.

        language: BCP 47.
    """
    tag = language.lower()
    while tag:
        for text in texts:
            if text.language.lower() == tag:
                return text
        tag = tag.rpartition("-")[0]
    wanted = language.lower().partition("-")[0]
    for primary in (wanted, "en", "und"):
        for text in texts:
            if text.language.lower().partition("-")[0] == primary:
                return text
    return texts[0] if texts else None
