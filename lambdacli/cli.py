"""The Typer application: global options, the commands, and the one place that maps errors to exit codes."""

from __future__ import annotations

import errno
import os
from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

from lambdacli import __version__, interrupts
from lambdacli.errors import LambdacliError, MachineError, UsageError
from lambdacli.local.headstart import GLOBAL
from lambdacli.suggest import nearest

if TYPE_CHECKING:
    from collections.abc import Sequence

BUG = 70

# The order of the help page: the way a project goes.
COMMANDS = (
    "init", "validate", "list", "schema", "generate-event", "invoke", "watch", "serve",
    "diff", "deploy", "logs", "rollback", "promote", "policy", "destroy",
)  # fmt: skip


class Commands(TyperGroup):
    """Imports a command's module only when that command is asked for: the command line starts at once."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - the signature is Typer's
        """All names, imported or not."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002 - the signature is Typer's
        """The command of this name, its module imported now."""
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"lambdacli.commands.{cmd_name.replace('-', '_')}")
        if (ready := getattr(module, "COMMAND", None)) is not None:
            return ready
        single = typer.Typer(rich_markup_mode=None, add_completion=False)
        single.command(cmd_name, cls=import_module("lambdacli.commands.options").Command)(module.command)
        return get_command(single)

    def shell_complete(self, ctx: Any, incomplete: str) -> list[Any]:
        """As Typer does it, with help that survives the shell."""
        from lambdacli.commands.options import quotable

        return quotable(super().shell_complete(ctx, incomplete))

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """As Typer, with an error in our own form."""
        if args and not args[0].startswith("-") and self.get_command(ctx, args[0]) is None:
            raise unknown("command", args[0], COMMANDS)
        return super().resolve_command(ctx, args)


def unknown(kind: str, name: str, valid: Sequence[str]) -> LambdacliError:
    """A usage error that names the nearest valid thing."""
    return UsageError(f"unknown {kind} {name!r}", hint=nearest(name, valid, f"one of {', '.join(valid)}"))


app = typer.Typer(
    cls=Commands,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"lambdacli {__version__}")
        raise typer.Exit


@app.callback(
    epilog="Exit codes: 0 done, 1 the function or a deployment failed, 2 usage or manifest,"
    " 3 the machine lacks something, 4 timeout or out of memory, 70 a bug of lambdacli, 130 interrupted."
)
def lambdacli(
    version: Annotated[  # noqa: ARG001 - acts through its callback
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
    verbose: Annotated[bool, typer.Option("--verbose", help="Show more: tracebacks, whole plans.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Only results and errors.")] = False,
) -> None:
    """Run AWS Lambda functions here as Lambda would, without Docker, and deploy them to AWS: all from one manifest."""
    from lambdacli import console

    console.configure(verbose=verbose, quiet=quiet)
    try:
        os.getcwd()  # noqa: PTH109 - asked only whether there is one
    except OSError:
        raise MachineError("the current folder does not exist any more", hint="go to one that does") from None


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code. `--quiet` and `--verbose` may stand anywhere in it."""
    from lambdacli import console

    try:
        with console.writing(errno.ENOSPC, errno.EDQUOT):  # of a help page, which Typer writes
            result = get_command(app).main(_global_first(arguments), prog_name="lambdacli", standalone_mode=False)
        if result == interrupts.INTERRUPTED:  # how Typer returns from a KeyboardInterrupt
            console.message("interrupted")
        console.flush()
    except console.ReaderGone:
        return 0
    except SystemExit as error:
        if isinstance(error.__context__, BrokenPipeError):  # ours: Typer takes every broken pipe for that of stdout
            console.bug(error.__context__)
            return BUG
        raise
    except (KeyboardInterrupt, typer.Abort):
        console.message("interrupted")
        return interrupts.INTERRUPTED
    except LambdacliError as error:
        console.error(error)
        return error.exit_code
    except typer.TyperException as error:
        if arguments:
            console.error(_from_typer(error, arguments))
        else:
            console.message(error.format_message())  # the help page
        return error.exit_code
    except Exception as error:  # noqa: BLE001 - the last line of defence: a bug of ours
        console.bug(error)
        return BUG
    return result if isinstance(result, int) else 0


def _global_first(arguments: Sequence[str]) -> list[str]:
    """People write global options where they think of them; Typer wants them before the command."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    moved = [each for each in arguments[:end] if each in GLOBAL]
    return [*moved, *(each for each in arguments[:end] if each not in GLOBAL), *arguments[end:]]


def _from_typer(error: typer.TyperException, arguments: Sequence[str]) -> LambdacliError:
    context = getattr(error, "ctx", None)
    named = [name for name in arguments if name in COMMANDS][:1]
    where = context.command_path if context is not None else " ".join(("lambdacli", *named))
    message = error.format_message()
    return LambdacliError(message[:1].lower() + message[1:].rstrip("."), hint=f"see `{where} --help`")
