"""
Say where things are and how near: degrees go in, metres come out.

This package is the house's only definition of nearness. Matching, search and
the tests' brute-force scans all rank by `cost_mm` or its twin `costs_mm`.
"""

from services.geo.areas import COUNT_RESOLUTION, area_at, outline_of, snap_to_area
from services.geo.bounds import ball_radius_m, latitude_band_deg
from services.geo.cost import (
    BAND_ENDS_MM,
    CELL_RADIUS_M,
    MEAN_IN_CELL_M,
    DistanceBand,
    Gauge,
    PlaceArray,
    band_of,
    cost_mm,
    costs_mm,
    distance_m,
    distances_m,
)
from services.geo.ecef import Position, ecef_m, ecef_of_m
from services.geo.places import (
    COARSEST_RESOLUTION,
    FINEST_RESOLUTION,
    AreaCell,
    Origin,
    Place,
    Point,
    cell_at,
    centre_of,
    finest_cell,
    is_cell,
    position_of,
)

__all__ = [
    "BAND_ENDS_MM",
    "CELL_RADIUS_M",
    "COARSEST_RESOLUTION",
    "COUNT_RESOLUTION",
    "FINEST_RESOLUTION",
    "MEAN_IN_CELL_M",
    "AreaCell",
    "DistanceBand",
    "Gauge",
    "Origin",
    "Place",
    "PlaceArray",
    "Point",
    "Position",
    "area_at",
    "ball_radius_m",
    "band_of",
    "cell_at",
    "centre_of",
    "cost_mm",
    "costs_mm",
    "distance_m",
    "distances_m",
    "ecef_m",
    "ecef_of_m",
    "finest_cell",
    "is_cell",
    "latitude_band_deg",
    "outline_of",
    "position_of",
    "snap_to_area",
]
