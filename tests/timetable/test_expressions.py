"""Schedule expressions as AWS takes and refuses them."""

from __future__ import annotations

import pytest

from lambdacli.timetable.expressions import mistake


@pytest.mark.parametrize(
    "expression",
    [
        "rate(1 minute)",
        "rate(5 minutes)",
        "rate(1 hour)",
        "rate(30 days)",
        "cron(0 8 ? * MON-FRI *)",
        "cron(0/15 * * * ? *)",
        "cron(0 18 L * ? 2026-2030)",
        "cron(0 9 ? * 2#1 *)",
        "cron(0 9 ? * 6L *)",
        "cron(0 9 15W * ? *)",
        "cron(5,35 14 * JAN,MAR ? *)",
        "cron(0 22 ? * FRI-MON *)",
        "at(2027-01-31T08:00:00)",
    ],
)
def test_valid(expression: str) -> None:
    assert mistake(expression) == ("", "")


@pytest.mark.parametrize(
    ("expression", "message", "hint"),
    [
        ("rate(1 minutes)", "refused by AWS", "rate(1 minute)"),
        ("rate(5 minute)", "refused by AWS", "rate(5 minutes)"),
        ("rate(0 minutes)", "1 or more", ""),
        ("rate(1.5 hours)", "whole number", ""),
        ("rate(5 weeks)", "weeks is no unit", "minutes"),
        ("cron(0 8 * * *)", "6 fields, found 5", "year"),
        ("cron(0 8 * * * *)", "exactly one of day of month and day of week is ?", "cron(0 8 * * ? *)"),
        ("cron(0 8 ? * ? *)", "exactly one of", ""),
        ("cron(60 8 * * ? *)", "60 is no minutes", "from 0 to 59"),
        ("cron(0 8 * 13 ? *)", "13 is no month", "from 1 to 12"),
        ("cron(0 8 ? * MONDAY *)", "MONDAY is no day of week", ""),
        ("cron(*/0 8 * * ? *)", "*/0 is no minutes", ""),
        ("cron(0, 8 * * ? *)", "an empty part", ""),
        ("cron(0 9 ? * 2#6 *)", "2#6 is no day of week", ""),
        ("cron(0 9 ? * 3#1,6#3 *)", "a day of week with # stands alone", "a trigger for each"),
        ("cron(0 9 ? * 6L#2 *)", "6L#2 is no day of week", ""),
        ("cron(0 9 L-3 * ? *)", "L-3 is no day of month", ""),
        ("cron(0 9 32W * ? *)", "32W is no day of month", ""),
        ("cron(0 9 1 * ? 2030-2026)", "2030-2026 is no year", "from 1970 to 2199"),
        ("at(2027-02-30T08:00:00)", "is no time", "at(2027-01-31T08:00:00)"),
        ("at(tomorrow)", "is no time", ""),
        ("every 5 minutes", "is no schedule", "rate(5 minutes)"),
    ],
)
def test_wrong(expression: str, message: str, hint: str) -> None:
    found = mistake(expression)
    assert message in found[0]
    assert hint in found[1]
