"""Each scenario has a page, made of what it says of itself; and the tour leads through all of them."""

import json
import shlex
import sys

import pytest

from scenarios.__main__ import lab
from scenarios.kit import catalogue, pages, shown, tour
from scenarios.kit.errors import LabError, NoSuchThing


@pytest.mark.parametrize("name", catalogue.names())
class TestEveryPage:
    def test_it_is_up_to_date(self, name):
        scenario = catalogue.find(name)
        path = pages.path_of(scenario)

        assert path.exists(), f"make it with: ./lab pages {name}"
        assert path.read_text() == pages.current(scenario), f"make it again with: ./lab pages {name}"

    def test_what_it_has_shown_is_still_there(self, name):
        scenario = catalogue.find(name)

        assert shown.kept(scenario).stale(scenario) == [], f"run it again with: ./lab pages {name} --run"

    def test_its_commands_exist_and_name_nodes_that_exist(self, name):
        scenario = catalogue.find(name)
        nodes = scenario.topo(**scenario.chosen({})).nodes()
        commands = pages.commands(pages.current(scenario))

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


class TestShown:
    SHOWN = shown.Shown({"c reaches a": "in 3 ms"}, {"./lab capture lan c 'arp or icmp'": ["ARP, at last"]},
                        {"cable_out": ["link: b:eth0 is switched off"]}, {"cable_out": "link"})

    def test_a_page_shows_figures_packets_and_diagnoses(self):
        text = pages.page(catalogue.find("lan"), self.SHOWN)

        assert "- c reaches a (one run: in 3 ms)" in text
        assert "```text\nARP, at last\n```" in text
        assert "```text\nlink: b:eth0 is switched off\n```" in text

    def test_it_is_kept_as_it_was_recorded(self, tmp_path, monkeypatch):
        monkeypatch.setattr(shown, "DIRECTORY", tmp_path)
        scenario = catalogue.find("lan")
        assert shown.kept(scenario) == shown.Shown()

        shown.path_of(scenario).write_text(self.SHOWN.text())

        assert shown.kept(scenario) == self.SHOWN

    def test_what_the_scenario_no_longer_has_is_stale(self):
        assert self.SHOWN.stale(catalogue.find("lan")) == []
        assert set(self.SHOWN.stale(catalogue.find("nat"))) == {"c reaches a", "./lab capture lan c 'arp or icmp'",
                                                                "cable_out"}


def test_diagnose_named_the_right_layer_of_nine_in_ten_faults_when_the_pages_were_made(capsys):
    """Of all that were recorded; ``tests/emulation/test_diagnosis.py`` asks anew, in each run of a few scenarios."""
    asked = [(f"{scenario.name} {fault.name}", fault.layer.lower(), shown.kept(scenario).layers[fault.name].lower())
             for scenario in pages.all_scenarios() for fault in scenario.faults
             if fault.name in shown.kept(scenario).layers]
    wrong = [f"{name}: {wanted}, and it said {got or 'nothing'}" for name, wanted, got in asked if wanted != got]
    right = f"\ndiagnose named the right layer of {len(asked) - len(wrong)} of {len(asked)} faults"
    with capsys.disabled():
        print("\n".join([right, *wrong]))

    assert len(wrong) <= 0.1 * len(asked)


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


def test_what_was_recorded_does_not_tell_where():
    ran = f"root 1 {sys.executable} -P {shown.__file__}"

    assert shown.anywhere(ran) == "root 1 python -P scenarios/kit/shown.py"
