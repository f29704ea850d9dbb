"""List a vocabulary with its labels in a reader's language, as `ListVocabulary` answers it."""

from collections.abc import Iterable
from dataclasses import dataclass

from services.errors import InvalidInput, Reason
from services.taxonomy.languages import label_language
from services.taxonomy.needs import GROUPS, services
from services.taxonomy.terms import Kind, Term, terms


@dataclass(frozen=True, slots=True)
class Entry:
    """A code and the label that one reader sees."""

    term: Term
    label: str
    language: str  #: of the label: one of LABEL_LANGUAGES


def kind_of(text: str, field: str = "kind") -> Kind:
    """
    Read the name of a vocabulary.

    Raises:
        InvalidInput: there is no such vocabulary (UNKNOWN_CODE), naming the field.
    """
    try:
        return Kind(text)
    except ValueError:
        raise InvalidInput(f"{field} must be one of {', '.join(Kind)}", reason=Reason.UNKNOWN_CODE) from None


def vocabulary(kind: Kind, language: str = "") -> tuple[Entry, ...]:
    """
    List a vocabulary, ordered by code; services with their groups.

    Args:
        kind: Which vocabulary.

        language: The BCP 47 tag of the reader's language; empty for English.

    Raises:
        InvalidInput: the language is not a BCP 47 tag.
    """
    chosen = label_language(language)
    listed: Iterable[Term] = terms(kind).values()
    if kind is Kind.SERVICE:
        listed = [*GROUPS.values(), *services().values()]
    return tuple(Entry(term, term.labels[chosen], chosen) for term in sorted(listed, key=lambda term: term.code))
