"""
Hold the words that every service shares: codes, what they imply, and their labels.

Codes travel and are stored; labels are for people and are looked up by
`vocabulary`. The words themselves stand in `data/`, one file a kind.
"""

from services.taxonomy.declines import DeclineReason, Effect, Side, decline_reason
from services.taxonomy.languages import (
    Language,
    canonical_language,
    label_language,
    languages,
    understands,
)
from services.taxonomy.needs import GROUPS, Service, service, services
from services.taxonomy.terms import LABEL_LANGUAGES, VERSION, Kind, Term, term, terms
from services.taxonomy.urgency import Clock, Rung, Urgency, UrgencyClass, urgency_class
from services.taxonomy.vocabulary import Entry, kind_of, vocabulary

__all__ = [
    "GROUPS",
    "LABEL_LANGUAGES",
    "VERSION",
    "Clock",
    "DeclineReason",
    "Effect",
    "Entry",
    "Kind",
    "Language",
    "Rung",
    "Service",
    "Side",
    "Term",
    "Urgency",
    "UrgencyClass",
    "canonical_language",
    "decline_reason",
    "kind_of",
    "label_language",
    "languages",
    "service",
    "services",
    "term",
    "terms",
    "understands",
    "urgency_class",
    "vocabulary",
]
