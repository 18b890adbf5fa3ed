"""KL of vectors and matrices, and gradients of KL by parameters: the textbooks' formulas in 60 digits, of which whatever
cancels in them leaves enough; gradients by numerical differentiation. Random parameters from a fixed seed.
"""

import random

from mpmath import besseli, det, diff, exp, inverse, ln, loggamma, matrix, mp, mpf, pi, psi

DIGITS = 60


def draw(kind):
    return random.Random(f"kullback {kind}")


def positive(r, low=-4, high=5):
    """Between 2^low and 2^(high + 1), by exactly rounded operations only."""
    return 2.0 ** r.randint(low, high) * (1 + r.random())


def square(r, n):
    """A positive definite matrix, row by row, exactly symmetric."""
    a = [[2 * r.random() - 1 for _ in range(n)] for _ in range(n)]
    full = [[sum(x * y for x, y in zip(a[max(i, j)], a[min(i, j)])) + (0.3 if i == j else 0.0) for j in range(n)] for i in range(n)]
    return sum(full, [])


def triangle(r, n):
    return [2 * r.random() - 1 if j < i else positive(r, -1, 1) if i == j else 0.0 for i in range(n) for j in range(n)]


def mat(values, n):
    return matrix([[mpf(values[i * n + j]) for j in range(n)] for i in range(n)])


def ln_beta(a):
    return sum(map(loggamma, a)) - loggamma(sum(a))


def normal(p, q):
    (m, s), (k, t) = p, q
    return ln(t / s) + (s * s + (m - k) ** 2) / (2 * t * t) - mpf(1) / 2


def laplace(p, q):
    (m, b), (k, c) = p, q
    off = abs(m - k)
    return ln(c / b) + off / c + b / c * exp(-off / b) - 1


def gamma(p, q):
    (a, r), (b, s) = p, q
    return (a - b) * psi(0, a) - loggamma(a) + loggamma(b) + b * (ln(r) - ln(s)) + a * (s - r) / r


def dirichlet(p, q):
    return ln_beta(q) - ln_beta(p) + sum((a - b) * (psi(0, a) - psi(0, sum(p))) for a, b in zip(p, q))


def categorical(p, q):
    return sum(x / sum(p) * ln(x / sum(p) / (y / sum(q))) for x, y in zip(p, q) if x)


def bernoulli(p, q):
    return categorical([p[0], 1 - p[0]], [q[0], 1 - q[0]])


def dense(m, v, k, w):
    """Of normal distributions with means m, k and covariance matrices v, w."""
    n, off, back = len(m), matrix([[x - y] for x, y in zip(m, k)]), inverse(w)
    trace = sum((back * v)[i, i] for i in range(n))
    return (trace - n + (off.T * back * off)[0] + ln(det(w) / det(v))) / 2


def sides(n, read):
    return lambda p, q: dense(p[:n], read(p[n:], n), q[:n], read(q[n:], n))


def by_factor(x, n):
    return mat(x, n) * mat(x, n).T


def by_precision(x, n):
    return inverse(mat(x, n))


def by_diagonal(x, n):
    return mp.diag([mpf(y) for y in x])


def low_rank(x, n):
    factor = matrix([[mpf(y)] for y in x[:n]])
    return factor * factor.T + by_diagonal(x[n:], n)


def wishart(n):
    def value(p, q):
        (a, v), (b, w) = (p[0], mat(p[1:], n)), (q[0], mat(q[1:], n))
        ratio = inverse(w) * v
        ln_gamma = lambda x: sum(loggamma(x - mpf(i) / 2) for i in range(n))
        digamma = sum(psi(0, a / 2 - mpf(i) / 2) for i in range(n))
        trace = sum(ratio[i, i] for i in range(n))
        return -b / 2 * ln(det(ratio)) + a / 2 * (trace - n) + ln_gamma(b / 2) - ln_gamma(a / 2) + (a - b) / 2 * digamma

    return value


