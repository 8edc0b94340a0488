"""Text from the templates beside this module. A name that a template uses and nobody gave is an error."""

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined


@cache
def environment() -> Environment:
    return Environment(loader=FileSystemLoader(Path(__file__).parent), undefined=StrictUndefined,
                       trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True, autoescape=False)


def render(template: str, **facts) -> str:
    return environment().get_template(template).render(**facts)
