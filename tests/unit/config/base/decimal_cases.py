#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Cases for config/base/decimal.h, reckoned with Python's decimal module: one C string a line,

  operation a_precision a_scale a b_precision b_scale b to_precision to_scale expected

where a, b and expected are unscaled integers, and expected may be NULL or INVALID. Fixed seed: the same cases in every build.
"""
import random
import sys
from decimal import ROUND_DOWN, ROUND_HALF_UP, Context, Decimal, getcontext, localcontext

random.seed(38)
getcontext().prec = 400
getcontext().Emax = 10000
getcontext().Emin = -10000


def unscaled(value, precision, scale):
    """Rounded HALF_UP to the scale; NULL where it has too many digits."""
    digits = value.scaleb(scale).quantize(Decimal(1), rounding=ROUND_HALF_UP)
    return "NULL" if abs(digits) >= Decimal(10) ** precision else str(int(digits))


def divide(a, b):
    if b == 0:
        return None
    return Context(prec=38, rounding=ROUND_HALF_UP, Emax=10000, Emin=-10000).divide(a, b)


def remainder(a, b):
    if b == 0:
        return None
    with localcontext() as context:
        context.prec = 400
        quotient = (a / b).to_integral_value(rounding=ROUND_DOWN)
        if len(str(abs(int(quotient))).rstrip("0") or "0") > 38:
            return None
        return a - quotient * b


def adjust(precision, scale):
    if precision <= 38:
        return precision, scale
    return 38, max(38 - (precision - scale), min(scale, 6))


def result_type(operation, p, s, q, t):
    if operation in ("add", "sub"):
        return adjust(max(p - s, q - t) + max(s, t) + 1, max(s, t))
    if operation == "mul":
        return adjust(p + q + 1, s + t)
    if operation == "div":
        scale = max(6, s + q + 1)
        return adjust(p - s + t + scale, scale)
    return adjust(min(p - s, q - t) + max(s, t), max(s, t))


def pick(precision):
    digits = random.choice([precision, precision, random.randint(0, precision), 1])
    value = random.choice([random.randrange(10 ** digits), 10 ** digits - 1, 10 ** max(digits - 1, 0), 5 * 10 ** max(digits - 1, 0)])
    return random.choice([-1, 1]) * min(value, 10 ** precision - 1)


def cases(count):
    for _ in range(count):
        operation = random.choice(["add", "sub", "mul", "div", "mod"])
        p = random.choice([38, 38, random.randint(1, 38)])
        s = random.choice([0, random.randint(0, p), random.randint(0, p)])
        q = random.choice([38, 19, random.randint(1, 38)])
        t = random.choice([0, random.randint(0, q)])
        a, b = pick(p), random.choice([pick(q), pick(q), pick(q), 0])
        x, y = Decimal(a).scaleb(-s), Decimal(b).scaleb(-t)
        to = result_type(operation, p, s, q, t)
        value = {"add": lambda: x + y, "sub": lambda: x - y, "mul": lambda: x * y, "div": lambda: divide(x, y),
                 "mod": lambda: remainder(x, y)}[operation]()
        yield operation, p, s, a, q, t, b, *to, "INVALID" if value is None else unscaled(value, *to)
    for _ in range(count // 4):
        p, q = random.randint(1, 38), random.randint(1, 38)
        s, t = random.randint(0, p), random.randint(0, q)
        a = pick(p)
        yield "rescale", p, s, a, q, t, 0, q, t, unscaled(Decimal(a).scaleb(-s), q, t)


with open(sys.argv[1], "w", encoding="ascii") as out:
    for case in cases(4000):
        out.write('"' + " ".join(map(str, case)) + '",\n')
