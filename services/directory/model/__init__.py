"""
The records of the directory as frozen values: one that exists is valid.

The words are those of the Human Services Data Specification; a provider is its
service_at_location.
"""

from services.directory.model.bodies import Organization, Receiver, Service
from services.directory.model.checks import each_inside, inside, language_tag, moved, refuse
from services.directory.model.eligibility import AgeBand, Rule, ServiceClaim
from services.directory.model.locations import Location
from services.directory.model.providers import Provider, Site
from services.directory.model.records import ImportRecord, Outcome, Stored, Upserted, Viewer
from services.directory.model.values import (
    Contact,
    Firewall,
    LanguageOffer,
    LocalizedText,
    Period,
    PlaceReport,
    Schedule,
    Source,
    Texts,
    Vetting,
    newest_reports,
)
from services.directory.model.words import (
    Claim,
    ContactKind,
    Disclosure,
    LanguageMode,
    Modality,
    ReachOut,
    Reporting,
    RuleKind,
    SchedulePurpose,
    Status,
    VettingState,
)

__all__ = [
    "AgeBand",
    "Claim",
    "Contact",
    "ContactKind",
    "Disclosure",
    "Firewall",
    "ImportRecord",
    "LanguageMode",
    "LanguageOffer",
    "LocalizedText",
    "Location",
    "Modality",
    "Organization",
    "Outcome",
    "Period",
    "PlaceReport",
    "Provider",
    "ReachOut",
    "Receiver",
    "Reporting",
    "Rule",
    "RuleKind",
    "Schedule",
    "SchedulePurpose",
    "Service",
    "ServiceClaim",
    "Site",
    "Source",
    "Status",
    "Stored",
    "Texts",
    "Upserted",
    "Vetting",
    "VettingState",
    "Viewer",
    "each_inside",
    "inside",
    "language_tag",
    "moved",
    "newest_reports",
    "refuse",
]
