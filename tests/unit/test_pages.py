"""Each scenario has a page, made of what it says of itself; and the tour leads through all of them."""

import json
import shlex

import pytest

from scenarios.__main__ import lab
from scenarios.kit import catalogue, pages, tour
from scenarios.kit.errors import LabError, NoSuchThing


@pytest.mark.parametrize("name", catalogue.names())
class TestEveryPage:
    def test_it_is_up_to_date(self, name):
        scenario = catalogue.find(name)
        path = pages.path_of(scenario)

        assert path.exists(), f"make it with: ./lab pages {name}"
        assert path.read_text() == pages.current(scenario), f"make it again with: ./lab pages {name}"

    def test_its_commands_exist_and_name_nodes_that_exist(self, name):
        scenario = catalogue.find(name)
        nodes = scenario.topo(**scenario.chosen({})).nodes()
        commands = pages.commands(pages.page(scenario))

        assert len(commands) > 4
        for words in map(shlex.split, commands):
            command = lab.get_command(None, words[1])
            assert command is not None, words
            with command.make_context(words[1], words[2:]) as context:
                assert name in (context.params.get("lab"), context.params.get("scenario"))
                where = context.params.get("where")
                assert where is None or where.split(":")[0] in nodes or set(where.split("-")) <= set(nodes), where


def test_the_index_leads_to_every_page():
    text = (pages.PAGES / "README.md").read_text()

    assert text == pages.index(pages.all_scenarios()), "make it again with: ./lab pages"


def test_evidence_stays_when_a_page_is_made_again():
    scenario = catalogue.find("lan")
    text = pages.page(scenario, "It was seen.")

    assert pages.evidence_in(text) == "It was seen."
    assert pages.evidence_in(pages.page(scenario)) == ""


class TestTour:
    def test_it_leads_to_every_scenario_once_from_simple_to_rich(self):
        names = [stop.scenario.name for stop in tour.stops()]
        chapters = [stop.scenario.chapter for stop in tour.stops()]

        assert sorted(names) == catalogue.names()
        assert chapters == sorted(chapters)
        assert names[:2] == ["single_computer", "two_computers"]

    def test_what_is_new_is_new_only_once(self):
        words = [word for stop in tour.stops() for word in stop.new]

        assert len(words) == len(set(words))
        assert "Host" in tour.stops()[0].new

    def test_it_goes_on_where_one_was(self, tmp_path):
        way, progress = tour.stops(), tour.Progress(tmp_path / "deep" / "tour.json")
        assert progress.at(way) is way[0]

        progress.go(way[3])

        assert tour.Progress(progress.path).at(way) is way[3]

    @pytest.mark.parametrize("text", ["", "[]", "{", json.dumps({"at": "a scenario of old"})])
    def test_a_state_that_cannot_be_read_begins_again(self, tmp_path, text):
        (tmp_path / "tour.json").write_text(text)

        assert tour.Progress(tmp_path / "tour.json").at(tour.stops()).number == 1

    def test_a_state_that_cannot_be_written_is_told(self, tmp_path):
        (tmp_path / "file").write_text("")

        with pytest.raises(LabError, match="cannot remember where you are"):
            tour.Progress(tmp_path / "file" / "tour.json").go(tour.stops()[0])

    def test_it_ends_at_its_ends(self):
        way = tour.stops()

        assert (tour.beside(way, way[0], -1), tour.beside(way, way[-1], 1)) == (way[0], way[-1])
        with pytest.raises(NoSuchThing):
            tour.named(way, "atlantis")
