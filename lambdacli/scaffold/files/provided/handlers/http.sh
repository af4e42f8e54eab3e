# Answers HTTP requests: the event is on standard input, the response goes to standard output, logs to standard error.

handler() {
  # Your work.
  printf '{"level": "INFO", "message": "request", "bytes": %d}\n' "$(wc -c)" >&2
  printf %s '{"statusCode": 200, "headers": {"content-type": "text/plain"}, "body": "hello", "isBase64Encoded": false}'
}
