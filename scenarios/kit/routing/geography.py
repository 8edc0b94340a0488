"""Where things are, how far that is, and how long light needs for it."""

from functools import cached_property
from ipaddress import IPv4Network
from math import acos, asin, cos, radians, sin, sqrt
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from .data_file import Misfit

EARTH = 6371.0  # km: the mean radius
IN_FIBRE = 200_000.0  # km/s: glass slows light to two thirds
IN_SPACE = 299_792.458  # km/s

Point = tuple[Annotated[float, Field(ge=-90, le=90)], Annotated[float, Field(ge=-180, le=180)]]
MILLISECONDS = 1000.0


def angle(a: Point, b: Point) -> float:
    """The angle between two places seen from the centre of the Earth, in radians (haversine)."""
    (lat1, lon1), (lat2, lon2) = (tuple(map(radians, point)) for point in (a, b))
    half = sin((lat2 - lat1) / 2) ** 2 + cos(lat1) * cos(lat2) * sin((lon2 - lon1) / 2) ** 2
    return 2 * asin(min(1.0, sqrt(half)))


def great_circle(a: Point, b: Point) -> float:
    """The shortest way along the ground, in km.

    >>> round(great_circle((40.71, -74.01), (51.51, -0.13)), -1)  # New York, London
    5570.0
    """
    return EARTH * angle(a, b)


def cable_delay(a: Point, b: Point) -> float:
    """Milliseconds that light needs through a cable, one way."""
    return great_circle(a, b) / IN_FIBRE * MILLISECONDS


def slant_range(station: Point, over: Point, altitude: float) -> float:
    """The distance in km from a station to a satellite above another place. Raises ValueError: below the horizon."""
    centre, orbit = angle(station, over), EARTH + altitude
    if centre > acos(EARTH / orbit):
        raise ValueError("the satellite is below the horizon")
    return sqrt(EARTH ** 2 + orbit ** 2 - 2 * EARTH * orbit * cos(centre))


def fixed_satellite_delay(a: Point, b: Point, longitude: float, altitude: float) -> float:
    """Milliseconds up to a satellite that hangs over the equator and down again, one way."""
    up, down = (slant_range(end, (0.0, longitude), altitude) for end in (a, b))
    return (up + down) / IN_SPACE * MILLISECONDS


def passing_satellites_delay(a: Point, b: Point, altitude: float) -> float:
    """Milliseconds up, along the orbit from satellite to satellite by laser, and down, one way."""
    return (2 * altitude + (EARTH + altitude) * angle(a, b)) / IN_SPACE * MILLISECONDS


class Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class City(Record):
    name: str
    at: Point
    prefix: IPv4Network


class Cable(Record):
    name: str
    ends: tuple[str, str]


class Satellite(Cable):
    altitude: Annotated[float, Field(gt=0)]
    over: float | None = None


class World(Record):
    """Cities, and what joins them."""

    cities: dict[str, City]
    cables: tuple[Cable, ...] = ()
    satellites: tuple[Satellite, ...] = ()

    @cached_property
    def delays(self) -> dict[str, float]:
        """Milliseconds one way, by the name of a cable or satellite."""
        return {each.name: self.delay(each) for each in (*self.cables, *self.satellites)}

    def delay(self, link: Cable) -> float:
        a, b = (self.cities[end].at for end in link.ends)
        if not isinstance(link, Satellite):
            return cable_delay(a, b)
        if link.over is None:
            return passing_satellites_delay(a, b, link.altitude)
        return fixed_satellite_delay(a, b, link.over, link.altitude)

    def check(self) -> None:
        """Raise Misfit at the first fact that contradicts another."""
        names: set[str] = set()
        for kind, links in ("cables", self.cables), ("satellites", self.satellites):
            for number, link in enumerate(links):
                for side, end in enumerate(link.ends):
                    if end not in self.cities:
                        raise Misfit((kind, number, "ends", side), f"{end} is nowhere in `cities`; add it there, or "
                                     "correct its spelling")
                if link.name in names or link.name in self.cities:
                    raise Misfit((kind, number, "name"), f"{link.name} is the name of something else; choose another")
                names.add(link.name)
                self._check_sight(kind, number, link)

    def _check_sight(self, kind: str, number: int, link: Cable) -> None:
        try:
            self.delay(link)
        except ValueError as error:
            raise Misfit((kind, number, "over"), f"{error} of {' or '.join(link.ends)}; hang it elsewhere") from None
