"""Event patterns, the language of EventBridge rules, of event source filters and of SNS filter policies.

`matches` and `why` ask whether an event passes; `example` and `fitted` read a pattern backwards.
"""

from lambdacli.patterns.examples import content, example, first, fitted, parsed, unmatched
from lambdacli.patterns.matching import Pattern, matches, why

__all__ = ["Pattern", "content", "example", "first", "fitted", "matches", "parsed", "unmatched", "why"]
