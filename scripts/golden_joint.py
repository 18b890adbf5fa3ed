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
