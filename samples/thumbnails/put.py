"""Puts a photo, and something that is none, into the bucket; the endpoint is that of AWS_ENDPOINT_URL, else AWS."""

import boto3

bucket = boto3.client("s3")
for key in ("in/a holiday.jpg", "in/notes.txt"):
    bucket.put_object(Bucket="photos", Key=key, Body=b"\0" * 1000)
    print(f"{key} put")
