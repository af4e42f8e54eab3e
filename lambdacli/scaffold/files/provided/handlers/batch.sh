# Runs for a batch of records: the event is on standard input, the result goes to standard output, logs to standard error.

handler() {
  # Your work. A failed record is named as {"itemIdentifier": "<its message id or sequence number>"}.
  printf '{"level": "INFO", "message": "batch", "bytes": %d}\n' "$(wc -c)" >&2
  printf %s '{"batchItemFailures": []}'
}
