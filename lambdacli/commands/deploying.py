"""What `deploy`, `diff` and `destroy` share: where to, the plan, the question, the work, the report."""

from __future__ import annotations

import gc
import os
import sys
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import typer

from lambdacli import console, interrupts
from lambdacli.commands import options
from lambdacli.errors import DeploymentFailed, LambdacliError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lambdacli import deploy
    from lambdacli.deploy.actions import Action
    from lambdacli.deploy.apply import Phase, Report, Result
    from lambdacli.deploy.plan import Plan
    from lambdacli.model import Manifest

CHANGES = 2  # exit code with --detailed-exitcode


class Target(NamedTuple):
    """Which manifest, and whose AWS."""

    manifest: Manifest
    profile: str
    account: str


def _target(
    manifest: options.ManifestPath = None,
    stage: options.Stage = "",
    region: options.Region = "",
    profile: options.Profile = "",
    account: options.Account = "",
) -> Target:
    from lambdacli import manifest as manifests

    path = manifests.find(Path.cwd(), manifest)
    return Target(manifests.load(path, stage=stage, region=region, environ=os.environ), profile, account)


# Gives a command the options that say where on AWS; it takes them as one `Target`, then options of its own.
on_aws = options.taking(_target)


class How(NamedTuple):
    """How a plan is dealt with."""

    dry_run: bool = False
    yes: bool = False
    json: bool = False
    detailed_exitcode: bool = False
    force_unlock: bool = False


def planning(command: Callable[..., int]) -> Callable[..., int]:
    """As `on_aws`; with --detailed-exitcode every error ends it with 1, as 2 says that there are changes."""
    inner = on_aws(command)

    @wraps(inner)
    def run_it(**given: Any) -> int:
        try:
            return int(inner(**given))
        except LambdacliError as error:
            if not given["detailed_exitcode"]:
                raise
            console.error(error)
            return 1

    return run_it


def deployment(target: Target, only: str, **more: Any) -> deploy.Options:
    """What `deploy` does and `diff` shows.

    Raises:
        UsageError: there is no such function.
    """
    from lambdacli import deploy

    known = options.known_function(target.manifest, only)
    return deploy.Options(target.manifest, profile=target.profile, account=target.account, only=known, **more)


def run(wanted: deploy.Options, how: How) -> int:
    """Plan, show, ask, carry out, report; the exit code.

    Raises:
        LambdacliError: whatever keeps it from being done.
    """
    from lambdacli import deploy
    from lambdacli.console import progress
    from lambdacli.deploy import lock

    if how.detailed_exitcode and not how.dry_run:
        raise UsageError("--detailed-exitcode is for plans that are only shown", hint="add --dry-run")
    if not wanted.destroy:
        _check(wanted)
    with progress.working("reading what there is on AWS") as tell:
        prepared = deploy.prepare(wanted, tell)
    for remark in dict.fromkeys(each for package in prepared.aws.packages.values() for each in package.remarks):
        console.warning(remark)
    if how.dry_run:
        return _shown(prepared.plan, wanted, how)
    if not prepared.plan.changes:
        if wanted.destroy:
            lock.forget(prepared.aws)
        return _nothing(prepared.plan, wanted, how)
    _ask(prepared.plan, wanted, how)
    report = _carried_out(prepared, wanted, how)
    return _told(prepared.plan, report, wanted, how)


def _check(wanted: deploy.Options) -> None:
    """What `validate` finds wrong is not deployed; what it warns of is told.

    Raises:
        ManifestError: something is wrong.
    """
    from lambdacli import manifest as manifests

    problems = manifests.lint(wanted.manifest)
    if wanted.only:
        own = f"functions.{wanted.only}"
        problems = [each for each in problems if each.path == own or each.path.startswith(f"{own}.")]
    for each in problems:
        if each.severity == "warning":
            console.warning(str(each), each.hint)
    if errors := [each for each in problems if each.severity == "error"]:
        raise manifests.failure(wanted.manifest.path, errors)


def _shown(plan: Plan, wanted: deploy.Options, how: How) -> int:
    from lambdacli.console import plans
    from lambdacli.deploy import view

    seen = view.of_plan(plan, destroying=wanted.destroy)
    if how.json:
        _print(seen)
    else:
        plans.show(seen, sys.stdout)
    return CHANGES if how.detailed_exitcode and plan.changes else 0


