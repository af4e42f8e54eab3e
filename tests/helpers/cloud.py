"""AWS in memory, as far as functions without triggers need it: a connection whose calls go nowhere.

Every call can be the last one of a process, and every answer can get lost. Nobody waits.
"""

from __future__ import annotations

import copy
import json
import threading
from typing import TYPE_CHECKING, Any

from planned import ACCOUNT, REGION

from lambdacli.connection import Connection
from lambdacli.refusals import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Answer = dict[str, Any]

_READS = ("get_", "list_", "describe_", "head_")
_CONFIGURATION = (
    "Role", "Runtime", "Handler", "Description", "Timeout", "MemorySize", "EphemeralStorage", "Environment", "Layers",
    "TracingConfig", "DeadLetterConfig", "VpcConfig", "KMSKeyArn", "CodeSha256", "Architectures",
)  # fmt: skip
_UPDATING = 2  # looks at a function until a change of it is done


class Killed(BaseException):
    """The process is gone: no call comes out of it any more."""


class Cloud(Connection):
    """What one account and region have."""

    def __init__(self) -> None:
        super().__init__("", REGION)
        self.roles: dict[str, Answer] = {}
        self.groups: dict[str, Answer] = {}
        self.functions: dict[str, Answer] = {}
        self.layers: dict[str, list[Answer]] = {}
        self.calls: list[str] = []  # service:operation, in their order
        self.writes: list[str] = []
        self.happens: Callable[[int, str], str] = lambda _number, _call: ""  # "killed", "lost", "refused", "unheard"
        self.denied = ""  # a call that these credentials may not make
        self.gone = False  # a process is gone once it is
        self._changing = threading.RLock()
        self._revisions = 0

    def once(self, service: str, operation: str, parameters: Mapping[str, Any]) -> Answer:
        with self._changing:
            if self.gone:
                raise Killed
            self.calls.append(f"{service}:{operation}")
            work = getattr(self, f"_{service}_{operation}", None)
            if operation.startswith(_READS):
                answer = work(**copy.deepcopy(parameters)) if work else {}
                return copy.deepcopy(answer)
            assert work is not None, f"{service}:{operation}"
            if self.denied == f"{service}:{operation}":
                raise Refused(service, operation, "AccessDeniedException", "not authorized")
            self.writes.append(f"{service}:{operation}")
            return self._written(service, operation, lambda: work(**copy.deepcopy(parameters)))

    def _written(self, service: str, operation: str, work: Callable[[], Answer | None]) -> Answer:
        what = self.happens(len(self.writes), f"{service}:{operation}")
        if what == "refused":
            raise Refused(service, operation, "ThrottlingException", "Rate exceeded")
        if what == "unheard":
            raise Refused(service, operation, "ServiceException", "An error occurred", lost=True)
        answer = copy.deepcopy(work() or {})
        if what == "killed":
            self.gone = True
            raise Killed
        if what == "lost":
            raise Refused(service, operation, "Unreachable", "Read timeout", lost=True)
        return answer

    def pages(self, service: str, operation: str, key: str, parameters: Mapping[str, Any]) -> list[Any]:
        return list(self.patient(service, operation, parameters).get(key) or ())

    def pause(self, seconds: float) -> None:
        """Time does not count here."""

    def again(self) -> None:
        """Another process."""
        self.gone = False
        self.happens = lambda _number, _call: ""
        self.calls.clear()
        self.writes.clear()

    def seen(self) -> Any:
        """All that users and operators can tell apart: no numbers that AWS counts."""
        return json.loads(json.dumps({
            "roles": self.roles,
            "groups": self.groups,
            "functions": {name: self._function(each) for name, each in self.functions.items()},
            "layers": {name: self._layer(each[-1]) for name, each in self.layers.items() if each},
        }, sort_keys=True))  # fmt: skip

    def _function(self, function: Answer) -> Answer:
        alias = function["aliases"].get("live")
        return {
            "latest": {**self._configuration(function["latest"]), "Description": function["latest"]["Description"]},
            "reserved": function["reserved"],
            "tags": function["tags"],
            "live": alias and self._configuration(function["versions"][alias["FunctionVersion"]]),
            "weights": alias and [
                (weight, self._configuration(function["versions"][number]))
                for number, weight in alias["RoutingConfig"].get("AdditionalVersionWeights", {}).items()
            ],
            "asynchronous": function["asynchronous"],
            "provisioned": function["provisioned"],
            "policies": function["policies"],
        }  # fmt: skip

    def _configuration(self, configuration: Answer) -> Answer:
        """A version's description is its own."""
        kept = {key: configuration[key] for key in _CONFIGURATION if key != "Description"}
        kept["Layers"] = [self._content(each["Arn"]) for each in kept["Layers"]]
        return kept

    def _content(self, arn: str) -> Any:
        *_, name, number = arn.split(":")
        return next((self._layer(each) for each in self.layers[name] if str(each["Version"]) == number), "gone")

    @staticmethod
    def _layer(layer: Answer) -> Answer:
        return {key: layer[key] for key in ("Description", "CompatibleRuntimes", "CompatibleArchitectures")}

    # sts, tags ------------------------------------------------------------------------------------------------------

    def _sts_get_caller_identity(self) -> Answer:
        return {"Account": ACCOUNT}

    def _resourcegroupstaggingapi_get_resources(self, TagFilters: list[Answer]) -> Answer:  # noqa: N803
        """Functions and log groups, as AWS has no roles here."""
        tagged = {
            f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}": each["tags"] for name, each in self.functions.items()
        }
        tagged |= {
            f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{name}": each["tags"] for name, each in self.groups.items()
        }
        found = [
            arn for arn, tags in tagged.items() if all(tags.get(each["Key"]) in each["Values"] for each in TagFilters)
        ]
        return {"ResourceTagMappingList": [
            {"ResourceARN": arn, "Tags": [{"Key": key, "Value": value} for key, value in tagged[arn].items()]}
            for arn in found
        ]}  # fmt: skip

    # iam ------------------------------------------------------------------------------------------------------------

    def _role(self, name: str) -> Answer:
        if name not in self.roles:
            raise Refused("iam", "role", "NoSuchEntity", f"The role with name {name} cannot be found.")
        return self.roles[name]

    def _iam_list_roles(self, PathPrefix: str) -> Answer:  # noqa: N803
        return {"Roles": [
            {key: value for key, value in each.items() if key not in ("Policies", "PermissionsBoundary", "Tags")}
            for each in self.roles.values() if each["Path"].startswith(PathPrefix)
        ]}  # fmt: skip

    def _iam_get_role(self, RoleName: str) -> Answer:  # noqa: N803
        return {"Role": self._role(RoleName)}

    def _iam_get_role_policy(self, RoleName: str, PolicyName: str) -> Answer:  # noqa: N803
        policies = self._role(RoleName)["Policies"]
        if PolicyName not in policies:
            raise Refused("iam", "get_role_policy", "NoSuchEntity", "The role policy cannot be found.")
        return {"PolicyDocument": policies[PolicyName]}

    def _iam_create_role(self, RoleName: str, Path: str, AssumeRolePolicyDocument: str, **more: Any) -> Answer:  # noqa: N803
        if RoleName in self.roles:
            raise Refused("iam", "create_role", "EntityAlreadyExists", f"Role with name {RoleName} already exists.")
        boundary = more.pop("PermissionsBoundary", None)
        role = {"RoleName": RoleName, "Path": Path, "Arn": f"arn:aws:iam::{ACCOUNT}:role{Path}{RoleName}", **more,
                "AssumeRolePolicyDocument": json.loads(AssumeRolePolicyDocument), "Policies": {}}  # fmt: skip
        role["Tags"] = {each["Key"]: each["Value"] for each in more["Tags"]}
        role.setdefault("Description", "")
        if boundary:
            role["PermissionsBoundary"] = {"PermissionsBoundaryArn": boundary}
        self.roles[RoleName] = role
        return {"Role": role}

    def _iam_put_role_policy(self, RoleName: str, PolicyName: str, PolicyDocument: str) -> None:  # noqa: N803
        self._role(RoleName)["Policies"][PolicyName] = json.loads(PolicyDocument)

    def _iam_update_assume_role_policy(self, RoleName: str, PolicyDocument: str) -> None:  # noqa: N803
        self._role(RoleName)["AssumeRolePolicyDocument"] = json.loads(PolicyDocument)

    def _iam_update_role(self, RoleName: str, Description: str) -> None:  # noqa: N803
        self._role(RoleName)["Description"] = Description

    def _iam_list_role_tags(self, RoleName: str) -> Answer:  # noqa: N803
        return {"Tags": [{"Key": key, "Value": value} for key, value in self._role(RoleName)["Tags"].items()]}

    def _iam_tag_role(self, RoleName: str, Tags: list[Answer]) -> None:  # noqa: N803
        self._role(RoleName)["Tags"] |= {each["Key"]: each["Value"] for each in Tags}

    def _iam_untag_role(self, RoleName: str, TagKeys: list[str]) -> None:  # noqa: N803
        for key in TagKeys:
            self._role(RoleName)["Tags"].pop(key, None)

    def _iam_put_role_permissions_boundary(self, RoleName: str, PermissionsBoundary: str) -> None:  # noqa: N803
        self._role(RoleName)["PermissionsBoundary"] = {"PermissionsBoundaryArn": PermissionsBoundary}

    def _iam_delete_role_permissions_boundary(self, RoleName: str) -> None:  # noqa: N803
        self._role(RoleName).pop("PermissionsBoundary", None)

    def _iam_list_role_policies(self, RoleName: str) -> Answer:  # noqa: N803
        return {"PolicyNames": list(self._role(RoleName)["Policies"])}

    def _iam_delete_role_policy(self, RoleName: str, PolicyName: str) -> None:  # noqa: N803
        self._role(RoleName)["Policies"].pop(PolicyName)

    def _iam_delete_role(self, RoleName: str) -> None:  # noqa: N803
        if self._role(RoleName)["Policies"]:
            raise Refused("iam", "delete_role", "DeleteConflict", "Cannot delete entity, must delete policies first.")
        del self.roles[RoleName]

    # logs -----------------------------------------------------------------------------------------------------------

    def _group(self, name: str) -> Answer:
        if name not in self.groups:
            raise Refused("logs", "group", "ResourceNotFoundException", "The specified log group does not exist.")
        return self.groups[name]

    def _logs_describe_log_groups(self, logGroupNamePrefix: str) -> Answer:  # noqa: N803
        return {"logGroups": [
            {"logGroupName": name, "arn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{name}:*", **each["settings"]}
            for name, each in self.groups.items() if name.startswith(logGroupNamePrefix)
        ]}  # fmt: skip

    def _logs_list_tags_for_resource(self, resourceArn: str) -> Answer:  # noqa: N803
        return {"tags": self._group(resourceArn.partition("log-group:")[2])["tags"]}

    def _logs_tag_resource(self, resourceArn: str, tags: Answer) -> None:  # noqa: N803
        self._group(resourceArn.partition("log-group:")[2])["tags"] |= tags

    def _logs_untag_resource(self, resourceArn: str, tagKeys: list[str]) -> None:  # noqa: N803
        for key in tagKeys:
            self._group(resourceArn.partition("log-group:")[2])["tags"].pop(key, None)

    def _logs_create_log_group(self, logGroupName: str, tags: Mapping[str, str]) -> None:  # noqa: N803
        if logGroupName in self.groups:
            text = "The specified log group already exists"
            raise Refused("logs", "create_log_group", "ResourceAlreadyExistsException", text)
        self.groups[logGroupName] = {"tags": dict(tags), "settings": {}}

    def _logs_put_retention_policy(self, logGroupName: str, retentionInDays: int) -> None:  # noqa: N803
        self._group(logGroupName)["settings"]["retentionInDays"] = retentionInDays

    def _logs_delete_retention_policy(self, logGroupName: str) -> None:  # noqa: N803
        self._group(logGroupName)["settings"].pop("retentionInDays", None)

    def _logs_delete_log_group(self, logGroupName: str) -> None:  # noqa: N803
        self._group(logGroupName)
        del self.groups[logGroupName]

    # lambda: functions ----------------------------------------------------------------------------------------------

    def _one(self, name: str) -> Answer:
        name = name.rpartition("function:")[2]
        if name not in self.functions:
            raise _missing("function", f"Function not found: {name}")
        return self.functions[name]

    def _look(self, name: str) -> Answer:
        """What is seen of $LATEST: after some looks a change of it is done, which makes another revision of it."""
        latest: Answer = self._one(name)["latest"]
        if latest["updating"]:
            latest["updating"] -= 1
            if not latest["updating"]:
                latest |= {"State": "Active", "LastUpdateStatus": "Successful", "RevisionId": self._revision()}
        return latest

    def _revision(self) -> str:
        self._revisions += 1
        return f"r{self._revisions}"

    def _changeable(self, name: str, revision: str | None = None) -> Answer:
        function = self._one(name)
        if function["latest"]["updating"]:
            self._look(name)
            text = f"The operation cannot be performed at this time. An update is in progress for resource: {name}"
            raise Refused("lambda", "update_function", "ResourceConflictException", text)
        if revision is not None and revision != function["latest"]["RevisionId"]:
            raise Refused("lambda", "update_function", "PreconditionFailedException", "The Revision Id does not match")
        return function

    def _lambda_get_function(self, FunctionName: str) -> Answer:  # noqa: N803
        function = self._one(FunctionName)
        found = {"Configuration": self._look(FunctionName), "Tags": function["tags"]}
        if function["reserved"] is not None:
            found["Concurrency"] = {"ReservedConcurrentExecutions": function["reserved"]}
        return found

    def _lambda_get_function_configuration(self, FunctionName: str, Qualifier: str = "") -> Answer:  # noqa: N803
        if not Qualifier:
            return self._look(FunctionName)
        versions = self._one(FunctionName)["versions"]
        if Qualifier not in versions:
            raise _missing("version", "Function not found")
        return versions[Qualifier]  # type: ignore[no-any-return]

    def _lambda_create_function(self, FunctionName: str, Code: Answer, Tags: Answer, **given: Any) -> Answer:  # noqa: N803
        if FunctionName in self.functions:
            raise Refused(
                "lambda", "create_function", "ResourceConflictException", f"Function already exist: {FunctionName}"
            )
        self._assumable(given["Role"])
        latest = {
            **_EMPTY, **given, "FunctionName": FunctionName, "CodeSha256": Code["ZipFile"].decode(),
            "FunctionArn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{FunctionName}", "State": "Pending",
            "LastUpdateStatus": "InProgress", "RevisionId": self._revision(), "updating": _UPDATING,
        }  # fmt: skip
        latest["Layers"] = [{"Arn": self._published(each)} for each in given.get("Layers", ())]
        self.functions[FunctionName] = {
            "latest": latest, "tags": Tags, "reserved": None, "versions": {}, "aliases": {}, "published": 0,
            "asynchronous": {}, "provisioned": {}, "policies": {},
        }  # fmt: skip
        return latest

    def _assumable(self, arn: str) -> None:
        if arn not in {each["Arn"] for each in self.roles.values()} and ":role/theirs" not in arn:
            text = "The role defined for the function cannot be assumed by Lambda."
            raise Refused("lambda", "update_function", "InvalidParameterValueException", text)

    def _lambda_update_function_configuration(
        self, FunctionName: str, RevisionId: str | None = None, **given: Any  # noqa: N803
    ) -> Answer:  # fmt: skip
        latest: Answer = self._changeable(FunctionName, RevisionId)["latest"]
        self._assumable(given.get("Role", latest["Role"]))
        if "Layers" in given:
            given["Layers"] = [{"Arn": self._published(each)} for each in given["Layers"]]
        return self._updated(latest, given)

    def _lambda_update_function_code(
        self, FunctionName: str, ZipFile: bytes, Architectures: list[str], RevisionId: str | None = None  # noqa: N803
    ) -> Answer:  # fmt: skip
        latest: Answer = self._changeable(FunctionName, RevisionId)["latest"]
        return self._updated(latest, {"CodeSha256": ZipFile.decode(), "Architectures": Architectures})

    def _updated(self, latest: Answer, given: Answer) -> Answer:
        latest |= given
        latest |= {"LastUpdateStatus": "InProgress", "RevisionId": self._revision(), "updating": _UPDATING}
        return latest

    def _lambda_delete_function(self, FunctionName: str, Qualifier: str = "") -> None:  # noqa: N803
        function = self._one(FunctionName)
        if not Qualifier:
            del self.functions[FunctionName]
            return
        used = {
            number
            for alias in function["aliases"].values()
            for number in (alias["FunctionVersion"], *alias["RoutingConfig"].get("AdditionalVersionWeights", {}))
        }
        assert Qualifier not in used, "an alias points at it"
        function["versions"].pop(Qualifier, None)

    def _lambda_put_function_concurrency(self, FunctionName: str, ReservedConcurrentExecutions: int) -> None:  # noqa: N803
        self._one(FunctionName)["reserved"] = ReservedConcurrentExecutions

    def _lambda_delete_function_concurrency(self, FunctionName: str) -> None:  # noqa: N803
        self._one(FunctionName)["reserved"] = None

    def _lambda_tag_resource(self, Resource: str, Tags: Answer) -> None:  # noqa: N803
        self._one(Resource)["tags"] |= Tags

    def _lambda_untag_resource(self, Resource: str, TagKeys: list[str]) -> None:  # noqa: N803
        for key in TagKeys:
            self._one(Resource)["tags"].pop(key, None)

    # lambda: versions, alias, and what hangs on it ------------------------------------------------------------------

    def _lambda_publish_version(self, FunctionName: str, CodeSha256: str, Description: str) -> Answer:  # noqa: N803
        function = self._changeable(FunctionName)
        latest, versions = function["latest"], function["versions"]
        if latest["CodeSha256"] != CodeSha256:
            text = "CodeSHA256 is different from current CodeSHA256 in $LATEST. Please try again"
            raise Refused("lambda", "publish_version", "InvalidParameterValueException", text)
        newest = versions.get(str(function["published"]))
        if newest and all(newest[key] == latest[key] for key in _CONFIGURATION if key != "Description"):
            return newest  # type: ignore[no-any-return]
        function["published"] += 1
        number = str(function["published"])
        made = {
            **copy.deepcopy(latest),
            "Version": number,
            "State": "Active",
            "updating": 0,
            "Description": Description,
        }
        versions[number] = made
        return made

    def _lambda_list_versions_by_function(self, FunctionName: str) -> Answer:  # noqa: N803
        return {
            "Versions": [{"Version": "$LATEST"}, *({"Version": each} for each in self._one(FunctionName)["versions"])]
        }

    def _alias(self, function: str, name: str) -> Answer:
        aliases: Answer = self._one(function)["aliases"]
        if name not in aliases:
            raise _missing("alias", f"Cannot find alias arn: {name}")
        return aliases[name]  # type: ignore[no-any-return]

    def _lambda_get_alias(self, FunctionName: str, Name: str) -> Answer:  # noqa: N803
        return self._alias(FunctionName, Name)

    def _lambda_list_aliases(self, FunctionName: str) -> Answer:  # noqa: N803
        return {"Aliases": list(self._one(FunctionName)["aliases"].values())}

    def _lambda_create_alias(self, FunctionName: str, Name: str, FunctionVersion: str, Description: str) -> Answer:  # noqa: N803
        function = self._one(FunctionName)
        if Name in function["aliases"]:
            raise Refused("lambda", "create_alias", "ResourceConflictException", "Alias already exists")
        assert FunctionVersion in function["versions"]
        function["aliases"][Name] = {
            "AliasArn": f"{function['latest']['FunctionArn']}:{Name}", "Name": Name, "FunctionVersion": FunctionVersion,
            "Description": Description, "RoutingConfig": {},
        }  # fmt: skip
        return function["aliases"][Name]  # type: ignore[no-any-return]

    def _lambda_update_alias(self, FunctionName: str, Name: str, **given: Any) -> Answer:  # noqa: N803
        versions = self._one(FunctionName)["versions"]
        assert {given["FunctionVersion"], *given["RoutingConfig"]["AdditionalVersionWeights"]} <= versions.keys()
        alias = self._alias(FunctionName, Name)
        alias |= given
        return alias

    def _lambda_get_policy(self, FunctionName: str, Qualifier: str) -> Answer:  # noqa: N803
        statements = self._one(FunctionName)["policies"].get(Qualifier)
        if not statements:
            raise _missing("policy", "The resource you requested does not exist.")
        return {"Policy": json.dumps({"Statement": statements})}

    def _lambda_add_permission(self, FunctionName: str, Qualifier: str, StatementId: str, **given: Any) -> None:  # noqa: N803
        statements = self._one(FunctionName)["policies"].setdefault(Qualifier, [])
        if any(each["Sid"] == StatementId for each in statements):
            text = f"The statement id ({StatementId}) provided already exists."
            raise Refused("lambda", "add_permission", "ResourceConflictException", text)
        like = {"ArnLike": {"AWS:SourceArn": given["SourceArn"]}}
        principal = {"Service": given["Principal"]}
        statements.append({"Sid": StatementId, "Action": given["Action"], "Principal": principal, "Condition": like})

    def _lambda_remove_permission(self, FunctionName: str, Qualifier: str, StatementId: str) -> None:  # noqa: N803
        statements = self._one(FunctionName)["policies"][Qualifier]
        statements[:] = [each for each in statements if each["Sid"] != StatementId]

    def _lambda_get_function_event_invoke_config(self, FunctionName: str, Qualifier: str) -> Answer:  # noqa: N803
        return self._hanging("asynchronous", FunctionName, Qualifier)

    def _lambda_put_function_event_invoke_config(self, FunctionName: str, Qualifier: str, **given: Any) -> None:  # noqa: N803
        self._alias(FunctionName, Qualifier)
        for end in given["DestinationConfig"].values():
            arn = end["Destination"]
            function, _, alias = arn.rpartition("function:")[2].partition(":")
            if ":function:" in arn and alias not in self.functions.get(function, {"aliases": {}})["aliases"]:
                text = f"The destination ARN {arn} is invalid."
                raise Refused("lambda", "put_function_event_invoke_config", "InvalidParameterValueException", text)
        self._one(FunctionName)["asynchronous"][Qualifier] = given

    def _lambda_delete_function_event_invoke_config(self, FunctionName: str, Qualifier: str) -> None:  # noqa: N803
        self._hanging("asynchronous", FunctionName, Qualifier)
        del self._one(FunctionName)["asynchronous"][Qualifier]

    def _lambda_get_provisioned_concurrency_config(self, FunctionName: str, Qualifier: str) -> Answer:  # noqa: N803
        wanted = self._hanging("provisioned", FunctionName, Qualifier)
        return {"RequestedProvisionedConcurrentExecutions": wanted, "Status": "READY"}

    def _lambda_put_provisioned_concurrency_config(
        self, FunctionName: str, Qualifier: str, ProvisionedConcurrentExecutions: int  # noqa: N803
    ) -> None:  # fmt: skip
        self._alias(FunctionName, Qualifier)
        self._one(FunctionName)["provisioned"][Qualifier] = ProvisionedConcurrentExecutions

    def _lambda_delete_provisioned_concurrency_config(self, FunctionName: str, Qualifier: str) -> None:  # noqa: N803
        self._one(FunctionName)["provisioned"].pop(Qualifier, None)

    def _hanging(self, what: str, name: str, qualifier: str) -> Any:
        found = self._one(name)[what].get(qualifier)
        if found is None:
            code = (
                "ProvisionedConcurrencyConfigNotFoundException"
                if what == "provisioned"
                else "ResourceNotFoundException"
            )
            raise Refused("lambda", what, code, f"The function {name} doesn't have one")
        return found

    # lambda: layers -------------------------------------------------------------------------------------------------

    def _published(self, arn: str) -> str:
        *_, name, number = arn.split(":")
        if not any(str(each["Version"]) == number for each in self.layers.get(name, ())):
            text = f"Layer version {arn} does not exist."
            raise Refused("lambda", "update_function", "InvalidParameterValueException", text)
        return arn

    def _lambda_list_layers(self) -> Answer:
        return {"Layers": [
            {"LayerName": name, "LatestMatchingVersion": each[-1]} for name, each in self.layers.items() if each
        ]}  # fmt: skip

    def _lambda_list_layer_versions(self, LayerName: str) -> Answer:  # noqa: N803
        return {"LayerVersions": list(reversed(self.layers.get(LayerName, [])))}

    def _lambda_publish_layer_version(self, LayerName: str, Content: Answer, **given: Any) -> Answer:  # noqa: N803
        versions = self.layers.setdefault(LayerName, [])
        number = (versions[-1]["Version"] if versions else 0) + 1
        arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:layer:{LayerName}:{number}"
        versions.append({**given, "Version": number, "LayerVersionArn": arn, "Content": Content["ZipFile"].decode()})
        return versions[-1]

    def _lambda_delete_layer_version(self, LayerName: str, VersionNumber: int) -> None:  # noqa: N803
        versions = self.layers.get(LayerName, [])
        versions[:] = [each for each in versions if each["Version"] != VersionNumber]


_EMPTY: Answer = {
    "Description": "", "Timeout": 3, "MemorySize": 128, "EphemeralStorage": {"Size": 512}, "Layers": [],
    "Environment": {"Variables": {}}, "TracingConfig": {"Mode": "PassThrough"}, "DeadLetterConfig": {"TargetArn": ""},
    "VpcConfig": {"SubnetIds": [], "SecurityGroupIds": []}, "KMSKeyArn": "", "Architectures": ["x86_64"],
}  # fmt: skip


def _missing(operation: str, text: str) -> Refused:
    return Refused("lambda", operation, "ResourceNotFoundException", text)
