from pathlib import Path

import pytest

from scenarios.kit.routing.data_file import BadData, load
from scenarios.kit.routing.geography import (
    World,
    cable_delay,
    fixed_satellite_delay,
    great_circle,
    passing_satellites_delay,
    slant_range,
)

DATA = Path(__file__).parents[3] / "scenarios/data/global_internet.yaml"
NEW_YORK, LONDON, SYDNEY = (40.71, -74.01), (51.51, -0.13), (-33.87, 151.21)


def test_great_circles_are_as_long_as_atlases_say():
    assert great_circle(NEW_YORK, LONDON) == pytest.approx(5570, rel=0.002)
    assert great_circle(LONDON, SYDNEY) == pytest.approx(16_990, rel=0.005)
    assert great_circle((0, 0), (0, 180)) == pytest.approx(20_015, rel=0.001)


def test_new_york_and_london_are_fifty_five_milliseconds_apart_and_back():
    assert 55 <= 2 * cable_delay(NEW_YORK, LONDON) < 56


def test_a_geostationary_hop_takes_half_a_second_and_back():
    assert slant_range((0, 0), (0, 0), 35_786) == pytest.approx(35_786)
    assert 480 < 2 * fixed_satellite_delay(LONDON, (-15.97, -5.71), -1.0, 35_786) < 530


def test_a_satellite_behind_the_earth_is_no_satellite():
    with pytest.raises(ValueError, match="below the horizon"):
        slant_range(LONDON, (0, 170), 35_786)


def test_low_orbits_beat_cables_over_long_distances():
    assert passing_satellites_delay(NEW_YORK, LONDON, 550) < cable_delay(NEW_YORK, LONDON)


@pytest.mark.parametrize(("good", "bad", "complaint"), [
    ("ends: [nyc, lon]", "ends: [nyc, ldn]", "18: cables[0].ends[1]: ldn is nowhere in `cities`; add it there, or "
                                             "correct its spelling"),
    ("over: -1.0", "over: 170.0", "32: satellites[0].over: the satellite is below the horizon of hle or lon; hang it "
                                  "elsewhere"),
    ("name: suez", "name: nyc", "20: cables[2].name: nyc is the name of something else; choose another"),
    ("at: [51.51, -0.13]", "at: [151.51, -0.13]", "6: cities.lon.at[0]: Input should be less than or equal to 90, but "
                                                  "it is 151.51; correct it"),
])
def test_a_mistake_is_one_line_naming_file_place_and_remedy(tmp_path, good, bad, complaint):
    path = tmp_path / "world.yaml"
    path.write_text(DATA.read_text().replace(good, bad, 1))
    with pytest.raises(BadData) as caught:
        load(path, World)

    assert str(caught.value) == f"{path}:{complaint}"
