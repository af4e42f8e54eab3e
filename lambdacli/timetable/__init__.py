"""When schedules fire: rate(…), cron(…) and at(…) in any time zone. Pure: it knows no clock and reads nothing."""
