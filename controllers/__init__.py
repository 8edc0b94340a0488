"""OpenFlow 1.3 controllers: a learning switch, a router and a load balancer, each for one switch or a network of them.

    python -m controllers router --config departments.yaml --rest 127.0.0.1:8080

They think in modules that know nothing of Ryu, and of no switch either: what happens goes in, what is to be sent comes
out. From the bottom up:

    rules cookie           what a switch holds, as data, and who installed it
    frames inet ndp tcp    the wire, read and written; no bytes at all make a reader fail
    dhcp lldp
    topology stations      what is known: links, trees and paths; who is where; who has which address
    routes neighbours
    ledger                 what one switch was told, and why: the difference is what is sent
    pipeline policy        rules made of knowledge
    routing_rules balancing_rules
    discovery fabric       switches under one control: links, readiness, restarts, changes of settings
    bridge                 learning, with shortest paths
    routing slow_path      the router, on a bridge for each network
    balancing sessions     the load balancer, on one bridge
    settings, …_settings   every setting, with its default, unit and bounds

Around them the shim: `application` turns Ryu's events into calls, `openflow` rules into messages, `launcher` makes Ryu
run, `view`, `resources` and `rest` show what is known, `journal` writes down what happened.
"""
