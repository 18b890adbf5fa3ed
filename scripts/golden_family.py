"""KL between families by its definition: ∫ p ln(p/q) − p + q, or the sum of it, in mpmath. No closed form of any KL here.

A density is given by its formula in the logarithm of the distance from an edge where it has one, so that a Gamma shape of
0.001, half of whose mass lies below 1e-300, is integrated like any other.
"""

from mpmath import besseli, beta, cos, expm1, inf, ln, log1p, loggamma, mp, mpf, pi, quad, sqrt



def exp(x):
    """eˣ, 0 where it matters to no integral; mpmath would work long on e^(−e^(10⁴))."""
    return mpf(0) if x < -(10**5) else mp.exp(x)


# A family: (edges, ln density as a function of x, quantile-like points). Points are where integration intervals are cut.
LINE, HALF, UNIT = (-inf, inf), (mpf(0), inf), (mpf(0), mpf(1))


def spread(loc, scale):
    return [loc + k * scale for k in (-30, -6, -2, 0, 2, 6, 30)]


def logarithmic(scale, powers=(-30, -10, -4, -1, 1, 3)):
    return [scale * mpf(2) ** k for k in powers]


def normal(m, s):
    return LINE, lambda x, r: -((x - m) / s) ** 2 / 2 - ln(s) - ln(2 * pi) / 2, spread(m, s)


def log_normal(m, s):
    return HALF, lambda x, r: -((ln(x) - m) / s) ** 2 / 2 - ln(x) - ln(s) - ln(2 * pi) / 2, [exp(m + k * s) for k in (-12, -6, -3, -1, 0, 1, 3, 6, 12)]


def laplace(m, s):
    return LINE, lambda x, r: -abs(x - m) / s - ln(2 * s), spread(m, s) + [m]


def cauchy(m, s):
    return LINE, lambda x, r: -log1p(((x - m) / s) ** 2) - ln(pi * s), spread(m, s)


def student_t(v, m, s):
    c = loggamma((v + 1) / 2) - loggamma(v / 2) - ln(v * pi) / 2 - ln(s)
    return LINE, lambda x, r: c - (v + 1) / 2 * log1p(((x - m) / s) ** 2 / v), spread(m, s)


def gumbel(m, s):
    return LINE, lambda x, r: -(x - m) / s - exp(min((m - x) / s, mpf(200000))) - ln(s), [m + k * s for k in (-6, -3, -1.5, 0, 1, 3, 8, 20, 60)]


def logistic(m, s):
    return LINE, lambda x, r: -abs(x - m) / s - 2 * log1p(exp(-abs(x - m) / s)) - ln(s), spread(m, s)


def uniform(a, b):
    return (a, b), lambda x, r: -ln(b - a), []


def gamma(a, b):
    c = a * ln(b) - loggamma(a)
    points = logarithmic(a / b) + [a / b + k * sqrt(a) / b for k in (-30, -6, -2, 0, 2, 6, 30)] + [1 / b]
    return HALF, lambda x, r: c + (a - 1) * ln(x) - b * x, [x for x in points if x > 0]


def exponential(b):
    return HALF, lambda x, r: ln(b) - b * x, logarithmic(1 / b)


def inverse_gamma(a, b):
    c = a * ln(b) - loggamma(a)
    return HALF, lambda x, r: c - (a + 1) * ln(x) - b / x, [1 / x for x in gamma(a, b)[2]]


def chi2(k):
    return gamma(k / 2, mpf(1) / 2)


def chi(k):
    c = (1 - k / 2) * ln(2) - loggamma(k / 2)
    return HALF, lambda x, r: c + (k - 1) * ln(x) - x * x / 2, [sqrt(x) for x in chi2(k)[2]]


def weibull(s, k):
    points = [s * mpf(y) ** (1 / k) for y in (1e-12, 1e-6, 1e-3, 0.05, 0.3, 1, 2, 5, 20, 80)]
    return HALF, lambda x, r: ln(k / s) + (k - 1) * ln(x / s) - (x / s) ** k, points


def pareto(s, a):
    return (s, inf), lambda x, r: ln(a) + a * ln(s) - (a + 1) * ln(x), [s * exp(y / a) for y in (0.01, 0.1, 0.5)]


