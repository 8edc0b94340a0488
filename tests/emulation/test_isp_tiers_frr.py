"""The same network on FRR."""

import pytest

from scenarios.isp_tiers import scenario
from scenarios.kit.providers import claims, failures

options = {"daemon": "frr"}


@pytest.mark.parametrize("each", [
    claims.follows_the_business(), claims.valley_free(), claims.packets_follow(), claims.hijack_refused(),
    claims.leak_refused(), claims.bogon_refused(), failures.link_fails()], ids=str)
def test_it_holds_of_frr(net, each):
    assert scenario
    each.verify(net)
