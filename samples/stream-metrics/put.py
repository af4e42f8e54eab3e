"""Puts page views into the stream and orders into the table; the endpoint is that of AWS_ENDPOINT_URL, else AWS."""

import json

import boto3

streams, tables = boto3.client("kinesis"), boto3.client("dynamodb")
views = [("/", 120), ("/", 180), ("/cart", 80)]
streams.put_records(
    StreamName="page-views",
    Records=[
        {"Data": json.dumps({"page": page, "milliseconds": ms}).encode(), "PartitionKey": page} for page, ms in views
    ],
)
print(f"{len(views)} page views put")
for number, total in (("1", "20"), ("2", "5.5")):
    order = {"id": {"S": number}, "total": {"N": total}, "currency": {"S": "EUR"}, "status": {"S": "PAID"}}
    tables.put_item(TableName="orders", Item=order)
    print(f"order {number} put")
