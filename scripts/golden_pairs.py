"""KL of every ordered pair of one-dimensional families at two random sets of parameters: integrals and sums of
golden_family.py, and whether they are finite at all by how fast P falls and −ln q grows at each end.
"""

import random

from mpmath import inf, mp, nstr

from golden_family import CONTINUOUS, DISCRETE, infinite, kl, parse

SETS = 2


def parameters(name, draw):
    real = lambda low, high: float(f"{draw.uniform(low, high):.3g}")
    scale = lambda low=0.25, high=4: float(f"{low * (high / low) ** draw.random():.3g}")
    share = lambda: real(0.05, 0.95)
    if name == "uniform":
        return draw.choice([(real(0.05, 0.4), real(0.5, 0.95)), (0.0, 1.0), (real(-3, 0), real(1, 4))])
    if name == "log_uniform":
        return draw.choice([(real(0.05, 0.4), real(0.5, 0.95)), (real(0.5, 1), real(2, 9))])
    if name == "discrete_uniform":
        return draw.choice([(0, draw.randint(1, 9)), (draw.randint(1, 4), draw.randint(5, 15))])
    if name == "categorical":
        return tuple(share() for _ in range(draw.randint(2, 8)))
    return {
        "student_t": lambda: (scale(0.5, 30), real(-2, 2), scale()),
        "von_mises": lambda: (real(-3, 3), scale(0.1, 20)),
        "bernoulli": lambda: (share(),),
        "binomial": lambda: (draw.randint(1, 40), share()),
        "negative_binomial": lambda: (scale(0.3, 20), share()),
        "geometric": lambda: (share(),),
        "poisson": lambda: (scale(0.1, 40),),
        "continuous_bernoulli": lambda: (share(),),
        "exponential": lambda: (scale(),),
        "half_normal": lambda: (scale(),),
        "lindley": lambda: (scale(),),
        "chi": lambda: (scale(0.5, 20),),
        "chi2": lambda: (scale(0.5, 20),),
        "pareto": lambda: (scale(0.1, 2), scale(0.5, 8)),
        "weibull": lambda: (scale(), scale(0.5, 4)),
        "beta": lambda: (scale(0.3, 20), scale(0.3, 20)),
        "kumaraswamy": lambda: (scale(0.3, 8), scale(0.3, 8)),
        "gamma": lambda: (scale(0.3, 20), scale()),
        "inverse_gamma": lambda: (scale(0.3, 20), scale()),
        "exp_gamma": lambda: (scale(0.3, 20), scale()),
        "exp_inverse_gamma": lambda: (scale(0.3, 20), scale()),
    }.get(name, lambda: (real(-2, 2), scale()))()


# How a density falls: like x⁻ᵃ⁻¹, faster than any power but slower than exponentials, like exp(−rate·xᵏ), or like exp(−eˣ).
POWER, BETWEEN, EXPONENTIAL, DOUBLE = range(4)


def falls(name, v, upper):
    """P at ∞, or at −∞; None where it does not reach."""
    last = v[-1]
    if name in ("normal", "cauchy", "student_t", "laplace", "logistic"):
        return {"normal": (EXPONENTIAL, 2, 1), "cauchy": (POWER, 1), "student_t": (POWER, v[0])}.get(name, (EXPONENTIAL, 1, 1 / last))
    one_sided = {
        "gumbel": ((DOUBLE,), (EXPONENTIAL, 1, 1 / last)),
        "moyal": ((DOUBLE,), (EXPONENTIAL, 1, 1 / (2 * last))),
        "exp_gamma": ((EXPONENTIAL, 1, v[0]), (DOUBLE,)),
        "exp_inverse_gamma": ((DOUBLE,), (EXPONENTIAL, 1, v[0])),
        "log_normal": (None, (BETWEEN,)),
        "gamma": (None, (EXPONENTIAL, 1, last)),
        "exponential": (None, (EXPONENTIAL, 1, last)),
        "lindley": (None, (EXPONENTIAL, 1, last)),
        "chi2": (None, (EXPONENTIAL, 1, 0.5)),
        "chi": (None, (EXPONENTIAL, 2, 1)),
        "half_normal": (None, (EXPONENTIAL, 2, 1)),
        "weibull": (None, (EXPONENTIAL, last, 1)),
        "inverse_gamma": (None, (POWER, v[0])),
        "pareto": (None, (POWER, last)),
    }
    return one_sided.get(name, (None, None))[upper]


def grows(name, v, upper):
    """−ln q there: (0, k) like xᵏ, k = 0 for logarithms and their squares, or (1, t) like exp(t·x)."""
    if name in ("gumbel", "moyal", "exp_inverse_gamma") and not upper:
        return 1, 1 / v[-1] if name != "exp_inverse_gamma" else 1
    if name == "exp_gamma" and upper:
        return 1, 1
    if name in ("cauchy", "student_t", "log_normal", "inverse_gamma", "pareto"):
        return 0, 0
    return 0, {"normal": 2, "chi": 2, "half_normal": 2, "weibull": v[-1]}.get(name, 1)


def diverges(p, q):
    """Whether E −ln q is infinite for supports that nest."""
    (name, v), (other, w) = p, q
    for upper in (False, True):
        tail = falls(name, v, upper)
        if tail is None:
            continue
        exponential, k = grows(other, w, upper)
        if exponential:
            if tail[0] in (POWER, BETWEEN) or tail[0] == EXPONENTIAL and (tail[1] < 1 or tail[1] == 1 and k >= tail[2]):
                return True
        elif tail[0] == POWER and k >= tail[1]:
            return True
    if other == "inverse_gamma":
        # −ln q grows like 1/x at 0, where p ~ x^(a − 1).
        at_zero = {"gamma": v[0], "chi": v[0], "chi2": v[0] / 2, "weibull": v[-1], "beta": v[0], "kumaraswamy": v[0]}
        reaches = name in ("exponential", "half_normal", "lindley", "continuous_bernoulli") or name == "uniform" and v[0] == 0
        return at_zero.get(name, 1 if reaches else 2) <= 1
    return False


def cases():
    draw = random.Random(4)
    text = lambda name: f"{name}({', '.join(map(repr, parameters(name, draw)))})"
    return [(text(p), text(q)) for kind in (CONTINUOUS, DISCRETE) for p in kind for q in kind for _ in range(SETS)]


def row(case):
    p, q = case
    mp.dps = 20
    (name, v), (other, w) = parse(p), parse(q)
    value = inf if infinite(p, q) or name in CONTINUOUS and diverges((name, v), (other, w)) else kl(p, q)
    return f"{p};{q};{'inf' if value == inf else nstr(value, 17)}"
