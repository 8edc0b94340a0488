"""Our rules as OpenFlow 1.3 messages, and a switch's answers as our rules: the only module that knows both."""

from collections.abc import Callable
from typing import Any

from ryu.ofproto import ofproto_v1_3 as ofp
from ryu.ofproto import ofproto_v1_3_parser as parser

from controllers import rules
from controllers.rules import (
    Barrier,
    Bucket,
    DecTtl,
    Delete,
    DeleteGroup,
    DeleteMeter,
    Flow,
    Group,
    Message,
    Meter,
    ModifyGroup,
    ModifyMeter,
    Output,
    PacketOut,
    PopVlan,
    PushVlan,
    Resubmit,
    SetField,
    ToGroup,
    Track,
)

GROUP_KINDS = {"all": ofp.OFPGT_ALL, "select": ofp.OFPGT_SELECT, "indirect": ofp.OFPGT_INDIRECT, "ff": ofp.OFPGT_FF}
VLAN_TPID = 0x8100
NO_TABLE = 0xFF
NAT_DESTINATION = 2  # NX_NAT_F_DST


def send(datapath: Any, messages: list[Message]) -> list[int]:
    """Send messages in one write; returns the transaction number of each."""
    encoded = [encode(datapath, message) for message in messages]
    for one in encoded:
        datapath.set_xid(one)
        one.serialize()
    datapath.send(b"".join(bytes(one.buf) for one in encoded))
    return [one.xid for one in encoded]


def encode(datapath: Any, message: Message) -> Any:
    return ENCODERS[type(message)](datapath, message)


def _flow(datapath, flow: Flow):
    return parser.OFPFlowMod(
        datapath, cookie=flow.cookie, table_id=flow.table, command=ofp.OFPFC_ADD, priority=flow.priority,
        idle_timeout=flow.idle_timeout, hard_timeout=flow.hard_timeout,
        flags=ofp.OFPFF_SEND_FLOW_REM if flow.notify else 0,
        match=parser.OFPMatch(**dict(flow.match)), instructions=list(_instructions(flow)))


def _instructions(flow: Flow):
    if flow.meter is not None:
        yield parser.OFPInstructionMeter(flow.meter)
    if flow.actions:
        yield parser.OFPInstructionActions(ofp.OFPIT_APPLY_ACTIONS, actions(flow.actions))
    if flow.metadata is not None:
        yield parser.OFPInstructionWriteMetadata(*flow.metadata)
    if flow.goto is not None:
        yield parser.OFPInstructionGotoTable(flow.goto)


def actions(these: tuple[rules.Action, ...]) -> list:
    return [ACTIONS[type(action)](action) for action in these]


def _track(action: Track):
    return parser.NXActionCT(
        flags=1 if action.commit else 0, zone_src="", zone_ofs_nbits=action.zone,
        recirc_table=NO_TABLE if action.table is None else action.table, alg=0, actions=list(_translation(action)))


def _translation(action: Track):
    if action.nat is not None:
        address, port = action.nat
        yield parser.NXActionNAT(NAT_DESTINATION, range_ipv4_min=address, range_proto_min=port, range_proto_max=port)
    elif action.translate:
        yield parser.NXActionNAT(0)


def _delete(datapath, message: Delete):
    flow = message.flow
    return parser.OFPFlowMod(
        datapath, table_id=flow.table, command=ofp.OFPFC_DELETE_STRICT, priority=flow.priority,
        out_port=ofp.OFPP_ANY, out_group=ofp.OFPG_ANY, match=parser.OFPMatch(**dict(flow.match)))


def _group(datapath, group: Group, command: int = ofp.OFPGC_ADD):
    return parser.OFPGroupMod(datapath, command, GROUP_KINDS[group.kind], group.number,
                              [_bucket(bucket, group.kind) for bucket in group.buckets])


def _bucket(bucket: Bucket, kind: str):
    return parser.OFPBucket(weight=1 if kind == "select" else 0,
                            watch_port=ofp.OFPP_ANY if bucket.watch_port is None else bucket.watch_port,
                            watch_group=ofp.OFPG_ANY if bucket.watch_group is None else bucket.watch_group,
                            actions=actions(bucket.actions))