def half_normal(s):
    return HALF, lambda x, r: ln(2) - ln(2 * pi) / 2 - ln(s) - (x / s) ** 2 / 2, logarithmic(s)


def unit_points(m, s):
    points = [m + k * s for k in (-30, -12, -5, -2, 0, 2, 5, 12, 30)] + [m * mpf(2) ** -k for k in (1, 4, 12, 30)]
    return [x for x in points + [1 - (1 - m) * mpf(2) ** -k for k in (1, 4, 12, 30)] if 0 < x < 1]


def beta_(a, b):
    c = loggamma(a + b) - loggamma(a) - loggamma(b)
    m = a / (a + b)
    return UNIT, lambda x, r: c + (a - 1) * ln(x) + (b - 1) * ln(r), unit_points(m, sqrt(m * (1 - m) / (a + b + 1)))


def kumaraswamy(a, b):
    m = b * beta(1 + 1 / a, b)
    tail = lambda x, r: ln(-expm1(a * (log1p(-r) if r < 0.5 else ln(x))))
    return UNIT, lambda x, r: ln(a * b) + (a - 1) * ln(x) + (b - 1) * tail(x, r), unit_points(m, mpf(1) / 10)


def continuous_bernoulli(p):
    n = ln(p / (1 - p))
    c = ln(expm1(n) / n) if n else mpf(0)
    return UNIT, lambda x, r: n * x - c, [mpf(k) / 8 for k in range(1, 8)]


def von_mises(m, k):
    m = m - 2 * pi * mp.nint(m / (2 * pi))
    c = ln(2 * pi * besseli(0, k))
    wrap = lambda x: x - 2 * pi * mp.nint(x / (2 * pi))
    return (-pi, pi), lambda x, r: k * cos(x - m) - c, [wrap(m + y / sqrt(1 + k)) for y in (-30, -12, -5, -2, 0, 2, 5, 12, 30)]


def log_uniform(a, b):
    width = ln(b / a)
    return (a, b), lambda x, r: -ln(x) - ln(width), [a * exp(width * mpf(k) / 8) for k in range(1, 8)]


def logit_normal(m, s):
    points = [1 / (1 + mp.exp(-m - k * s)) for k in (-12, -6, -3, -1, 0, 1, 3, 6, 12)]
    return UNIT, lambda x, r: -((ln(x) - ln(r) - m) / s) ** 2 / 2 - ln(x) - ln(r) - ln(s) - ln(2 * pi) / 2, points


def moyal(m, s):
    points = [m + k * s for k in (-6, -3, -1.5, 0, 1, 3, 8, 20, 60)]
    return LINE, lambda x, r: -(x - m) / s / 2 - exp(min((m - x) / s, mpf(200000))) / 2 - ln(s) - ln(2 * pi) / 2, points


def exp_gamma(a, b):
    c = a * ln(b) - loggamma(a)
    points = [ln(x) for x in gamma(a, b)[2]] + [ln(a / b) - mpf(k) / a for k in (0.3, 1, 3, 10, 40)]
    return LINE, lambda x, r: c + a * x - b * exp(min(x, mpf(200000))), points


def exp_inverse_gamma(a, b):
    _, density, points = exp_gamma(a, b)
    return LINE, lambda x, r: density(-x, r), [-x for x in points]


def lindley(t):
    return HALF, lambda x, r: 2 * ln(t) - log1p(t) + log1p(x) - t * x, logarithmic(1 / t) + logarithmic(mpf(1))


CONTINUOUS = {
    f.__name__.rstrip("_"): f
    for f in (normal, log_normal, laplace, cauchy, student_t, gumbel, logistic, uniform, gamma, exponential, inverse_gamma,
              chi2, chi, weibull, pareto, half_normal, log_uniform, moyal, exp_gamma, exp_inverse_gamma, lindley, beta_, kumaraswamy, logit_normal,
              continuous_bernoulli, von_mises)
}


def binomial_mass(n, p):
    if p in (0, 1):
        return {int(n * p): mpf(0)}
    return {k: loggamma(n + 1) - loggamma(k + 1) - loggamma(n - k + 1) + k * ln(p) + (n - k) * log1p(-p) for k in range(int(n) + 1)}


