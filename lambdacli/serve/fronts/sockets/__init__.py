"""API Gateway's WebSocket APIs: their routes, their events, their connections, and how functions post back."""