def von_mises_fisher(p, q):
    """The concentration, and a direction of any length."""
    (k, *m), (l, *u) = p, q
    nu, d = mpf(len(m)) / 2 - 1, len(m)
    length = lambda x: mp.sqrt(sum(y * y for y in x))
    cosine = sum(x * y for x, y in zip(m, u)) / length(m) / length(u)
    ln_c = lambda x: nu * ln(x) - mpf(d) / 2 * ln(2 * pi) - ln(besseli(nu, x))
    return ln_c(k) - ln_c(l) + (k - l * cosine) * besseli(nu + 1, k) / besseli(nu, k)


def power_spherical_ln_mass(k, b):
    """ln ∫ (1 + t)^k over the sphere, b = (d − 1)/2."""
    return (k + 2 * b) * ln(2) + b * ln(pi) + loggamma(k + b) - loggamma(k + 2 * b)


def power_spherical(p, q):
    """The concentration, and as many zeros as there are more dimensions: of one direction."""
    (k, *more), (l, *_) = p, q
    b = mpf(len(more)) / 2
    mean_ln = ln(2) + psi(0, k + b) - psi(0, k + 2 * b)
    return (k - l) * mean_ln + power_spherical_ln_mass(l, b) - power_spherical_ln_mass(k, b)


def power_spherical_to_von_mises_fisher(p, q):
    """Both as for the latter."""
    (k, *m), (l, *u) = p, q
    d = len(m)
    b, nu = (mpf(d) - 1) / 2, mpf(d) / 2 - 1
    length = lambda x: mp.sqrt(sum(y * y for y in x))
    cosine = sum(x * y for x, y in zip(m, u)) / length(m) / length(u)
    ln_c = nu * ln(l) - mpf(d) / 2 * ln(2 * pi) - ln(besseli(nu, l))
    mean_ln = ln(2) + psi(0, k + b) - psi(0, k + 2 * b)
    return k * mean_ln - power_spherical_ln_mass(k, b) - ln_c - l * cosine * k / (k + 2 * b)