def unbounded(ln_mass, top):
    return {k: ln_mass(k) for k in range(int(top) + 1)}


def width(mean, deviation, decay=0):
    return mean + 40 * deviation + 100 + (110 / decay if decay else 0)


# ln masses at every k where they matter to 35 digits.
DISCRETE = {
    "bernoulli": lambda p: binomial_mass(mpf(1), p),
    "binomial": binomial_mass,
    "negative_binomial": lambda n, p: unbounded(
        lambda k: loggamma(n + k) - loggamma(k + 1) - loggamma(n) + n * log1p(-p) + (k * ln(p) if k else 0),
        0 if p == 0 else width(n * p / (1 - p), sqrt(n * p) / (1 - p), -ln(p))),
    "geometric": lambda p: unbounded(lambda k: ln(p) + (k * log1p(-p) if k else 0), 0 if p == 1 else width(1 / p, 1 / p, -log1p(-p))),
    "poisson": lambda r: unbounded(lambda k: (k * ln(r) if k else 0) - r - loggamma(k + 1), width(r, sqrt(r)) if r else 0),
    "categorical": lambda *w: {k: ln(x / sum(w)) for k, x in enumerate(w) if x},
    "discrete_uniform": lambda a, b: {k: -ln(b - a + 1) for k in range(int(a), int(b) + 1)},
}


def parse(text):
    name, values = text.rstrip(")").split("(")
    return name, [mpf(float(x)) for x in values.split(",")]


def term(lp, lq):
    x = lp - lq
    return exp(lp) * (expm1(-x) + x)


def cut(low, high, points):
    """Edges and points in order; infinite ends stay."""
    inside = sorted({x for x in points if low < x < high})
    kept = []
    for x in inside:
        if not kept or x - kept[-1] > mpf(10) ** -25 * (abs(x) + mpf(10) ** -300):
            kept.append(x)
    return kept


def outwards(part, start, step, side, growth, so_far):
    """Integrals over stretches of a logarithmic coordinate, until two add nothing."""
    total, quiet = mpf(0), 0
    while quiet < 2:
        end = start + side * step
        added = quad(part, sorted([start, (start + end) / 2, end]))
        total, start, step = total + added, end, step * growth
        quiet = quiet + 1 if abs(added) <= abs(so_far + total) * mpf(10) ** -mp.dps else 0
    return total


def towards_edge(f, edge, start, sign, so_far):
    """The integral from edge to edge + sign·start, in the logarithm of the distance."""
    return outwards(lambda u: f(edge + sign * mp.exp(u), mp.exp(u)) * mp.exp(u), ln(start), mpf(4), -1, mpf(3) / 2, so_far)


def to_infinity(f, anchor, start, sign, so_far):
    return outwards(lambda u: f(anchor + sign * exp(u)) * exp(u), ln(start), mpf(1), 1, mpf(13) / 10, so_far)


def continuous(p, q, near):
    (low_p, high_p), ln_p, points_p = CONTINUOUS[p[0]](*p[1])
    (low_q, high_q), ln_q, points_q = CONTINUOUS[q[0]](*q[1])
    low, high = low_p, high_p
    # The centred term, which does not cancel, where Q is near P; else P alone says where the integrand is.
    centred = near and (low_p, high_p) == (low_q, high_q)

    def f(x, distance=None, upper=False):
        r = distance if upper else high - x if high != inf else None
        x = distance + low if distance is not None and not upper else x
        rest = lambda edges: (distance if upper and edges[1] == high else edges[1] - x) if edges[1] != inf else None
        lp, lq = ln_p(x, rest((low_p, high_p))), ln_q(x, rest((low_q, high_q)))
        return term(lp, lq) if centred else exp(lp) * (lp - lq)

    # Where P has its mass, and where Q has its peak: −ln q is smooth elsewhere.
    middle = len(points_q) // 2
    points = cut(low, high, points_p + points_q[max(middle - 1, 0) : middle + 2])
    if not points:
        points = [(low + high) / 2]
    total = quad(f, points) if len(points) > 1 else mpf(0)
    if low != -inf:
        total += towards_edge(lambda x, d: f(x, d), low, points[0] - low, 1, total)
    else:
        start = max(points[-1] - points[0], mpf(1) / 10**6)
        total += quad(f, [points[0] - start, points[0]])
        total += to_infinity(f, points[0], start, -1, total)
    if high != inf:
        total += towards_edge(lambda x, d: f(x, d, True), high, high - points[-1], -1, total)
    else:
        start = max(points[-1] - (low if low != -inf else points[0]), mpf(1) / 10**6)
        total += quad(f, [points[-1], points[-1] + start])
        total += to_infinity(f, points[-1], start, 1, total)
    return total


