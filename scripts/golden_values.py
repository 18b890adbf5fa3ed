"""The definitions, in mpmath: the one place in scripts/ that says what each measure is. In nats."""

from mpmath import besseli, exp, expm1, inf, ln, log1p, loggamma, mpf, pi, psi, sqrt


class Pair:
    """Normalised p and q with a multiplicity for each entry, and the sums that the divergences are made of."""

    def __init__(self, p, q, count=None):
        count = count or [1] * len(p)
        mass_p = sum(c * mpf(x) for c, x in zip(count, p))
        mass_q = sum(c * mpf(x) for c, x in zip(count, q))
        self.entries = [(c, mpf(x) / mass_p, mpf(y) / mass_q) for c, x, y in zip(count, p, q) if x or y]
        # ln(p/q) is shared by every power and by KL.
        self.both = [(c, x, y, ln(x / y)) for c, x, y in self.entries if x and y]
        self.powers, self.skews, self.other = {}, {}, None
        self.p_beyond_q = any(x and not y for _, x, y in self.entries)
        self.q_beyond_p = any(y and not x for _, x, y in self.entries)

    def swapped(self):
        if self.other:
            return self.other
        other = self.other = Pair.__new__(Pair)
        other.other = self
        other.entries = [(c, y, x) for c, x, y in self.entries]
        other.both = [(c, y, x, -l) for c, x, y, l in self.both]
        other.powers, other.skews = {}, {}
        other.p_beyond_q, other.q_beyond_p = self.q_beyond_p, self.p_beyond_q
        return other

    def sum(self, term):
        return sum((c * term(x, y) for c, x, y in self.entries), mpf(0))

    def power(self, a):
        """Σ p^a q^(1−a): +inf where p = 0 < q and a < 0, or q = 0 < p and a > 1."""
        if (a < 0 and self.q_beyond_p) or (a > 1 and self.p_beyond_q):
            return inf
        if a not in self.powers:
            self.powers[a] = sum((c * y * exp(a * l) for c, _, y, l in self.both), mpf(0))
        return self.powers[a]

    def kl(self):
        return inf if self.p_beyond_q else sum((c * x * l for c, x, _, l in self.both), mpf(0))

    def skew(self, lam):
        """KL(p‖λp + (1−λ)q)."""
        if lam in (0, 1):
            return mpf(0) if lam else self.kl()
        if lam not in self.skews:
            self.skews[lam] = self.sum(lambda x, y: x and x * ln(x / (lam * x + (1 - lam) * y)))
        return self.skews[lam]


def gjs(pair, b):
    """β·KL(p‖m) + (1−β)·KL(q‖m), m = βp + (1−β)q; 0 at β = 0 and 1."""
    return mpf(0) if b in (0, 1) else b * pair.skew(b) + (1 - b) * pair.swapped().skew(1 - b)


def scaled_gjs(pair, b):
    """gjs/(β(1−β)). As β → 0, m → q and gjs = β·KL(p‖q) + O(β²): the limit is KL(p‖q); as β → 1 it is KL(q‖p)."""
    if b in (0, 1):
        return pair.kl() if b == 0 else pair.swapped().kl()
    return gjs(pair, b) / (b * (1 - b))


def renyi(pair, a):
    return pair.kl() if a == 1 else (inf if pair.power(a) in (0, inf) else ln(pair.power(a)) / (a - 1))


def tsallis(pair, a):
    return pair.kl() if a == 1 else (pair.power(a) - 1) / (a - 1)


def amari(pair, a):
    """4/(1−α²)·(1 − Σ p^((1−α)/2) q^((1+α)/2)); KL(p‖q) at α = −1, KL(q‖p) at α = 1."""
    if abs(a) == 1:
        return pair.kl() if a == -1 else pair.swapped().kl()
    return 4 / (1 - a * a) * (1 - pair.power((1 - a) / 2))


def cressie_read(pair, lam):
    """2/(λ(λ+1))·Σ p((p/q)^λ − 1); 2KL(p‖q) at λ = 0, 2KL(q‖p) at λ = −1."""
    if lam in (0, -1):
        return 2 * (pair.kl() if lam == 0 else pair.swapped().kl())
    return 2 / (lam * (lam + 1)) * (pair.power(lam + 1) - 1)


def hellinger(pair):
    return 1 - pair.power(mpf("0.5"))


def bhattacharyya(pair):
    return inf if pair.power(mpf("0.5")) == 0 else -ln(pair.power(mpf("0.5")))


def chi2(pair):
    return inf if pair.p_beyond_q else pair.sum(lambda x, y: (x - y) ** 2 / y)


def max_divergence(pair):
    return inf if pair.p_beyond_q else max(l for _, _, _, l in pair.both)


