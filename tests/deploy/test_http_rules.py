"""AWS's rules of HTTP APIs in front of the emulator."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Callable

    from rules import Proxy

KEY = "GET /orders/{id}"


@pytest.fixture
def api(aws: Proxy) -> str:
    """An API with a route, without a stage."""
    client = aws.client("apigatewayv2")
    made = str(client.create_api(Name="orders", ProtocolType="HTTP")["ApiId"])
    client.create_route(ApiId=made, RouteKey=KEY)
    return made


def _refused(call: Callable[[], Any]) -> str:
    with pytest.raises(ClientError) as caught:
        call()
    return str(caught.value.response["Error"]["Code"])


def test_a_stage_is_there_once(aws: Proxy, api: str) -> None:
    client = aws.strict_client("apigatewayv2")
    client.create_stage(ApiId=api, StageName="$default")
    assert _refused(lambda: client.create_stage(ApiId=api, StageName="$default")) == "ConflictException"


def test_what_a_stage_says_of_a_route_is_deleted_alone(aws: Proxy, api: str) -> None:
    client = aws.strict_client("apigatewayv2")
    settings = {KEY: {"ThrottlingBurstLimit": 1}}
    client.create_stage(ApiId=api, StageName="$default", RouteSettings=settings)
    client.delete_route_settings(ApiId=api, StageName="$default", RouteKey=KEY)
    assert client.get_stage(ApiId=api, StageName="$default")["RouteSettings"] == {}
    again = {"ApiId": api, "StageName": "$default", "RouteKey": KEY}
    assert _refused(lambda: client.delete_route_settings(**again)) == "NotFoundException"
    none = {"GET /none": {"ThrottlingBurstLimit": 1}}
    assert _refused(lambda: client.update_stage(ApiId=api, StageName="$default", RouteSettings=none)) == (
        "NotFoundException"
    )


def test_an_authorizers_name_is_there_once(aws: Proxy, api: str) -> None:
    client = aws.strict_client("apigatewayv2")
    given = {
        "ApiId": api, "Name": "door", "AuthorizerType": "JWT", "IdentitySource": ["$request.header.Authorization"],
        "JwtConfiguration": {"Issuer": "https://id.example.com", "Audience": ["a"]},
    }  # fmt: skip
    client.create_authorizer(**given)
    assert _refused(lambda: client.create_authorizer(**given)) == "BadRequestException"