def _meter(datapath, meter: Meter, command: int = ofp.OFPMC_ADD):
    unit = ofp.OFPMF_PKTPS if meter.unit == "pktps" else ofp.OFPMF_KBPS
    band = parser.OFPMeterBandDrop(rate=meter.rate, burst_size=meter.rate)
    return parser.OFPMeterMod(datapath, command, unit | ofp.OFPMF_BURST, meter.number, [band])


def _packet_out(datapath, packet: PacketOut):
    return parser.OFPPacketOut(datapath, buffer_id=ofp.OFP_NO_BUFFER, in_port=packet.in_port,
                               actions=actions(packet.actions), data=packet.data)


ACTIONS: dict[type, Callable[[Any], Any]] = {
    Output: lambda action: parser.OFPActionOutput(action.port, action.max_len),
    ToGroup: lambda action: parser.OFPActionGroup(action.group),
    SetField: lambda action: parser.OFPActionSetField(**{action.field: action.value}),
    PushVlan: lambda action: parser.OFPActionPushVlan(VLAN_TPID),
    PopVlan: lambda action: parser.OFPActionPopVlan(),
    DecTtl: lambda action: parser.OFPActionDecNwTtl(),
    Track: _track,
    Resubmit: lambda action: parser.NXActionResubmitTable(table_id=action.table),
}

ENCODERS: dict[type, Callable[[Any, Any], Any]] = {
    Flow: _flow,
    Delete: _delete,
    Group: _group,
    ModifyGroup: lambda datapath, message: _group(datapath, message.group, ofp.OFPGC_MODIFY),
    DeleteGroup: lambda datapath, message: parser.OFPGroupMod(
        datapath, ofp.OFPGC_DELETE, ofp.OFPGT_ALL, message.number, []),
    Meter: _meter,
    ModifyMeter: lambda datapath, message: _meter(datapath, message.meter, ofp.OFPMC_MODIFY),
    DeleteMeter: lambda datapath, message: parser.OFPMeterMod(datapath, ofp.OFPMC_DELETE, 0, message.number, []),
    PacketOut: _packet_out,
    Barrier: lambda datapath, message: parser.OFPBarrierRequest(datapath),
}


def read_flow(entry: Any) -> Flow:
    """What a flow statistics entry or a flow-removed message says about a rule; its actions are not read."""
    return Flow(entry.table_id, entry.priority, rules.match(**dict(entry.match.items())), cookie=entry.cookie)


def greet(datapath: Any) -> None:
    """What to set first: whole packets when a TTL runs out, and no word of removals we asked for ourselves."""
    timeouts = 1 << ofp.OFPRR_IDLE_TIMEOUT | 1 << ofp.OFPRR_HARD_TIMEOUT
    packets = 1 << ofp.OFPR_NO_MATCH | 1 << ofp.OFPR_ACTION | 1 << ofp.OFPR_INVALID_TTL
    ports = 1 << ofp.OFPPR_ADD | 1 << ofp.OFPPR_DELETE | 1 << ofp.OFPPR_MODIFY
    datapath.send_msg(parser.OFPSetConfig(datapath, ofp.OFPC_FRAG_NORMAL, rules.NO_BUFFER))
    datapath.send_msg(parser.OFPSetAsync(datapath, [packets, 0], [ports, 0], [timeouts, 0]))


def flows_request(datapath: Any) -> Any:
    return parser.OFPFlowStatsRequest(datapath)


def groups_request(datapath: Any) -> Any:
    return parser.OFPGroupDescStatsRequest(datapath)


def meters_request(datapath: Any) -> Any:
    return parser.OFPMeterConfigStatsRequest(datapath, 0, ofp.OFPM_ALL)


def ports_request(datapath: Any) -> Any:
    return parser.OFPPortStatsRequest(datapath, 0, ofp.OFPP_ANY)


def ports(described: Any) -> dict[int, tuple[str, bool]]:
    """Number -> (name, has carrier), of a switch's real ports."""
    return {port.port_no: (name(port), carrier(port)) for port in described if port.port_no <= ofp.OFPP_MAX}


def switch_name(described: Any, dpid: int) -> str:
    """A bridge's own port bears its name."""
    return next((name(port) for port in described if port.port_no == ofp.OFPP_LOCAL), f"{dpid:016x}")


def name(port: Any) -> str:
    return port.name.decode(errors="replace")


def carrier(port: Any) -> bool:
    return not (port.state & ofp.OFPPS_LINK_DOWN or port.config & ofp.OFPPC_PORT_DOWN)