PLAIN = {
    "kl": Pair.kl,
    "reverse-kl": lambda d: d.swapped().kl(),
    "jeffreys": lambda d: d.kl() + d.swapped().kl(),
    "js": lambda d: gjs(d, mpf("0.5")),
    "js-distance": lambda d: sqrt(gjs(d, mpf("0.5"))),
    "k-divergence": lambda d: d.skew(mpf("0.5")),
    "hellinger": hellinger,
    "hellinger-distance": lambda d: sqrt(hellinger(d)),
    "bhattacharyya": bhattacharyya,
    "chi2": chi2,
    "neyman-chi2": lambda d: chi2(d.swapped()),
    "triangular": lambda d: d.sum(lambda x, y: (x - y) ** 2 / (x + y)),
    "tv": lambda d: d.sum(lambda x, y: abs(x - y)) / 2,
    "max-divergence": max_divergence,
}
WITH_PARAMETER = {  # the parameter is the double that its text denotes
    "gjs": (gjs, "0 1e-9 0.1 0.3 0.9 1"),
    "scaled-gjs": (scaled_gjs, "0 1e-9 0.1 0.3 0.9 1"),
    "skew-kl": (Pair.skew, "0 0.1 0.5 1"),
    "renyi": (renyi, "0.3 0.5 0.999999 1 1.000001 2 5"),
    "tsallis": (tsallis, "0.3 0.999999 1 2 3"),
    "alpha": (amari, "-3 -1 -0.999999 0 0.5 1 3"),
    "cressie-read": (cressie_read, "-2 -1 -0.5 0 1e-6 0.6666666666666666 1"),
}
MEASURES = dict(PLAIN)
for name, (function, parameters) in WITH_PARAMETER.items():
    for text in parameters.split():
        MEASURES[f"{name}={text}"] = lambda d, f=function, a=mpf(float(text)): f(d, a)


def entropy(p):
    mass = sum(map(mpf, p))
    return -sum((mpf(x) / mass * ln(mpf(x) / mass) for x in p if x), mpf(0))


def cross_entropy(p, q):
    if any(x and not y for x, y in zip(p, q)):
        return inf
    mass_p, mass_q = sum(map(mpf, p)), sum(map(mpf, q))
    return -sum((mpf(x) / mass_p * ln(mpf(y) / mass_q) for x, y in zip(p, q) if x), mpf(0))


def generalized_kl(p, q):
    """Σ p ln(p/q) − p + q of the weights as they are."""
    if any(x and not y for x, y in zip(p, q)):
        return inf
    return sum((mpf(x) * ln(mpf(x) / mpf(y)) - mpf(x) if x else mpf(0)) + mpf(y) for x, y in zip(p, q))


FUNCTIONS = {
    "entropy": lambda p, q: entropy(p),
    "perplexity": lambda p, q: exp(entropy(p)),
    "cross_entropy": cross_entropy,
    "generalized_kl": generalized_kl,
}


def mutual_information(rows, _):
    across = [sum(map(mpf, row)) for row in rows]
    down = [sum(map(mpf, column)) for column in zip(*rows)]
    total = sum(across)
    return sum(
        (mpf(x) / total * ln(mpf(x) * total / (a * b)) for row, a in zip(rows, across) for x, b in zip(row, down) if x), mpf(0)
    )


def weighted_js(rows, weights):
    total = sum(map(mpf, weights))
    share = [mpf(w) / total for w in weights]
    unit = [[mpf(x) / sum(map(mpf, row)) for x in row] for row in rows]
    mean = [sum(w * row[j] for w, row in zip(share, unit)) for j in range(len(rows[0]))]
    return sum((w * x * ln(x / m) for w, row in zip(share, unit) if w for x, m in zip(row, mean) if x), mpf(0))


TABLES = {"mutual_information": mutual_information, "weighted_js": weighted_js}


def phi(p, q):
    """p ln(p/q) − p + q."""
    p, q = mpf(p), mpf(q)
    return q if not p else inf if not q else p * ln(p / q) - p + q


def binet(x):
    x = mpf(x)
    return loggamma(x) - (x - 0.5) * ln(x) + x - ln(2 * pi) / 2


def bregman(f, slope):
    """F(b) − F(a) − (b − a) F′(a)."""
    return lambda b, a: f(mpf(b)) - f(mpf(a)) - (mpf(b) - mpf(a)) * slope(mpf(a))


def bessel_ratio(nu, x):
    return besseli(mpf(nu) + 1, mpf(x)) / besseli(mpf(nu), mpf(x))


# Special functions: enough digits for what cancels in these definitions, and no more, since they are slow.
SPECIAL = {
    "digamma": lambda x: psi(0, mpf(x)),
    "trigamma": lambda x: psi(1, mpf(x)),
    "ln_gamma": lambda x: loggamma(mpf(x)),
    "binet": binet,
    "ln_beta": lambda a, b: loggamma(mpf(a)) + loggamma(mpf(b)) - loggamma(mpf(a) + mpf(b)),
    "gamma_bregman": bregman(lambda x: loggamma(x) - x * ln(x) + x, lambda x: psi(0, x) - ln(x)),
    "ln_i0": lambda x: ln(besseli(0, mpf(x))),
    "bessel_ratio": bessel_ratio,
    "i0_bregman": bregman(lambda x: ln(besseli(0, x)), lambda x: bessel_ratio(0, x)),
    "expm1_bregman": bregman(lambda x: ln(expm1(x) / x) if x else mpf(0), lambda x: 1 / (1 - exp(-x)) - 1 / x if x else mpf(1) / 2),
}

NUMERIC = {
    "ln": lambda x: ln(mpf(x)),
    "exp": lambda x: exp(mpf(x)),
    "log1p": lambda x: log1p(mpf(x)),
    "h": lambda x: exp(-mpf(x)) - 1 + mpf(x),
    "ln_ratio": lambda p, q: ln(mpf(p) / mpf(q)),
    "phi": phi,
    **SPECIAL,
}
