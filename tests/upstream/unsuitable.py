"""Tests of Mininet that cannot pass here, whoever runs them, and why."""

from scenarios.kit import capability

NO_INTERNET = "a lab has no way out to the Internet"
NO_REFERENCE_SWITCH = "the reference user switch of 2008 is in no distribution"
NO_CPU_CONTROLLER = "Mininet 2.3.0 limits processors by control groups of version 1"
OWN_TEXT = "it expects the machine's own interfaces, processes or output of another version"

ALWAYS = {
    "test_nat.testNAT.testNAT": NO_INTERNET,
    "test_controlnet.testControlNet.testFailover": NO_REFERENCE_SWITCH,
    "test_controlnet.testControlNet.testPingall": NO_REFERENCE_SWITCH,
    "test_scratchnet.testScratchNet.testPingUser": NO_REFERENCE_SWITCH,
}
NEEDS = {
    "test_scratchnet.testScratchNet.testPingKernel": capability.OVS_KERNEL,
    "test_vlanhost.testVLANHost.testSpecificVLAN": capability.VLAN,
    "test_vlanhost.testVLANHost.testVLANTopo": capability.VLAN,
}
UNSUITABLE = ALWAYS | {test: f"this machine lacks {need}" for test, need in NEEDS.items() if not need.present}
