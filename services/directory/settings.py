"""What the directory service reads from its environment. Explained in docs/settings.md."""

from typing import Final

from pydantic import Field

from services.runtime.settings import CountryCodes, DatabaseUrl, ServiceSettings

#: North Africa, the Sahel and the Horn, and those across the sea: where the people come from, pass and arrive
REGION: Final = "LY,MA,DZ,TN,EG,EH,MR,ML,NE,TD,SD,SS,ER,ET,DJ,SO,SN,NG,ES,PT,FR,IT,MT,GR,CY,TR,SY,LB,IL,PS,JO,SA,YE"


class Settings(ServiceSettings, env_prefix="IHALA_DIRECTORY_"):
    """What the directory needs besides what every service does."""

    database_url: DatabaseUrl
    #: whose towns are read: for ResolvePlace, and for how coarse the area of a confidential site must be
    countries: CountryCodes = REGION
    max_connections: int = Field(default=10, ge=2, le=200)  #: connections to the database at most