def kronecker(n, m):
    def value(p, q):
        def side(x):
            rows, columns = mat(x[n * m :], n), mat(x[n * m + n * n :], m)
            return x[: n * m], matrix([[rows[i // m, j // m] * columns[i % m, j % m] for j in range(n * m)] for i in range(n * m)])

        return dense(*side(p), *side(q))

    return value


def product(p, q):
    return normal(p[:2], q[:2]) + gamma(p[2:4], q[2:4]) + bernoulli(p[4:], q[4:])


def any_normal(r, n, spread):
    return [2 * r.random() - 1 for _ in range(n)] + spread(r, n)


def positives(r, n):
    return [positive(r) for _ in range(n)]


# Kind: (KL, random parameters).
JOINT = {
    "dirichlet": (dirichlet, lambda r: positives(r, 4)),
    "multinomial": (lambda p, q: p[0] * categorical(p[1:], q[1:]), lambda r: [7.0] + positives(r, 3)),
    "mvn_covariance": (sides(3, mat), lambda r: any_normal(r, 3, square)),
    "mvn_precision": (sides(3, by_precision), lambda r: any_normal(r, 3, square)),
    "mvn_cholesky": (sides(3, by_factor), lambda r: any_normal(r, 3, triangle)),
    "mvn_diagonal": (sides(3, by_diagonal), lambda r: any_normal(r, 3, positives)),
    "mvn_low_rank": (sides(3, low_rank), lambda r: any_normal(r, 3, lambda r, n: [2 * r.random() - 1 for _ in range(n)] + positives(r, n))),
    "wishart": (wishart(3), lambda r: [2 + positive(r, -2, 3)] + square(r, 3)),
    "von_mises_fisher": (von_mises_fisher, lambda r: [positive(r, -6, 6)] + [2 * r.random() - 1 for _ in range(r.randint(2, 5))]),
    "power_spherical": (power_spherical, lambda r: [positive(r, -6, 6)] + [0.0] * r.randint(1, 4)),
    "power_spherical_to_von_mises_fisher": (
        power_spherical_to_von_mises_fisher,
        lambda r: [positive(r, -6, 6)] + [2 * r.random() - 1 for _ in range(r.randint(2, 5))],
    ),
    "matrix_normal": (kronecker(2, 3), lambda r: any_normal(r, 6, lambda r, n: square(r, 2) + square(r, 3))),
    "independent": (product, lambda r: [2 * r.random() - 1, positive(r), positive(r), positive(r), r.random()]),
}

BATCH = {
    "normal": (normal, lambda r: [2 * r.random() - 1, positive(r)]),
    "laplace": (laplace, lambda r: [2 * r.random() - 1, positive(r)]),
    "gamma": (gamma, lambda r: positives(r, 2)),
    "beta": (dirichlet, lambda r: positives(r, 2)),
    "bernoulli": (bernoulli, lambda r: [r.random()]),
    "dirichlet": (dirichlet, lambda r: positives(r, 3)),
    "categorical": (categorical, lambda r: positives(r, 3)),
    "mvn_covariance": (sides(2, mat), lambda r: any_normal(r, 2, square)),
    "mvn_cholesky": (sides(2, by_factor), lambda r: any_normal(r, 2, triangle)),
}


SYMMETRIC = {"mvn_covariance": (3, 3), "mvn_precision": (3, 3), "wishart": (1, 3)}


def near(kind, r, p):
    """P but for some 1e-6 in each number that may change by itself."""
    q = [x * (1 + 1e-6 * r.random()) for x in p]
    if kind == "multinomial":
        q[0] = p[0]
    # Of kinds with one matrix: its dimension, and where it starts.
    if kind in SYMMETRIC:
        mirror(q, *SYMMETRIC[kind])
    if kind == "matrix_normal":
        mirror(q, 6, 2)
        mirror(q, 10, 3)
    return q


def mirror(values, start, n):
    for i in range(n):
        for j in range(i):
            values[start + j * n + i] = values[start + i * n + j]


def pairs(kind, parameters, ordinary, alike):
    r = draw(kind)
    for _ in range(ordinary):
        p, q = parameters(r), parameters(r)
        while len(q) != len(p):
            q = parameters(r)
        yield p, q
    for _ in range(alike):
        p = parameters(r)
        yield p, near(kind, r, p)


def gradient(value, kind, x):
    """By each number; of a covariance matrix by both of its mirrored entries, each counting half."""
    n = 2

    def along(k):
        others = [k]
        if kind == "mvn_covariance" and k >= n:
            i, j = divmod(k - n, n)
            others = [k, n + j * n + i]

        def moved(t):
            y = list(x)
            for other in others:
                y[other] += t / len(others)
            return value(y)

        return diff(moved, 0)

    return [mpf(0) if kind == "mvn_cholesky" and k >= n and (k - n) % n > (k - n) // n else along(k) for k in range(len(x))]


def join(numbers):
    return " ".join(repr(float(x)) for x in numbers)


def show(numbers):
    return " ".join(mp.nstr(x, 25) for x in numbers)


def joint_rows():
    mp.dps = DIGITS
    for kind, (value, parameters) in JOINT.items():
        for p, q in pairs(kind, parameters, 20, 4):
            yield f"{kind};{join(p)};{join(q)};{show([value([mpf(x) for x in p], [mpf(x) for x in q])])}"


def batch_rows():
    mp.dps = DIGITS
    for kind, (value, parameters) in BATCH.items():
        for p, q in pairs(f"batch {kind}", parameters, 6, 0):
            p, q = [mpf(x) for x in p], [mpf(x) for x in q]
            to_p = gradient(lambda x: value(x, q), kind, p)
            to_q = gradient(lambda x: value(p, x), kind, q)
            yield f"{kind};{join(p)};{join(q)};{show([value(p, q)])};{show(to_p)};{show(to_q)}"


# Exponential families: natural parameters, log-partition, and whether these parameters are any.
def natural(name, v):
    if name in ("normal", "log_normal", "logit_normal"):
        return [v[0] / v[1] ** 2, -1 / (2 * v[1] ** 2)]
    return {
        "half_normal": lambda: [-1 / (2 * v[0] ** 2)],
        "exponential": lambda: [v[0]],
        "gamma": lambda: list(v),
        "inverse_gamma": lambda: list(v),
        "exp_gamma": lambda: list(v),
        "exp_inverse_gamma": lambda: list(v),
        "lindley": lambda: list(v),
        "laplace": lambda: [1 / v[1]],
        "weibull": lambda: [v[0] ** -v[1]],
        "continuous_bernoulli": lambda: [ln(v[0] / (1 - v[0]))],
        "chi": lambda: [v[0] / 2],
        "chi2": lambda: [v[0] / 2],
        "beta": lambda: list(v),
        "dirichlet": lambda: list(v),
        "pareto": lambda: [v[1]],
        "poisson": lambda: [ln(v[0])],
        "geometric": lambda: [ln(1 - v[0])],
        "negative_binomial": lambda: [ln(v[1])],
        "von_mises": lambda: [v[1] * mp.cos(v[0]), v[1] * mp.sin(v[0])],
    }[name]()


def partition(name, t, v):
    """At natural parameters t; v is for what both sides have in common. None outside the domain."""
    if name in ("normal", "log_normal", "logit_normal"):
        return -t[0] ** 2 / (4 * t[1]) - ln(-2 * t[1]) / 2 if t[1] < 0 else None
    if name == "half_normal":
        return -ln(-2 * t[0]) / 2 if t[0] < 0 else None
    if name in ("poisson", "geometric", "negative_binomial", "von_mises"):
        if name == "poisson":
            return exp(t[0])
        if name == "von_mises":
            return ln(besseli(0, mp.hypot(*t)))
        return -(v[0] if name == "negative_binomial" else 1) * ln(1 - exp(t[0])) if t[0] < 0 else None
    if name == "continuous_bernoulli":
        return ln(mp.expm1(t[0]) / t[0]) if t[0] else mpf(0)
    if min(t) <= 0:
        return None
    return {
        "lindley": lambda: ln(1 + t[0]) - 2 * ln(t[0]),
        "laplace": lambda: -ln(t[0]),
        "weibull": lambda: -ln(t[0]),
        "exp_gamma": lambda: loggamma(t[0]) - t[0] * ln(t[1]),
        "exp_inverse_gamma": lambda: loggamma(t[0]) - t[0] * ln(t[1]),
        "exponential": lambda: -ln(t[0]),
        "gamma": lambda: loggamma(t[0]) - t[0] * ln(t[1]),
        "inverse_gamma": lambda: loggamma(t[0]) - t[0] * ln(t[1]),
        "chi": lambda: loggamma(t[0]) + t[0] * ln(2),
        "chi2": lambda: loggamma(t[0]) + t[0] * ln(2),
        "beta": lambda: ln_beta(t),
        "dirichlet": lambda: ln_beta(t),
        "pareto": lambda: -ln(t[0]) - t[0] * ln(v[0]),
    }[name]()


def ln_power(name, p, q, order):
    """ln ∫ p^order q^(1 − order); None for +∞."""
    a, b = natural(name, p), natural(name, q)
    mixed = partition(name, [order * x + (1 - order) * y for x, y in zip(a, b)], p)
    return None if mixed is None else mixed - order * partition(name, a, p) - (1 - order) * partition(name, b, q)


def ln_highest(name, p, q):
    """ln sup p/q: Rényi's divergence at such an order that nothing is left of the difference, or one that grows on."""
    mp.dps = 200
    values = []
    for order in (mpf(10) ** 40, mpf(10) ** 80):
        x = ln_power(name, p, q, order)
        values.append(mp.inf if x is None else x / (order - 1))
    mp.dps = DIGITS
    return +values[0] if abs(values[1] - values[0]) < mpf(10) ** -30 else mp.inf


def power(order, scale):
    return order, lambda x: scale * mp.expm1(x) / (order * (order - 1))


# Measure: (order, the value from ln ∫ p^order q^(1 − order)).
POWERS = {
    "renyi=0.25": (mpf(1) / 4, lambda x: x / (mpf(1) / 4 - 1)),
    "renyi=1.5": (mpf(3) / 2, lambda x: 2 * x),
    "renyi=3": (mpf(3), lambda x: x / 2),
    "bhattacharyya": (mpf(1) / 2, lambda x: -x),
    "hellinger": power(mpf(1) / 2, mpf(1) / 4),
    "hellinger-distance": (mpf(1) / 2, lambda x: mp.sqrt(-mp.expm1(x))),
    "chi2": power(mpf(2), 2),
    "neyman-chi2": power(mpf(-1), 2),
    "tsallis=1.25": power(mpf(5) / 4, mpf(5) / 4),
    "alpha=0.5": power(mpf(1) / 4, 1),
    "alpha=3": power(mpf(-1), 1),
    "cressie-read=0.75": power(mpf(7) / 4, 2),
}

MEMBERS = {
    "normal": "0,1 1,1.25 -0.5,3",
    "log_normal": "0,1 1,1.25 -0.5,3",
    "half_normal": "1 1.25 3",
    "exponential": "1 1.25 3",
    "gamma": "2,3 2.5,3.5 0.25,1 1e3,500",
    "inverse_gamma": "2,3 2.5,3.5 0.25,1",
    "chi": "3 2.5 1e3",
    "chi2": "3 2.5 1e3",
    "beta": "2,3 2.5,2.5 0.5,0.25 1e3,500",
    "dirichlet": "2,3,1 2.5,2.5,1 0.5,0.25,4",
    "pareto": "2,3 2,3.5 2,0.5",
    "poisson": "3 4.5 0.01",
    "geometric": "0.25 0.5 0.01",
    "negative_binomial": "3,0.25 3,0.5 3,0.99",
    "von_mises": "0.5,1 1,1.25 -2,3",
    "logit_normal": "0,1 1,1.25 -0.5,3",
    "exp_gamma": "2,3 2.5,3.5 0.25,1 1e3,500",
    "exp_inverse_gamma": "2,3 2.5,3.5 0.25,1",
    "lindley": "1 1.25 3 0.01",
    "continuous_bernoulli": "0.25 0.5 0.999 1e-9",
    "laplace": "0.5,1 0.5,1.25 0.5,3",
    "weibull": "2,1.5 2.5,1.5 0.5,1.5",
}

# A parameter that members of one exponential family have in common.
COMMON = {"pareto": 0, "negative_binomial": 0, "laplace": 0, "weibull": 1}


def measure_rows():
    mp.dps = DIGITS
    for name, texts in MEMBERS.items():
        members = [[float(x) for x in text.split(",")] for text in texts.split()]
        moved = [x if COMMON.get(name) == k else x * (1 + 1e-6) for k, x in enumerate(members[0])]
        for p, q in [(p, q) for p in members for q in members if p != q] + [(members[0], moved)]:
            for measure, (order, finish) in POWERS.items():
                x = ln_power(name, [mpf(y) for y in p], [mpf(y) for y in q], order)
                value = "inf" if x is None else mp.nstr(finish(x), 25)
                yield f"{name}({', '.join(map(repr, p))});{name}({', '.join(map(repr, q))});{measure};{value}"
            highest = ln_highest(name, [mpf(y) for y in p], [mpf(y) for y in q])
            value = "inf" if highest == mp.inf else mp.nstr(highest, 25)
            yield f"{name}({', '.join(map(repr, p))});{name}({', '.join(map(repr, q))});max-divergence;{value}"
