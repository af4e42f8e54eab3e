"""Puts three orders into the queue, one of them broken; the endpoint is that of AWS_ENDPOINT_URL, else AWS."""

import json

import boto3

ORDERS = [
    json.dumps({"id": 1, "lines": [{"price": 2900, "quantity": 2}]}),
    "no order at all",
    json.dumps({"id": 2, "lines": [{"price": 1850, "quantity": 1}, {"price": 450, "quantity": 4}]}),
]

queues = boto3.client("sqs")
url = queues.get_queue_url(QueueName="orders")["QueueUrl"]
queues.send_message_batch(
    QueueUrl=url, Entries=[{"Id": str(number), "MessageBody": body} for number, body in enumerate(ORDERS)]
)
print(f"{len(ORDERS)} messages sent")