def discrete(p, q):
    mass_p, mass_q = DISCRETE[p[0]](*p[1]), DISCRETE[q[0]](*q[1])
    # P may go on where the listing of Q ends, and the other way round; both list all that matters.
    total = mpf(0)
    for k, lp in mass_p.items():
        lq = mass_q.get(k)
        if lq is None:
            lq = ln_mass_at(q, k)
        if lq is None:
            if exp(lp) > mpf(10) ** -34:
                return inf
            continue
        total += term(lp, lq)
    outside = [exp(lq) for k, lq in mass_q.items() if k not in mass_p]
    return total + sum(outside, mpf(0))


def ln_mass_at(q, k):
    """ln of the mass at an integer beyond the listing, None outside the support."""
    name, v = q
    if k < 0 or name in ("bernoulli", "binomial", "categorical", "discrete_uniform"):
        return None
    if name == "poisson":
        return k * ln(v[0]) - v[0] - loggamma(k + 1) if v[0] else None
    if name == "geometric":
        return ln(v[0]) + k * log1p(-v[0]) if v[0] < 1 else None
    n, p = v
    return loggamma(n + k) - loggamma(k + 1) - loggamma(n) + n * log1p(-p) + k * ln(p) if p else None


def kl(text_p, text_q, near=False):
    p, q = parse(text_p), parse(text_q)
    return continuous(p, q, near) if p[0] in CONTINUOUS else discrete(p, q)


# Parameters: ordinary ones first, then extremes.
SETS = {
    "normal": "0,1 1,2 -3.5,0.01 1e3,1e8",
    "log_normal": "0,1 1,0.5 -2,3",
    "laplace": "0,1 1,2 -0.3,1e-4",
    "cauchy": "0,1 1,2 0.5,1e-8",
    "student_t": "3,0,1 1.01,0.5,2 30,-1,0.7 1e6,0,1",
    "gumbel": "0,1 1,2 -1,0.3 0,1e-4",
    "logistic": "0,1 1,2 -2,0.25",
    "uniform": "0,1 0.25,0.75 -1,3",
    "gamma": "2,3 0.7,1 1e-3,2 1e6,10 50,1e-8 50,1e8",
    "exponential": "1 2.5 1e-8",
    "inverse_gamma": "2,3 3.5,0.5 0.01,1 1e4,10",
    "chi2": "3 1.01 1e6",
    "chi": "3 1.01 1e5",
    "weibull": "1,2 2,0.8 1e-3,5",
    "pareto": "1,3 0.5,2.5 0.1,0.2",
    "half_normal": "1 2.5 1e-8",
    "log_uniform": "1,4 0.5,8 0.1,1e6",
    "moyal": "0,1 1,2 -1,0.3 0,0.01",
    "exp_gamma": "2,3 0.7,1 1e-3,2 1e6,10 50,1e-8",
    "exp_inverse_gamma": "2,3 3.5,0.5 0.01,1 1e4,10",
    "lindley": "1 2.5 1e-6 1e5",
    "beta": "2,3 0.7,0.5 0.01,1e5 1e5,1e5 1e5,0.01 0.01,0.01",
    "kumaraswamy": "2,3 0.7,0.5 2,0.6",
    "logit_normal": "0,1 1,0.5 -2,3",
    "continuous_bernoulli": "0.3 0.5 0.999 1e-9",
    "von_mises": "0,1 1,4 -2,0.01 0.3,1e4",
    "bernoulli": "0.3 0.8 1e-9",
    "binomial": "10,0.3 10,0.75 12,0.4 300,1e-3",
    "negative_binomial": "3,0.4 3,0.7 2.5,0.4 0.1,0.9",
    "geometric": "0.3 0.8 0.02",
    "poisson": "3 4.5 1e-6 1e3",
    "categorical": "0.2,0.3,0.5 1,2,3,4 0.5,0,0.5",
    "discrete_uniform": "0,9 -5,20 3,5",
}

