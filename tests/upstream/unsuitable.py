"""Tests of Mininet that cannot pass here, whoever runs them, and why."""

from scenarios.kit import capability

NO_INTERNET = "a lab has no way out to the Internet"
NO_REFERENCE_SWITCH = "the reference user switch of 2008 is in no distribution"
NO_CPU_CONTROLLER = "Mininet 2.3.0 limits processors by control groups of version 1"
SIXTEEN_SWITCHES = "ovs-testcontroller takes sixteen switches, and this network has 33"

WALK = "test_walkthrough.testWalkthrough"
HIFI = "test_hifi.testOptionsTopoOVSKernel"
ALWAYS = {
    "test_nat.testNAT.testNAT": NO_INTERNET,
    f"{WALK}.testRemoteController": NO_INTERNET,
    "test_controlnet.testControlNet.testFailover": NO_REFERENCE_SWITCH,
    "test_controlnet.testControlNet.testPingall": NO_REFERENCE_SWITCH,
    "test_scratchnet.testScratchNet.testPingUser": NO_REFERENCE_SWITCH,
    "test_treeping64.testTreePing64.testTreePing64": NO_REFERENCE_SWITCH,
    f"{WALK}.testOwnNamespace": NO_REFERENCE_SWITCH,
    f"{WALK}.testSwitches": NO_REFERENCE_SWITCH,
    "test_cpu.testCPU.testCPU": NO_CPU_CONTROLLER,
    "test_limit.testLimit.testLimit": NO_CPU_CONTROLLER,
    f"{HIFI}.testCPULimits": NO_CPU_CONTROLLER,
    "test_tree1024.testTree1024.testTree1024": SIXTEEN_SWITCHES,
}
NEEDS = {
    "test_scratchnet.testScratchNet.testPingKernel": capability.OVS_KERNEL,
    "test_vlanhost.testVLANHost.testSpecificVLAN": capability.VLAN,
    "test_vlanhost.testVLANHost.testVLANTopo": capability.VLAN,
    "test_intfoptions.testIntfOptions.testIntfOptions": capability.NETEM,
    f"{WALK}.testLinkChange": capability.NETEM,
    f"{HIFI}.testLinkDelay": capability.NETEM,
    f"{HIFI}.testLinkLoss": capability.NETEM,
    f"{HIFI}.testMostOptions": capability.NETEM,
}
UNSUITABLE = ALWAYS | {test: f"this machine lacks {need}" for test, need in NEEDS.items() if not need.present}
