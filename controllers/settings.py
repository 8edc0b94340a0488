"""What can be configured, with every default, unit and bound. One model for each application."""

from pathlib import Path
from typing import Annotated, Any, get_args

import yaml
from pydantic import BaseModel, ConfigDict, Field, PositiveFloat, PositiveInt, ValidationError, model_validator

from controllers.vlans import Membership, Vlans

VlanId = Annotated[int, Field(ge=1, le=4094)]
Seconds = Annotated[int, Field(ge=1, le=65535)]


class SettingsError(Exception):
    """A configuration that cannot be used. Its text is one line: file, key, what is wrong, and the remedy."""


class Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class PortVlans(Model):
    """Either `access: 10` (one VLAN, no tags) or `trunk: [10, 20]` (tagged), with `native` for frames without a tag."""

    access: VlanId | None = None
    trunk: tuple[VlanId, ...] = ()
    native: VlanId | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> "PortVlans":
        if (self.access is None) == (not self.trunk):
            raise ValueError("a port is either an access port or a trunk; give it `access: 10` or `trunk: [10, 20]`")
        if self.access is not None and self.native is not None:
            raise ValueError("an access port has no native VLAN; remove `native`")
        return self

    def membership(self) -> Membership:
        return Membership(self.access if self.access is not None else self.native, frozenset(self.trunk))


class FabricSettings(Model):
    """What every application of ours needs to know about its switches."""

    idle_timeout: Seconds = 300
    """Seconds until a silent station is forgotten (IEEE 802.1Q's ageing time)."""
    loops: bool = True
    """Whether switches may be wired in loops. A port is then closed until it is known what is behind it."""
    hold: PositiveFloat = 0.2
    """Seconds a new port stays closed while announcements go unanswered; nothing is held without loops."""
    announce: PositiveFloat = 1.0
    """Seconds between announcements (LLDP) on each port."""
    lost: PositiveInt = 4
    """Announcements that may be missed before a link counts as dead."""
    max_stations: PositiveInt = 1024
    """Stations behind one port; more are forwarded, but not learned."""
    packet_in_rate: PositiveInt = 2000
    """Packets each switch may send to the controller, per second."""


class SwitchSettings(FabricSettings):
    """The learning switch."""

    default_vlan: VlanId = 1
    """The VLAN of ports not named in `ports`, as soon as any is."""
    ports: dict[str, PortVlans] = {}
    """VLANs by port name (`s1-eth1`), or by switch name for all ports of one. Without any, tags are not looked at."""

    def vlans(self) -> Vlans:
        return Vlans({name: port.membership() for name, port in self.ports.items()}, self.default_vlan)


def load(model: type[Model], path: Path | None) -> Any:
    """Read and check a YAML file; without one, the defaults. Raises SettingsError."""
    return model() if path is None else check(model, read(path), path)


def read(path: Path) -> Any:
    try:
        return yaml.safe_load(path.read_text()) or {}
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: cannot be read: {getattr(error, 'strerror', error)}; give a YAML file") from error
    except yaml.YAMLError as error:
        raise SettingsError(_not_yaml(path, error)) from error


def check(model: type[Model], data: Any, path: Path) -> Any:
    if not isinstance(data, dict):
        raise SettingsError(f"{path}: is {data!r}, not a mapping; write `key: value` lines. Keys: {_keys(model)}")
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise SettingsError(f"{path}: {_first(model, error)}") from error


def _not_yaml(path: Path, error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    place = f"line {mark.line + 1}, column {mark.column + 1}" if mark else "the file"
    return f"{path}: {place}: is not YAML: {getattr(error, 'problem', None) or error}; correct it there"


def _first(model: type[Model], error: ValidationError) -> str:
    """The first mistake, in a line."""
    fault = error.errors()[0]
    key, message = ".".join(map(str, fault["loc"])), fault["msg"].removeprefix("Value error, ")
    if fault["type"] == "extra_forbidden":
        return f"{key}: is not a setting; choose from: {_keys(_model_at(model, fault['loc']))}"
    if fault["type"] == "missing":
        return f"{key}: is missing; add it"
    if fault["type"] == "value_error":  # ours: says what to do, and where, unless pydantic knows it better
        return f"{key}: {message}" if key else message
    return f"{key}: {message}, but is {fault['input']!r}; correct it"


def _model_at(model: type[Model], place: tuple[int | str, ...]) -> type[Model]:
    """The innermost model on the way to a key."""
    for name in place[:-1]:
        if isinstance(name, str) and name in model.model_fields:
            inside = [kind for kind in _kinds(model.model_fields[name].annotation) if issubclass(kind, Model)]
            model = inside[0] if inside else model
    return model


def _kinds(annotation: Any) -> list[type]:
    """The classes that an annotation is made of: of `dict[str, PortVlans]`, str and PortVlans."""
    parts = get_args(annotation)
    return [kind for part in parts for kind in _kinds(part)] if parts else [annotation] * isinstance(annotation, type)


def _keys(model: type[Model]) -> str:
    return ", ".join(field.alias or name for name, field in model.model_fields.items())
