"""Shell completion."""

import click
from click.shell_completion import get_completion_class


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the completion script of a shell.

    \b
    bash:  eval "$(./lab completion bash)"     in ~/.bashrc, with lab on the PATH
    """
    from scenarios.__main__ import lab

    found = get_completion_class(shell)
    assert found is not None
    click.echo(found(lab, {}, "lab", "_LAB_COMPLETE").source())
