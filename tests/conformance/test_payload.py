"""Our JSON against simplejson with the official client's settings, on made-up values and bytes."""

from __future__ import annotations

import math
import sys
from collections import namedtuple
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdacli.runtimes import BOOTSTRAPS

simplejson = pytest.importorskip("simplejson", reason="comes with awslambdaric")
sys.path.insert(0, str(BOOTSTRAPS))
try:
    from lambdacli_bootstrap import payload
finally:
    sys.path.remove(str(BOOTSTRAPS))

Point = namedtuple("Point", "x y")  # noqa: PYI024 - what handlers return
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.binary(max_size=5)
    | st.decimals()
    | st.dates()
    | st.sampled_from([10**400, -(2**63), "\u2028", "\x7f", Decimal("sNaN")])
)
KEYS = st.text() | st.integers() | st.floats() | st.booleans() | st.none() | st.binary(max_size=3) | st.just(Decimal(1))
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.tuples(inner, inner)
        | st.builds(Point, inner, inner)
        | st.dictionaries(KEYS, inner, max_size=4)
    ),
    max_leaves=12,
)


class Official(simplejson.JSONEncoder):  # type: ignore[misc]
    """AWS's settings: numbers for Decimals, NaN among them, everything else refused."""

    def default(self, o: Any) -> Any:
        if isinstance(o, Decimal):
            return math.nan if o.is_nan() else simplejson.raw_json.RawJSON(str(o))
        return super().default(o)


def outcome(function: Any, *arguments: Any) -> tuple[str, Any]:
    try:
        return "", function(*arguments)
    except Exception as error:  # noqa: BLE001 - the kind of error is what is compared
        return type(error).__name__, str(error)


@pytest.mark.parametrize("runtime", ["python3.11", "python3.12"])
def test_encoding(runtime: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_EXECUTION_ENV", f"AWS_Lambda_{runtime}")
    mine = payload.Encoder()
    theirs = Official(use_decimal=False, allow_nan=True, ensure_ascii=runtime == "python3.11")

    @given(VALUES)
    def same(value: Any) -> None:
        assert outcome(mine.encode, value) == outcome(theirs.encode, value)

    same()


ALMOST_JSON = st.text(alphabet='[]{}",: 0123.eE-+\\untrfals')


@given(VALUES.map(repr).map(str.encode) | st.binary(max_size=40) | ALMOST_JSON.map(str.encode))
def test_decoding(body: bytes) -> None:
    kind, value = outcome(simplejson.loads, body)
    mine_kind, mine = outcome(payload.decode, body)
    assert bool(kind) == bool(mine_kind)
    if not kind:
        assert repr(mine) == repr(value)


PLAIN = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()


@given(st.recursive(PLAIN, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_round_trip(value: Any) -> None:
    assert repr(payload.decode(payload.Encoder().encode(value).encode())) == repr(value)
