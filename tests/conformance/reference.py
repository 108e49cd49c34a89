# SPDX-License-Identifier: Apache-2.0
"""A slow and obvious evaluator of windowed queries, written from semantics.md: one row at a time, Python's own numbers and lists.

NULL is None everywhere. Integers wrap at the width of their type; DECIMAL is decimal.Decimal with 100 digits of context; DOUBLE is float;
a TIMESTAMP is milliseconds since the epoch.
"""
import datetime
import decimal
import math
import re

decimal.getcontext().prec = 100
Decimal = decimal.Decimal
BITS = {"TINYINT": 8, "SMALLINT": 16, "INT": 32, "BIGINT": 64}


def wrap(kind, value):
    bits = BITS[kind]
    return (value + (1 << bits - 1)) % (1 << bits) - (1 << bits - 1)


def saturate(kind, value):
    """DOUBLE to integer (1.3): toward zero, NaN is 0, the borders hold; narrow types go through INT and wrap."""
    wide = "BIGINT" if kind == "BIGINT" else "INT"
    top = (1 << BITS[wide] - 1) - 1
    number = 0 if math.isnan(value) else top if value >= top else -top - 1 if value <= -top - 1 else int(value)
    return wrap(kind, number)


def half_up(value, scale):
    return value.quantize(Decimal(1).scaleb(-scale), rounding=decimal.ROUND_HALF_UP)


def fit(value, precision, scale):
    """Into DECIMAL(precision, scale): half up, NULL where it does not fit."""
    if abs(value) >= Decimal(10) ** (precision - scale):
        return None
    value = half_up(value, scale)
    return value if abs(value) < Decimal(10) ** (precision - scale) else None


def truncated(a, b):
    return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)


def compare(a, b):
    """-1, 0, 1; NaN is the greatest only in MIN and MAX, so none comes here. Text by bytes of UTF-8."""
    if isinstance(a, str):
        a, b = a.encode(), b.encode()
    return (a > b) - (a < b)


def strict(function):
    """NULL in, NULL out."""
    return lambda *args: None if any(arg is None for arg in args) else function(*args)


def both(a, b):
    return False if a is False or b is False else None if a is None or b is None else True


def either(a, b):
    return True if a is True or b is True else None if a is None or b is None else False


def like(text, pattern):
    parts = {"%": ".*", "_": "."}
    return re.fullmatch("".join(parts.get(c, re.escape(c)) for c in pattern), text, re.S) is not None


def substring(text, start, length=None):
    """Positions from 1; a negative one counts from the end, and gives nothing before the beginning."""
    at = start - 1 if start > 0 else len(text) + start if start < 0 else 0
    if at < 0:
        return ""
    return text[at:] if length is None else text[at:at + length]


# Aggregates: values in order of arrival -> value. NULLs are taken out first (1.3).

def known(values):
    return [value for value in values if value is not None]


def sum_integer(kind):
    def total(values):
        values = known(values)
        return wrap(kind, sum(values)) if values else None
    return total


def avg_integer(kind):
    def mean(values):
        values = known(values)
        return wrap(kind, truncated(wrap("BIGINT", sum(values)), len(values))) if values else None
    return mean


def sum_double(values):
    values = known(values)
    return math.fsum(values) if values else None


def avg_double(values):
    values = known(values)
    return math.fsum(values) / len(values) if values else None


def sum_decimal(scale):
    def total(values):
        values = known(values)
        return fit(sum(values, Decimal(0)), 38, scale) if values else None
    return total


def avg_decimal(scale):
    """A quotient of 38 digits, half up, then half up to max(6, s) (1.3)."""
    def mean(values):
        values = known(values)
        if not values:
            return None
        total = sum(values, Decimal(0))
        with decimal.localcontext() as context:
            context.prec, context.rounding = 38, decimal.ROUND_HALF_UP
            quotient = total / len(values)
        return half_up(quotient, max(6, scale))
    return mean


def least(values):
    values = known(values)
    return min(values, key=lambda v: v.encode() if isinstance(v, str) else v) if values else None


def greatest(values):
    values = known(values)
    return max(values, key=lambda v: v.encode() if isinstance(v, str) else v) if values else None


def count(values):
    return len(known(values))


def count_distinct(values):
    return len(set(known(values)))


# Windows: event time -> [(start, end)] (W1, W6, W7)

def tumble(size, offset=0):
    def places(ts):
        start = ts - (ts - offset) % size
        return [(start, start + size)]
    return places


def hop(slide, size, offset=0):
    def places(ts):
        last = ts - (ts - offset) % slide
        return [(start, start + size) for start in range(last, last - size, -slide)]
    return places


def cumulate(step, size, offset=0):
    def places(ts):
        start = ts - (ts - offset) % size
        return [(start, end) for end in range(start + step, start + size + 1, step) if end > ts]
    return places


def windowed(rows, time, delay, keep, key, places, batch):
    """rows in order of arrival -> {(window, key): rows}. `time` gives the event time, `keep` is WHERE, `delay` None for batch."""
    groups, watermark = {}, None
    for row in rows:
        ts = time(row)
        if ts is None:
            continue  # W14: dropped and counted
        if keep(row) is True:
            for window in places(ts):
                # M4, M5: judged per window; a window has fired when the watermark has reached its end - 1 ms.
                if batch or watermark is None or watermark < window[1] - 1:
                    groups.setdefault((window, key(row)), []).append(row)
        # M1, M2: after each row, kept or not.
        watermark = ts - delay if watermark is None else max(watermark, ts - delay)
    return groups


def sessions(rows, time, delay, keep, key, gap, batch):
    """The same for SESSION: merge first, then judge the merged session (M6, W9)."""
    fired, active, watermark = {}, {}, None
    for row in rows:
        ts = time(row)
        if ts is None:
            continue
        if keep(row) is True:
            mine = active.setdefault(key(row), [])
            touching = [one for one in mine if one[0] <= ts + gap and one[1] >= ts]
            start = min([ts] + [one[0] for one in touching])
            end = max([ts + gap] + [one[1] for one in touching])
            inside = [other for one in touching for other in one[2]] + [row]
            if batch or watermark is None or watermark < end - 1:
                mine[:] = [one for one in mine if one not in touching] + [(start, end, inside)]
        watermark = ts - delay if watermark is None else max(watermark, ts - delay)
        if not batch:
            for name, mine in active.items():
                for one in [one for one in mine if one[1] - 1 <= watermark]:
                    fired[((one[0], one[1]), name)] = one[2]
                    mine.remove(one)
    for name, mine in active.items():
        for one in mine:
            fired[((one[0], one[1]), name)] = one[2]
    return fired


# What the CSV format writes (1.5)

def stamp(ms):
    moment = datetime.datetime(1970, 1, 1) + datetime.timedelta(milliseconds=ms)
    text = moment.strftime("%Y-%m-%d %H:%M:%S")
    return text + (f".{ms % 1000:03d}".rstrip("0") if ms % 1000 else "")


def field(kind, value):
    if value is None:
        return ""
    if kind == "BOOLEAN":
        return "true" if value else "false"
    if kind.startswith("DECIMAL"):
        return str(value.normalize()) if value else "0"  # there is no -0 among decimals
    if kind == "DOUBLE":
        return repr(value)
    if kind in BITS:
        return str(value)
    text = stamp(value) if kind.startswith("TIMESTAMP") else value
    quote = len(text.encode("utf-16-le")) > 48 or any(char <= "," or char == "\\" for char in text)
    return '"' + text.replace('"', '""') + '"' if quote else text
