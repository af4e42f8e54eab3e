# Runs while a user signs up or in: the event is on standard input, and goes to standard output with its response
# filled in; logs go to standard error. An exit status other than 0 refuses the user.

handler() {
  echo '{"level": "INFO", "message": "user pool event"}' >&2
  # Your work.
  cat
}