# Pairs of families of which each's first parameters make a finite divergence.
CROSS = """
beta: continuous_bernoulli exponential gamma normal uniform laplace gumbel kumaraswamy log_normal logistic student_t
continuous_bernoulli: exponential normal uniform gumbel laplace beta
exponential: gamma gumbel normal laplace weibull log_normal chi2
gamma: exponential gumbel normal laplace weibull log_normal inverse_gamma chi2 student_t
gumbel: normal laplace cauchy student_t logistic
laplace: normal cauchy student_t logistic
normal: gumbel laplace cauchy student_t logistic
pareto: exponential gamma normal laplace log_normal
uniform: beta continuous_bernoulli exponential gamma gumbel normal laplace half_normal kumaraswamy weibull log_normal
student_t: normal cauchy logistic laplace
weibull: gamma exponential log_normal half_normal
log_normal: gamma weibull inverse_gamma student_t
inverse_gamma: log_normal exponential cauchy
half_normal: gamma exponential chi
chi: half_normal chi2
chi2: gamma exponential
kumaraswamy: beta uniform normal
von_mises: normal student_t
cauchy: student_t
logistic: normal laplace gumbel
log_uniform: normal gamma exponential log_normal weibull laplace inverse_gamma student_t chi lindley
moyal: normal gumbel laplace student_t logistic exp_inverse_gamma
exp_gamma: normal gumbel laplace student_t
exp_inverse_gamma: normal gumbel moyal laplace
lindley: exponential gamma weibull log_normal normal
logit_normal: beta uniform normal kumaraswamy continuous_bernoulli gamma
normal: moyal exp_gamma exp_inverse_gamma
gumbel: moyal exp_inverse_gamma
gamma: lindley
beta: logit_normal lindley
uniform: logit_normal lindley exp_gamma moyal
bernoulli: poisson binomial geometric negative_binomial categorical discrete_uniform
binomial: poisson geometric negative_binomial discrete_uniform
poisson: geometric negative_binomial
geometric: poisson negative_binomial
negative_binomial: poisson geometric
categorical: poisson binomial discrete_uniform
discrete_uniform: poisson geometric binomial
"""

# What no two sets above can be: P's mean must exist, and supports must nest.
INFINITE = {("discrete_uniform", "binomial"), ("logistic", "gumbel"), ("weibull", "uniform")}


def rows():
    """Pairs of texts, with what kind of case they are."""
    for name, sets in SETS.items():
        texts = [f"{name}({', '.join(s.split(','))})" for s in sets.split()]
        ordinary = texts[:2]
        for p in texts:
            for q in texts:
                # Oracles of two extremes at once take minutes and say nothing new.
                if p != q and (p in ordinary or q in ordinary):
                    yield p, q, "ordinary"
            values = parse(p)[1]
            for k in range(len(values)):
                if name in ("discrete_uniform", "uniform", "categorical") or (name, k) in (("binomial", 0), ("log_uniform", 0)):
                    continue
                moved = [float(v) for v in values]
                moved[k] = moved[k] * (1 + 1e-6) if moved[k] else 1e-6
                yield p, f"{name}({', '.join(map(repr, moved))})", "near"
    for line in CROSS.strip().splitlines():
        p, qs = line.split(": ")
        for q in qs.split():
            if (p, q) not in INFINITE:
                yield *(f"{n}({', '.join(SETS[n].split()[0].split(','))})" for n in (p, q)), "ordinary"


def infinite(p, q):
    """Whether the supports alone make the divergence infinite; None where an integral has to say."""
    (name_p, v), (name_q, w) = parse(p), parse(q)
    if name_p in CONTINUOUS:
        (a, b), (c, d) = CONTINUOUS[name_p](*v)[0], CONTINUOUS[name_q](*w)[0]
        return a < c or b > d
    return False


def row(case):
    p, q, kind = case
    mp.dps = 32 if kind == "near" else 20
    value = inf if infinite(p, q) else kl(p, q, kind == "near")
    return p, q, kind, value
