"""The columns of the workbook that a coordinator fills: their names in each language, and what may stand there."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from services.taxonomy import Kind, languages, services, terms

SHEET: Final = "providers"
SETTINGS_SHEET: Final = "ihala"  #: hidden: what file this is, and which dataset
LISTS_SHEET: Final = "lists"  #: hidden: what may be chosen
MARK: Final = "ihala template 1"
EXAMPLE_KEY: Final = "EXAMPLE"  #: of the row that is never imported
SEPARATOR: Final = " · "  #: between a code and its label
LANGUAGES: Final = ("ar", "fr", "en")

_DAYS: Final = {
    "DAILY": ("كل يوم", "tous les jours", "every day"),
    "SU-TH": ("الأحد–الخميس", "dimanche–jeudi", "Sunday–Thursday"),
    "SA-TH": ("السبت–الخميس", "samedi–jeudi", "Saturday–Thursday"),
    "MO-FR": ("الاثنين–الجمعة", "lundi–vendredi", "Monday–Friday"),
    "MO-SA": ("الاثنين–السبت", "lundi–samedi", "Monday–Saturday"),
}
_YES: Final = {
    "yes": ("نعم", "oui", "yes"),
    "no": ("لا", "non", "no"),
    "unknown": ("غير معروف", "inconnu", "not known"),
}
_SURE: Final = {word: _YES[word] for word in ("yes", "no")}
_REACH: Final = {
    "telephone": ("بالهاتف", "par téléphone", "by telephone"),
    "walk_in": ("حضور مباشر", "sans rendez-vous", "people walk in"),
    "none": ("لا يقبل الإحالات", "n'accepte pas d'orientation", "takes no referrals"),
}
_STATUS: Final = {
    "draft": ("مسودة", "brouillon", "draft"),
    "active": ("يعمل", "en service", "in use"),
    "paused": ("متوقف مؤقتا", "suspendu", "paused"),
    "do_not_refer": ("لا يحال إليه", "ne pas orienter", "do not refer"),
    "closed": ("مغلق", "fermé", "closed"),
}
_DELIVERY: Final = {
    "at_location": ("في المكان", "sur place", "at the place"),
    "mobile": ("متنقلة", "mobile", "mobile"),
    "remote": ("بالهاتف", "par téléphone", "by telephone"),
    "virtual": ("عبر الإنترنت", "en ligne", "online"),
}
_PRECISION: Final = {
    "exact": ("المبنى نفسه", "le bâtiment", "the building"),
    "street": ("الشارع", "la rue", "the street"),
    "town": ("البلدة", "la localité", "the town"),
}


@dataclass(frozen=True, slots=True)
class Column:
    """One column."""

    name: str  #: in row 1, the same in every language
    labels: tuple[str, str, str]  #: in row 2: Arabic, French, English
    example: str  #: a made-up one; a code where there are choices
    choices: Mapping[str, tuple[str, str, str]] = field(default_factory=dict)  #: code → labels; empty: free text
    since: int = 1  #: the edition of the workbook that has it first; older ones that are filled are read as well

    def label(self, language: str) -> str:
        return self.labels[LANGUAGES.index(language)]

    def written(self, code: str, language: str) -> str:
        """Write a choice as it stands in the list: the code, then its label."""
        return f"{code}{SEPARATOR}{self.choices[code][LANGUAGES.index(language)]}" if code in self.choices else code


def _vocabulary(kind: Kind) -> dict[str, tuple[str, str, str]]:
    table = {Kind.SERVICE: services(), Kind.LANGUAGE: languages()}.get(kind) or terms(kind)
    return {
        code: (term.labels["ar"], term.labels["fr"], term.labels["en"])
        for code, term in table.items()
        if not term.deprecated
    }


def columns() -> tuple[Column, ...]:
    """List the columns in their order."""
    offered, spoken, people = map(_vocabulary, (Kind.SERVICE, Kind.LANGUAGE, Kind.POPULATION))
    return (
        Column("key", ("رقم السجل", "Numéro", "Number"), EXAMPLE_KEY),
        Column("organization", ("المنظمة", "Organisation", "Organization"), "Example Relief (fictional)"),
        Column("service", ("الخدمة", "Service", "Service"), "Night shelter (fictional)"),
        Column("name_ar", ("الاسم بالعربية", "Nom en arabe", "Name in Arabic"), "مثال خيالي – بيت النجوم"),
        Column(
            "name_fr", ("الاسم بالفرنسية", "Nom en français", "Name in French"), "Exemple fictif – Maison des étoiles"
        ),
        Column(
            "name_en", ("الاسم بالإنجليزية", "Nom en anglais", "Name in English"), "Fictional example – House of stars"
        ),
        Column("country", ("الدولة (رمز من حرفين)", "Pays (deux lettres)", "Country (two letters)"), "LY"),
        Column("time_zone", ("المنطقة الزمنية", "Fuseau horaire", "Time zone"), "Africa/Tripoli"),
        Column("latitude", ("خط العرض", "Latitude", "Latitude"), "32.8874"),
        Column("longitude", ("خط الطول", "Longitude", "Longitude"), "13.1873"),
        Column("confidential", ("موقع سري؟", "Lieu confidentiel ?", "Confidential site?"), "no", _SURE),
        Column("alias", ("اسم مستعار للموقع السري", "Alias du lieu confidentiel", "Alias of a confidential site"), ""),
        Column("address", ("العنوان", "Adresse", "Address"), "1 Example Street (fictional)"),
        Column("phone", ("الهاتف", "Téléphone", "Telephone"), "+218 21 000 0000"),
        Column("email", ("البريد", "Courriel", "E-mail"), "house@example.org"),
        Column("status", ("الحالة", "État", "State"), "active", _STATUS),
        Column("reach", ("كيف تصل الإحالة", "Comment orienter", "How to refer"), "telephone", _REACH),
        *(
            Column(f"service_{n}", (f"الخدمة {n}", f"Prestation {n}", f"Service code {n}"), example, offered)
            for n, example in enumerate(("ACC-EMG", "BAS-FOO", "", "", "", ""), start=1)
        ),
        Column("min_age", ("من عمر", "Âge minimum", "From age"), "18"),
        Column("max_age", ("إلى عمر", "Âge maximum", "To age"), ""),
        Column("gender", ("الجنس", "Genre", "Gender"), "woman", _vocabulary(Kind.GENDER)),
        *(
            Column(f"language_{n}", (f"اللغة {n}", f"Langue {n}", f"Language {n}"), example, spoken)
            for n, example in enumerate(("ar", "fr", ""), start=1)
        ),
        Column("days", ("الأيام", "Jours", "Days"), "SU-TH", _DAYS),
        Column("opens_at", ("يفتح", "Ouvre à", "Opens at"), "09:00"),
        Column("closes_at", ("يغلق", "Ferme à", "Closes at"), "16:00"),
        Column("free_of_charge", ("مجانا؟", "Gratuit ?", "Free of charge?"), "yes", _YES),
        Column("wheelchair", ("كرسي متحرك؟", "Fauteuil roulant ?", "Wheelchair?"), "unknown", _YES),
        *(
            column
            for n, example in enumerate(("women", ""), start=1)
            for column in (
                Column(f"population_{n}", (f"أماكن لمن {n}", f"Places pour {n}", f"Places for {n}"), example, people),
                Column(f"total_{n}", (f"عدد الأماكن {n}", f"Places {n}", f"Places {n}"), "12" if example else ""),
                Column(f"occupied_{n}", (f"المشغول {n}", f"Occupées {n}", f"Occupied {n}"), "9" if example else ""),
            )
        ),
        Column("verified", ("تاريخ التحقق", "Vérifié le", "Verified on"), "2026-11-01"),
        *_SECOND_EDITION,
    )


_SECOND_EDITION: Final = (
    Column("cost", ("التكلفة", "Coût", "Cost"), "0", since=2),
    Column(
        "cost_currency", ("العملة (ثلاثة أحرف)", "Monnaie (trois lettres)", "Currency (three letters)"), "LYD", since=2
    ),
    Column("cost_note", ("لمن هذه التكلفة", "Pour qui ce coût", "Whom this cost is for"), "", since=2),
    Column("document_1", ("وثيقة مطلوبة 1", "Document à apporter 1", "Document to bring 1"), "", since=2),
    Column("document_2", ("وثيقة مطلوبة 2", "Document à apporter 2", "Document to bring 2"), "", since=2),
    Column("funding", ("شرط الممول", "Condition du financeur", "Condition of the funder"), "", since=2),
    Column("delivery", ("كيف تقدم الخدمة", "Mode de prestation", "How it is given"), "at_location", _DELIVERY, since=2),
    Column("transport", ("كيفية الوصول", "Comment s'y rendre", "How to get there"), "Bus 1 (fictional)", since=2),
    Column("access", ("تسهيلات ذوي الإعاقة", "Accès handicap", "Access with a disability"), "", since=2),
    Column("precision", ("دقة الموقع", "Précision du point", "How exact the point is"), "street", _PRECISION, since=2),
)
