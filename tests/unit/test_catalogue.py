"""Scenarios are data: they can be looked at without a kernel. And those that are wrong are told so in one line."""

from collections import Counter

import pytest

from scenarios.kit import catalogue
from scenarios.kit.errors import LabError, NoSuchThing


@pytest.mark.parametrize("name", catalogue.names())
class TestEveryScenario:
    def test_it_has_a_lesson_a_drawing_claims_and_something_to_look_at(self, name):
        scenario = catalogue.find(name)

        assert scenario.lesson.endswith((".", "!"))
        assert scenario.drawing
        assert len(scenario.claims) >= 3
        assert scenario.look
        assert scenario.chapter

    def test_its_claims_are_different_sentences(self, name):
        sentences = Counter(map(str, catalogue.find(name).claims))

        assert not [sentence for sentence, times in sentences.items() if times > 1]

    def test_its_faults_break_claims_that_exist(self, name):
        scenario = catalogue.find(name)

        assert len(scenario.faults) >= 2
        for fault in scenario.faults:
            assert [claim for claim in scenario.claims if fault.hits(str(claim))], fault.name
            assert len(fault.hints) == 3

    def test_no_address_is_given_twice(self, name):
        scenario = catalogue.find(name)
        topo = scenario.topo(**scenario.chosen({}))
        given = [topo.nodeInfo(node).get("ip") for node in topo.nodes()]
        given += [end.get("ip") for *_, link in topo.links(withInfo=True)
                  for end in (link.get("params1", {}), link.get("params2", {}))]
        allowed = getattr(scenario, "shared_addresses", ())

        assert not [ip for ip, times in Counter(filter(None, given)).items() if times > 1 and ip not in allowed]


def test_an_unknown_scenario_is_told_what_there_is():
    with pytest.raises(NoSuchThing, match=r"no scenario is called 'lam'; there are: .*lan"):
        catalogue.find("lam")


@pytest.mark.parametrize(("text", "complaint"), [
    ("def", r"mine\.py:1: SyntaxError"),
    ("x = 1\nimport no_such_module", r"mine\.py:2: ModuleNotFoundError: No module named 'no_such_module'"),
    ("x = 1", r"mine\.py: the file defines no 'scenario'; end it with"),
])
def test_a_mistake_in_a_file_of_ones_own_is_one_line_with_its_place(tmp_path, text, complaint):
    path = tmp_path / "mine.py"
    path.write_text(text)

    with pytest.raises(LabError, match=complaint) as caught:
        catalogue.find(str(path))

    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there():
    with pytest.raises(LabError, match="there is no such file"):
        catalogue.find("./nowhere.py")