def _nothing(plan: Plan, wanted: deploy.Options, how: How) -> int:
    from lambdacli.console import plans
    from lambdacli.deploy import view
    from lambdacli.deploy.apply import Report

    report = Report((), plan.attributes)
    seen = view.of_report(plan, report, destroying=wanted.destroy)
    if plan.actions and not console.quiet():  # what is left as it is, and why
        plans.show(seen)
    place = plan.place
    of = f"of {place.manifest.app}, stage {place.manifest.stage}, in account {place.account}, {place.region}"
    console.message(f"nothing to destroy {of}" if wanted.destroy else f"nothing to do: {plan.unchanged} unchanged")
    if how.json:
        _print(seen)
    else:
        plans.results(seen["outputs"])
    return 0


def _ask(plan: Plan, wanted: deploy.Options, how: How) -> None:
    from lambdacli.console import plans
    from lambdacli.deploy import view

    if not (how.yes and console.quiet()):
        plans.show(view.of_plan(plan, destroying=wanted.destroy))
    what = "delete this from" if wanted.destroy else "do this in"
    confirm(f"{what} account {plan.place.account}, {plan.place.region}?", yes=how.yes)


def confirm(question: str, *, yes: bool) -> None:
    """Go on only with a yes.

    Raises:
        UsageError: there is nobody to ask.
        typer.Exit: the answer is no (exit code 1).
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise UsageError("nobody can be asked: stdin is no terminal", hint="--yes does it without asking")
    if not typer.confirm(question, err=True):
        console.message("nothing was changed")
        raise typer.Exit(1)


def _carried_out(prepared: deploy.Prepared, wanted: deploy.Options, how: How) -> Report:
    from lambdacli import deploy
    from lambdacli.console import plans, progress
    from lambdacli.deploy import view

    seen = {(each["kind"], each["name"]): each for each in view.of_plan(prepared.plan)["actions"]}
    steps = {
        key: progress.Step(action["function"], plans.sign(action), plans.name(action), str(key))
        for key, action in seen.items()
    }
    title = "destroying" if wanted.destroy else "deploying"
    connection = prepared.aws.connection
    gc.enable()  # it may take long
    with (
        interrupts.Heard(),
        progress.Steps(len(prepared.plan.changes), title, connection.stopping.is_set) as shown,
    ):
        connection.uploading = shown.sending

        def watch(action: Action, phase: Phase) -> None:
            if phase == "started":
                shown.started(steps[action.key])
            else:
                shown.done(steps[action.key], well=phase == "done")

        return deploy.carry_out(prepared, watch, force_unlock=how.force_unlock)


def _told(plan: Plan, report: Report, wanted: deploy.Options, how: How) -> int:
    from lambdacli.console import plans
    from lambdacli.deploy import view

    seen = view.of_report(plan, report, destroying=wanted.destroy)
    if how.json:
        _print(seen)
    if {each.state for each in report.results} == {"skipped"}:
        console.message(f"none of the {len(report.skipped)} changes was finished")
    elif report.failed or report.skipped:
        plans.failures(seen, _hints(report))
    elif not how.json:
        plans.results(seen["outputs"])
    if wanted.canary and any(map(_splits_traffic, report.results)):
        console.message(f"new versions get {wanted.canary} % of the traffic: `promote` gives them all, `rollback` none")
    if report.interrupted:
        console.message("the same command goes on from here")
        return interrupts.INTERRUPTED
    if report.failed:
        done = sum(each.state == "done" for each in report.results)
        raise DeploymentFailed(
            f"{len(report.failed)} failed, {len(report.skipped)} not done because of that, {done} done",
            hint="the same command goes on from here",
        )
    return 0


def _splits_traffic(result: Result) -> bool:
    action = result.action
    return result.state == "done" and action.op == "update" and action.key.kind == "alias"


def _hints(report: Report) -> Mapping[tuple[str, str], str]:
    return {
        (each.action.key.kind, each.action.key.name): hint
        for each in report.failed
        if (hint := getattr(each.error, "hint", ""))
    }


def _print(view: dict[str, Any]) -> None:
    from json import dumps

    console.data(dumps(view, indent=2, ensure_ascii=False))
