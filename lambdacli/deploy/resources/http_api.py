"""An API Gateway HTTP API."""

from lambdacli.deploy.resources._api import Api


class _HttpApi(Api):
    kind = "http_api"
    label = "HTTP API"
    protocol = "HTTP"


KIND = _HttpApi()
