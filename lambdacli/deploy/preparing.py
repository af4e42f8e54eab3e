"""From the command line's options to a plan: packaging and connecting at once, then reading, then planning."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from lambdacli import deploy
from lambdacli.deploy import actual, desired, package, plan
from lambdacli.deploy.aws import Aws
from lambdacli.deploy.desired import Packages
from lambdacli.errors import ManifestError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from lambdacli.deploy import Options, Prepared
    from lambdacli.deploy.package import Package
    from lambdacli.model import Function, Manifest


def prepare(options: Options, tell: Callable[[str], None]) -> Prepared:
    """See `lambdacli.deploy.prepare`."""
    chosen = _chosen(options)
    with ThreadPoolExecutor(1) as pool:
        connecting = pool.submit(deploy.connect, options)
        packages = _packages(options.manifest, chosen, tell)
        aws = connecting.result()
    made = {each.sha256: each for each in (*packages.functions.values(), *packages.layers.values())}
    aws = Aws(aws.connection, aws.place, made)
    since = time.monotonic()
    made_plan = _planned(aws, options, packages)
    if made_plan.lacks:
        raise _missing(options.manifest, made_plan.lacks)
    return deploy.Prepared(made_plan, aws, since, partial(_planned_again, aws, options, packages), options.destroy)


def _planned_again(aws: Aws, options: Options, packages: Packages) -> plan.Plan:
    return _planned(Aws(aws.connection, aws.place, aws.packages), options, packages)


def _planned(aws: Aws, options: Options, packages: Packages) -> plan.Plan:
    wanted = [] if options.destroy else desired.resources(aws.place, packages, options.only)
    state = actual.read(aws, wanted, options.only)
    if options.only and wanted:
        others = desired.elsewhere(aws.place, options.only)
        state = state._replace(found={key: there for key, there in state.found.items() if key not in others})
    return plan.make(aws.place, wanted, state, delete_data=options.delete_data)


def _chosen(options: Options) -> list[Function]:
    manifest = options.manifest
    if options.destroy:
        return []
    if options.only and options.only not in manifest.functions:
        from lambdacli.suggest import nearest

        raise UsageError(f"no function {options.only!r}", hint=nearest(options.only, manifest.functions))
    chosen = [each for each in manifest.functions.values() if not options.only or each.name == options.only]
    unresolved = [problem for each in chosen for problem in each.unresolved]
    if unresolved:
        raise ManifestError("the manifest cannot be deployed as it is", problems=unresolved)
    return chosen


def _packages(manifest: Manifest, functions: Iterable[Function], tell: Callable[[str], None]) -> Packages:
    """Functions that share their code share the package."""
    seen: dict[object, Package] = {}
    made, layers = {}, {}
    checked: set[tuple[str, str]] = set()
    for function in functions:
        made[function.name] = package.package(function, project=manifest.folder, tell=tell, seen=seen)
        local = [each for each in function.layers if not each.startswith("arn:")]
        for each in local:
            if (each, function.architecture) not in checked:  # what is native in it suits each of its functions
                checked.add((each, function.architecture))
                layers[each] = package.package_layer(Path(each), architecture=function.architecture)
        below = [layers[each] for each in local]
        package.check_size(function, made[function.name], below)
        _reaching(function, (made[function.name], *below), manifest.deploying.bucket)
    return Packages(made, layers)


def _reaching(function: Function, parts: Iterable[Package], bucket: str) -> None:
    """Whether Lambda can be given all of a function.

    Raises:
        ManifestError: some of it is too large for Lambda's API, and the manifest names no bucket.
    """
    large = [each for each in parts if each.size > package.DIRECT_UPLOAD]
    if large and not bucket:
        raise ManifestError(
            f"function {function.name}: {large[0].path.name} has {large[0].size:,} bytes:"
            " more than 50 MB reach Lambda through S3 only",
            hint="name a bucket: `deploy: {bucket: NAME}`",
        )


def _missing(manifest: Manifest, lacks: Iterable[plan.Lack]) -> ManifestError:
    from lambdacli import manifest as manifests

    wheres = [(each.resource.where, each.message, each.hint) for each in lacks]
    return manifests.failure(manifest.path, manifests.placed(manifest, wheres))
