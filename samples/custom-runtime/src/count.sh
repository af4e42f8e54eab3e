# Counts lines, words and bytes of the event, as wc does.

handler() {
  read -r lines words bytes <<END
$(wc)
END
  if [ "$bytes" -gt 1048576 ]; then
    echo '{"level": "ERROR", "message": "event too large"}' >&2
    return 3
  fi
  printf '{"level": "INFO", "message": "counted", "bytes": %d}\n' "$bytes" >&2
  printf '{"lines": %d, "words": %d, "bytes": %d}' "$lines" "$words" "$bytes"
}
