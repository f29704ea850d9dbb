"""The closed lists of the directory: what can be said of a record in one word."""

from enum import StrEnum


class Claim(StrEnum):
    """A three-valued fact. A blank in a source is unknown, a 0 is no."""

    YES = "YES"
    NO = "NO"
    UNKNOWN = "UNKNOWN"


class Disclosure(StrEnum):
    """How exactly a position may be known (R16)."""

    PUBLIC = "PUBLIC"  #: the exact point is public, as that of a hospital is
    AREA = "AREA"  #: a confidential site: only a coarse cell is ever held


class Status(StrEnum):
    """Where a record stands in its life."""

    DRAFT = "DRAFT"  #: being written; never matched
    ACTIVE = "ACTIVE"  #: in use
    PAUSED = "PAUSED"  #: not matched until active again
    DO_NOT_REFER = "DO_NOT_REFER"  #: open, but nobody may be referred there
    CLOSED = "CLOSED"  #: for good


class ReachOut(StrEnum):
    """How a referral reaches a provider."""

    ENROLLED = "ENROLLED"  #: a receiver is enrolled
    TELEPHONE = "TELEPHONE"  #: by telephone only
    WALK_IN = "WALK_IN"  #: people walk in; nothing is announced
    NONE = "NONE"  #: takes no referrals


class Delivery(StrEnum):
    """How a service comes to people."""

    AT_LOCATION = "AT_LOCATION"  #: people come to it; what an empty list means as well
    MOBILE = "MOBILE"
    REMOTE = "REMOTE"  #: by telephone
    VIRTUAL = "VIRTUAL"


class PointPrecision(StrEnum):
    """How exactly the point of a public location is known."""

    EXACT = "EXACT"  #: the door, or the building
    STREET = "STREET"  #: the street or the block
    TOWN = "TOWN"  #: the middle of the town or the district


class LineKind(StrEnum):
    """What stops people at a line (R60)."""

    CLOSED_BORDER = "CLOSED_BORDER"
    FRONT_LINE = "FRONT_LINE"
    CURFEW = "CURFEW"


class VettingState(StrEnum):
    """What is known of a provider's safeguarding (R33)."""

    UNVETTED = "UNVETTED"
    LISTED = "LISTED"  #: a public facility on an official list
    VETTED = "VETTED"
    SUSPENDED = "SUSPENDED"  #: a safeguarding flag stands: not matched at all


class Reporting(StrEnum):
    """Whether a provider reports people to authorities (R29)."""

    NONE = "NONE"
    BY_LAW = "BY_LAW"
    BY_POLICY = "BY_POLICY"
    UNKNOWN = "UNKNOWN"


class RuleKind(StrEnum):
    """
    What a rule of eligibility looks at.

    Nothing here, and nothing that may be added, asks whether a person
    cooperates with authorities or testifies (R4).
    """

    AGE = "AGE"
    GENDER = "GENDER"
    FAMILY = "FAMILY"
    EXPLOITATION = "EXPLOITATION"
    PROCESS = "PROCESS"
    LEGAL_STATUS = "LEGAL_STATUS"
    UNACCOMPANIED_CHILD = "UNACCOMPANIED_CHILD"
    DOCUMENTS = "DOCUMENTS"


class Modality(StrEnum):
    """How a language is used."""

    SPOKEN = "SPOKEN"
    SIGNED = "SIGNED"
    WRITTEN = "WRITTEN"


class LanguageMode(StrEnum):
    """Who speaks a language at a provider."""

    STAFF = "STAFF"
    INTERPRETER_ON_SITE = "INTERPRETER_ON_SITE"
    INTERPRETER_REMOTE = "INTERPRETER_REMOTE"


class ContactKind(StrEnum):
    """How a contact is used."""

    PHONE = "PHONE"
    EMAIL = "EMAIL"
    WEB = "WEB"


class SchedulePurpose(StrEnum):
    """Opening hours are kept apart from intake hours (R48)."""

    OPENING = "OPENING"
    INTAKE = "INTAKE"
