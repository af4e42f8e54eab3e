"""Products over HTTP: one function behind three routes, each a small function that returns a response."""

import base64
import json

# Stands in for a table. What a function writes to its memory is gone with its environment.
PRODUCTS = {
    "7": {"id": "7", "name": "Kettle", "price": 2900},
    "8": {"id": "8", "name": "Teapot", "price": 1850},
}


class RequestError(Exception):
    """What the caller did wrong, as a status and a sentence."""

    def __init__(self, status, detail):
        super().__init__(detail)
        self.status = status


def handler(event, context):
    route = ROUTES.get(event["routeKey"])
    if route is None:
        return respond(404, {"error": f"no route {event['routeKey']}"})
    try:
        return route(event)
    except RequestError as error:
        return respond(error.status, {"error": str(error)})
    except Exception as error:  # the caller learns the id to ask for, not the cause
        log("ERROR", "failed", route=event["routeKey"], error=repr(error), requestId=context.aws_request_id)
        return respond(500, {"error": "internal error", "requestId": context.aws_request_id})


def list_products(event):
    query = event.get("queryStringParameters") or {}
    wanted = query.get("name", "").lower()
    return respond(200, [product for product in PRODUCTS.values() if wanted in product["name"].lower()])


def get_product(event):
    product = PRODUCTS.get(product_id(event))
    if product is None:
        raise RequestError(404, f"no product {product_id(event)}")
    return respond(200, product)


def put_product(event):
    """Creates or replaces: sent twice, it leaves the same product."""
    product = body(event)
    name, price = product.get("name"), product.get("price")
    if not isinstance(name, str) or not name:
        raise RequestError(422, "name must be a string that is not empty")
    if type(price) is not int or price < 0:
        raise RequestError(422, "price must be an integer, in cents")
    created = product_id(event) not in PRODUCTS
    PRODUCTS[product_id(event)] = {"id": product_id(event), "name": name, "price": price}
    return respond(201 if created else 200, PRODUCTS[product_id(event)])


ROUTES = {
    "GET /products": list_products,
    "GET /products/{id}": get_product,
    "PUT /products/{id}": put_product,
}


def product_id(event):
    return event["pathParameters"]["id"]


def body(event):
    text = event.get("body") or ""
    try:
        content = json.loads(base64.b64decode(text) if event.get("isBase64Encoded") else text)
    except ValueError:
        raise RequestError(400, "the body must be JSON") from None
    if not isinstance(content, dict):
        raise RequestError(400, "the body must be a JSON object")
    return content


def respond(status, content):
    return {"statusCode": status, "headers": {"content-type": "application/json"}, "body": json.dumps(content)}


def log(level, message, **fields):
    print(json.dumps({"level": level, "message": message, **fields}))
