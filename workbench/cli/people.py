from __future__ import annotations

from typing import Annotated

import typer

from workbench.cli.groups import group
from workbench.cli.output import JsonOption, ago, print_records, say
from workbench.cli.state import open_workbench

__all__ = ["add_to"]

users = group("Who may use this workspace, and as what.")
tokens = group("Tokens that programs show to say who they work for.")

Name = Annotated[str, typer.Argument(help="The user's name.")]
RoleArgument = Annotated[str, typer.Argument(help="viewer, analyst, engineer or admin.")]


def add_to(app: typer.Typer) -> None:
    app.add_typer(users, name="user")
    app.add_typer(tokens, name="token")


@users.command()
def add(name: Name, role: RoleArgument = "viewer") -> None:
    """Register a user. The first time, whoever does it is registered as this workspace's owner as well."""
    from workbench.foundation.errors import chosen
    from workbench.governance.security import Role

    with open_workbench() as wb:
        added = wb.security.add_user(name, chosen("role", role, Role), by=wb.actor.principal)
    say(f"{added.name} is a user of this workspace now, as {added.role}")


@users.command()
def role(name: Name, role: RoleArgument) -> None:
    """Give a user another role, in force at once."""
    from workbench.foundation.errors import chosen
    from workbench.governance.security import Role

    with open_workbench() as wb:
        changed = wb.security.set_role(name, chosen("role", role, Role), by=wb.actor.principal)
    say(f"{changed.name} is {changed.role} now")


@users.command()
def remove(name: Name) -> None:
    """Remove a user. Their sign-ins and tokens are worthless at once; what they made stays."""
    with open_workbench() as wb:
        wb.security.remove_user(name, by=wb.actor.principal)
    say(f"{name} is no user of this workspace any more")


@users.command("list")
def list_users(as_json: JsonOption = False) -> None:
    """List the users."""
    with open_workbench() as wb:
        records = [{"name": user.name, "role": user.role.value} for user in wb.security.users()]
    print_records(records, as_json=as_json, empty="nobody is registered: whoever runs this command is the owner")


@tokens.command()
def create(
    user: Annotated[str | None, typer.Option(help="Whom the program works for; default: you.")] = None,
    scope: Annotated[list[str] | None, typer.Option(help="read, run or admin; repeat it for several.")] = None,
    days: Annotated[float, typer.Option(help="How long it is good for, at most 366.")] = 90,
    note: Annotated[str, typer.Option(help="What it is for.")] = "",
) -> None:
    """Make a token and print it. It is shown this once."""
    from workbench.foundation.errors import chosen
    from workbench.governance.security import Scope

    with open_workbench() as wb:
        who = wb.actor.principal
        wb.security.register_owner(who)
        wanted = [chosen("scope", name, Scope) for name in scope or ["read"]]
        made = wb.identities.create_token(user or who.name, by=who, scopes=wanted, days=days, note=note)
    say(made.secret)
    typer.echo(
        f"token {made.info.id} of {made.info.user}, scopes {', '.join(made.info.scopes)}, "
        f"good until {made.info.expires:%Y-%m-%d %H:%M} UTC",
        err=True,
    )


@tokens.command("list")
def list_tokens(as_json: JsonOption = False) -> None:
    """List tokens: yours, or for an admin everybody's. Their secrets are not kept."""
    from workbench.governance.security import Role

    with open_workbench() as wb:
        who = wb.actor.principal
        found = wb.identities.tokens(by=who, user=None if who.role is Role.ADMIN else who.name)
    records = [
        {
            "id": token.id,
            "user": token.user,
            "scopes": ", ".join(token.scopes),
            "note": token.note,
            "expires": token.expires,
            "last used": token.last_used if as_json or token.last_used is None else ago(token.last_used),
            "revoked": token.revoked is not None,
        }
        for token in found
    ]
    print_records(records, as_json=as_json, empty="no token yet: workbench token create")


@tokens.command()
def revoke(token: Annotated[str, typer.Argument(help="The token's id, as 'workbench token list' shows it.")]) -> None:
    """Make a token worthless, at once."""
    with open_workbench() as wb:
        wb.identities.revoke(token, by=wb.actor.principal)
    say(f"token {token} is revoked")
