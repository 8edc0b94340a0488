"""What the shell offers when the user presses Tab: scenarios, running labs, their nodes."""

from click.shell_completion import CompletionItem


def scenarios(ctx, param, incomplete):
    from scenarios.kit import catalogue

    return [CompletionItem(name) for name in catalogue.names() if name.startswith(incomplete)]


def labs(ctx, param, incomplete):
    from scenarios.kit import control

    return [CompletionItem(name) for name in control.running() if name.startswith(incomplete)]


def nodes(ctx, param, incomplete):
    from scenarios.kit import control

    known = control.ask_once(ctx.params["lab"], "info").get("nodes", [])
    return [CompletionItem(name) for name in known if name.startswith(incomplete)]


def views(ctx, param, incomplete):
    from scenarios.kit import control

    known = (row["view"] for row in control.ask_once(ctx.params["lab"], "controller")["rows"])
    return [CompletionItem(name) for name in known if name.startswith(incomplete)]


def faults(ctx, param, incomplete):
    from scenarios.kit import control

    known = (row["name"] for row in control.ask(ctx.params["lab"], "faults"))
    return [CompletionItem(name) for name in known if name.startswith(incomplete)]
