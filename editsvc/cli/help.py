"""``editsvc help``: the help of a command, for those who ask for it in words."""

from __future__ import annotations

import click


@click.command(
    short_help="Show the help of a command.",
    epilog="""\b
Examples:
  editsvc help config set
  editsvc help --man | man -l -""",
)
@click.option("--man", is_flag=True, help="Print the manual page, in the format of man(1).")
@click.argument("names", nargs=-1, metavar="[COMMAND [SUBCOMMAND]]")
@click.pass_context
def command(context: click.Context, *, man: bool, names: tuple[str, ...]) -> int:
    """Show the help of editsvc, of a command or of a subcommand: what --help behind it shows."""
    shown = context.find_root()
    if man:
        if names:
            raise click.UsageError("The manual page is about all commands; leave out the name.", context)
        from editsvc.cli.man import page

        click.echo(page(shown.command), nl=False)
        return 0
    for name in names:
        group = shown.command
        if not isinstance(group, click.Group):
            raise click.UsageError(f"{shown.command_path} takes no commands: {name!r}.", shown)
        _, found, _ = group.resolve_command(shown, [name])
        if found is None:
            raise click.UsageError(f"No such command {name!r}.", shown)
        shown = found.context_class(found, info_name=name, parent=shown, **found.context_settings)
    click.echo(shown.get_help())
    return 0
