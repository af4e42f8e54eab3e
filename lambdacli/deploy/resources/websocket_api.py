"""An API Gateway WebSocket API."""

from lambdacli.deploy.resources._api import Api


class _WebSocketApi(Api):
    kind = "websocket_api"
    label = "WebSocket API"
    protocol = "WEBSOCKET"


KIND = _WebSocketApi()
