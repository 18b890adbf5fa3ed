"""The inputs: doubles written out, or recipes that crates/kullback-dev/src/recipe.rs follows bit for bit."""

import struct

INFINITY = float("inf")


class SplitMix:
    """Steele, Lea and Flood 2014; the same integers in recipe.rs."""

    def __init__(self, seed):
        self.state = seed

    def next(self):
        self.state = (self.state + 0x9E3779B97F4A7C15) % 2**64
        z = self.state
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB % 2**64
        return z ^ (z >> 31)

    def unit(self):
        """In [2⁻⁵³, 1]: never zero, so that a zero weight is always meant."""
        return ((self.next() >> 11) + 1) * 2.0**-53

    def spiky(self):
        u = self.unit()
        for _ in range(4):
            u = u * u
        return u

    def scaled(self, low, high):
        """(1 + u)·2^e, exactly."""
        e = low + self.next() % (high - low + 1)
        return (0.5 + 0.5 * self.unit()) * 2.0**e


def recipe(kind, n, seed, a):
    """The doubles that `kind n seed a` stands for: ε for near and its variants, δ for overlap, the pool's kind for pool."""
    r = SplitMix(seed)
    if kind.startswith("pool-"):
        p, q = recipe(kind[5:], 1024, seed, a)
        chosen = [r.next() % 1024 for _ in range(n)]
        return [p[i] for i in chosen], [q[i] for i in chosen]
    p, q = [], []
    for i in range(n):
        if kind == "uniform":
            x, y = r.unit(), r.unit()
        elif kind == "spiky":
            x, y = r.spiky(), r.spiky()
        elif kind == "mixed":
            x, y = r.scaled(-996, 996), r.scaled(-996, 996)
        elif kind == "mild":
            x, y = r.scaled(-40, 0), r.scaled(-40, 0)
        elif kind == "subnormal":
            x, y = (1 + r.next() % 2**20) * 5e-324, (1 + r.next() % 2**40) * 5e-324
        elif kind == "huge":
            x, y = r.scaled(1020, 1023), r.scaled(1020, 1023)
        elif kind == "counts":
            x, y = float(r.next() % 1000), float(1 + r.next() % 64)
        elif kind == "sparse":
            x, y = r.unit(), r.unit()
            x, y = (0.0 if r.next() % 4 == 0 else x), (0.0 if r.next() % 8 == 0 else y)
        elif kind == "overlap":
            x, y = r.unit(), r.unit()
            x, y = (x, a * y) if i % 2 == 0 else (a * x, y)
        elif kind == "near":
            x = r.unit()
            y = x * (1.0 + a * (2.0 * r.unit() - 1.0))
        elif kind == "near-spiky":
            x = r.spiky()
            y = x * (1.0 + a * (2.0 * r.unit() - 1.0))
        elif kind == "near-mass":
            x = r.unit()
            y = 3.7 * x * (1.0 + a * (2.0 * r.unit() - 1.0))
        elif kind == "near-mixed":
            x = r.scaled(-996, 996)
            y = x * (1.0 + a * (2.0 * r.unit() - 1.0))
        else:
            raise ValueError(kind)
        p.append(x)
        q.append(y)
    return p, q


TINY, SMALLEST, HUGE = 5e-324, 2.2250738585072014e-308, 1.7976931348623157e308
CASES = {
    "one-category": ([3.0], [5.0]),
    "coin": ([0.2, 0.8], [0.5, 0.5]),
    "coin-reversed": ([0.5, 0.5], [0.2, 0.8]),
    "three": ([0.5, 0.4, 0.1], [0.6, 0.3, 0.1]),
    "equal": ([0.1, 0.2, 0.7], [0.1, 0.2, 0.7]),
    "equal-with-zeros": ([0.0, 0.3, 0.0, 0.7], [0.0, 0.3, 0.0, 0.7]),
    "equal-extremes": ([TINY, HUGE, 1.0], [TINY, HUGE, 1.0]),
    "proportional-by-two": ([0.1, 0.2, 0.7], [0.2, 0.4, 1.4]),
    "proportional-by-counts": ([1.0, 2.0, 3.0], [7.0, 14.0, 21.0]),
    "one-hot-same": ([0.0, 1.0, 0.0], [0.0, 1.0, 0.0]),
    "one-hot-against-uniform": ([0.0, 1.0, 0.0], [1.0, 1.0, 1.0]),
    "uniform-against-one-hot": ([1.0, 1.0, 1.0], [0.0, 1.0, 0.0]),
    "disjoint": ([1.0, 0.0], [0.0, 1.0]),
    "disjoint-wide": ([0.1, 0.3, 0.0, 0.0, 0.6], [0.0, 0.0, 0.25, 0.75, 0.0]),
    "p-zero": ([0.0, 0.4, 0.6], [0.2, 0.3, 0.5]),
    "q-zero": ([0.2, 0.3, 0.5], [0.0, 0.4, 0.6]),
    "zeros-both-sides": ([0.0, 0.2, 0.3, 0.5], [0.3, 0.0, 0.2, 0.5]),
    "counts-of-two-sizes": ([3.0, 1.0, 0.0, 12.0, 7.0], [410.0, 90.0, 3.0, 1200.0, 800.0]),
    "overlap-1e-10": ([1.0, 1e-10, 0.0], [0.0, 1e-10, 1.0]),
    "overlap-1e-30": ([1.0, 1e-30, 0.0], [0.0, 1e-30, 1.0]),
    "overlap-1e-30-full": ([1.0, 1e-30], [1e-30, 1.0]),
    "overlap-smallest": ([1.0, TINY], [TINY, 1.0]),
    "scales": ([1e300, 1.0, 1e-300], [1e-300, 1e300, 1.0]),
    "scales-one-sided": ([1.0, 1e-300], [0.5, 0.5]),
    "subnormal": ([TINY, 3 * TINY, 7 * TINY], [2 * TINY, TINY, 4 * TINY]),
    "subnormal-against-normal": ([TINY, 3 * TINY], [1.0, 2.0]),
    "normal-against-subnormal": ([1.0, 2.0], [3 * TINY, TINY]),
    "smallest-normal": ([SMALLEST, 3 * SMALLEST, TINY], [SMALLEST, SMALLEST, 1.5 * SMALLEST]),
    "huge": ([HUGE, HUGE, 0.5 * HUGE], [0.25 * HUGE, HUGE, HUGE]),
    "huge-against-tiny": ([HUGE, 0.5 * HUGE, HUGE], [TINY, TINY, 2 * TINY]),
    "whole-range": ([HUGE, TINY, 1.0], [TINY, HUGE, 1.0]),
    "rare-category": ([1.0, 1e-17], [1.0, 1e-18]),
    "rare-on-one-side": ([1.0, 1e-17], [1.0, 0.0]),
    "rare-on-other-side": ([1.0, 0.0], [1.0, 1e-17]),
    "rare-beside-one": ([3.0, 1e-80], [7.0, 1e-79]),
    "rare-beside-one-1e-40": ([3.0, 1e-40], [7.0, 1e-39]),
    "rare-beside-two": ([3.0, 3.0, 1e-80], [7.0, 7.0, 1e-79]),
    "rare-beside-unequal": ([1.0, 2.0, 1e-40], [1.0, 2.0, 3e-40]),
    "rare-beside-huge": ([9.18163548e-95, 1.13488721e55], [8.10419041e-285, 3.59706078e-78]),
    "rare-beside-huge-1e-134": ([2.28559465e101, 4.72333648e-133], [4.70304273e228, 2.23350482e95]),
    "last-bit": ([0.5, 0.5], [0.5, 0.5000000000000001]),
    "last-bit-of-one": ([1.0, 1.0, 1.0], [1.0, 1.0, 0.9999999999999999]),
    "near-1e-8-coin": ([0.5, 0.5], [0.500000005, 0.499999995]),
    "near-1e-3-coin": ([0.3, 0.7], [0.3003, 0.6997]),
}
for n in (2, 3, 7, 64, 1000):
    CASES[f"uniform-{n}"] = f"uniform {n} {n} 0"
for n in (7, 256):
    for kind in "spiky mixed mild subnormal huge counts sparse".split():
        CASES[f"{kind}-{n}"] = f"{kind} {n} {n + 1} 0"
for kind in ("near", "near-spiky", "near-mass", "near-mixed"):
    for epsilon in ("1e-2", "1e-4", "1e-8", "1e-12"):
        CASES[f"{kind}-{epsilon}"] = f"{kind} 200 5 {float(epsilon)!r}"
for delta in (1e-10, 1e-30, 1e-200):
    CASES[f"overlap-{delta!r}-40"] = f"overlap 40 9 {delta!r}"
CASES["spiky-1000"] = "spiky 1000 17 0"
CASES["long"] = "uniform 10000 21 0"
CASES["long-near-1e-8"] = "near 20000 22 1e-08"
for kind, epsilon in (("uniform", "0"), ("spiky", "0"), ("mild", "0"), ("near", "1e-08"), ("sparse", "0")):
    CASES[f"million-{kind}"] = f"pool-{kind} 1000000 31 {epsilon}"


def build(case):
    """p, q and how often each entry occurs."""
    if not isinstance(case, str):
        return *case, None
    kind, n, seed, a = case.split()
    if not kind.startswith("pool-"):
        return *recipe(kind, int(n), int(seed), float(a)), None
    r, count = SplitMix(int(seed)), [0] * 1024
    for _ in range(int(n)):
        count[r.next() % 1024] += 1
    return *recipe(kind[5:], 1024, int(seed), float(a)), count


def tables():
    r = SplitMix(99)
    noise = lambda e: 1.0 + e * (2.0 * r.unit() - 1.0)
    product = [[x * y for y in (1.0, 2.0, 5.0)] for x in (0.5, 3.0, 0.25, 8.0)]
    joints = [
        product,
        [[1.0]],
        [[1.0, 0.0], [0.0, 1.0]],
        [[3.0, 1.0], [2.0, 9.0]],
        [[10.0, 0.0, 5.0], [0.0, 0.0, 0.0], [20.0, 4.0, 1.0]],
        [[0.1, 0.2, 0.3], [0.15, 0.05, 0.2]],
        [[1e300, 1.0], [1e-300, 2.0]],
        [[TINY, 2 * TINY], [3 * TINY, TINY]],
        [[r.unit() for _ in range(9)] for _ in range(11)],
        [[x * y * noise(1e-4) for y in (1.0, 2.0, 5.0)] for x in (0.5, 3.0, 0.25, 8.0)],
        [[x * y * noise(1e-8) for y in (1.0, 2.0, 5.0)] for x in (0.5, 3.0, 0.25, 8.0)],
    ]
    for rows in joints:
        yield "mutual_information", rows, []
    groups = [
        ([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]], [1.0, 1.0, 1.0]),
        ([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]], [0.2, 0.3, 0.5]),
        ([[0.2, 0.8], [0.5, 0.5]], [0.5, 0.5]),
        ([[0.2, 0.8], [0.5, 0.5]], [1.0, 0.0]),
        ([[3.0, 1.0, 7.0], [3.0, 1.0, 7.0]], [2.0, 5.0]),
        ([[3.0, 1.0], [300.0, 90.0], [1.0, 1.0], [0.0, 5.0]], [4.0, 390.0, 2.0, 5.0]),
        ([[r.unit() for _ in range(12)] for _ in range(5)], [r.unit() for _ in range(5)]),
        ([[r.scaled(-996, 996) for _ in range(6)] for _ in range(4)], [1.0, 2.0, 3.0, 4.0]),
        ([[x * noise(1e-8) for x in (0.1, 0.2, 0.3, 0.4)] for _ in range(3)], [1.0, 1.0, 2.0]),
    ]
    for rows, weights in groups:
        yield "weighted_js", rows, weights


def logs():
    r = SplitMix(7)
    negative = lambda s: s * (r.unit() - 1.0)
    yield [-1.6094379124341003, -0.2231435513142097], [-0.6931471805599453, -0.6931471805599453]
    yield [-INFINITY, -0.5, -0.9], [-1.0, -0.7, -2.0]
    yield [-1.0, -0.7, -2.0], [-INFINITY, -0.5, -0.9]
    yield [0.0, -INFINITY], [-INFINITY, 0.0]
    yield [-0.3, -1.2, -2.5], [-0.3, -1.2, -2.5]
    yield [0.0, -800.0, -2000.0], [-2000.0, 0.0, -5.0]
    yield [-1e5, -1e5 - 1.0], [-3.0, -4.0]
    yield [negative(5.0) for _ in range(20)], [negative(5.0) for _ in range(20)]
    yield [negative(600.0) for _ in range(20)], [negative(600.0) for _ in range(20)]
    for epsilon in (1e-4, 1e-8):
        a = [negative(4.0) for _ in range(20)]
        yield a, [x + epsilon * (2.0 * r.unit() - 1.0) for x in a]


def points():
    r = SplitMix(3)
    signed = lambda s: s * (2.0 * r.unit() - 1.0)
    above, below = 1.0000000000000002, 0.9999999999999999
    edges = [TINY, SMALLEST, 1e-300, 1e-30, 1e-8, 0.5, below, 1.0, above, 1.5, 2.0, 3.0, 10.0, 1e8, 1e300, HUGE]
    steps = [2.0**-k for k in range(1, 53, 3)]
    near_one = [1.0 + s for s in steps] + [1.0 - s for s in steps]
    any_scale = [r.scaled(-1021, 1023) for _ in range(60)]
    for x in edges + near_one + any_scale + [0.6 + 0.9 * r.unit() for _ in range(60)]:
        yield "ln", x
    for x in [0.0] + [s * x for x in steps + [1e-300, TINY, 1.0, 0.34657359, 0.34657360, 700.0] for s in (1, -1)]:
        yield "exp", x
    for x in [709.782712893384, 709.7827128933841, -708.3964185322641, -708.5, -744.4400719213812, -745.1, -745.2, 710.0, -800.0]:
        yield "exp", x
    for x in [signed(745.0) for _ in range(80)] + [signed(1.0) for _ in range(60)]:
        yield "exp", x
    for x in [0.0, -below, -0.9, -0.5, 0.41, 0.42, -0.29, -0.3] + edges + [s * x for x in steps for s in (1, -1)]:
        yield "log1p", x
    for x in any_scale[:30] + [r.unit() - 1.0 + 2.0**-53 for _ in range(60)] + [2.0 * r.unit() for _ in range(60)]:
        yield "log1p", x
    for x in [0.0] + [s * x for x in steps + [1e-300, 1e-150, TINY, 0.5, 1.0, 1.5, 2.0, 36.0, 40.0, 700.0, 709.0] for s in (1, -1)]:
        yield "h", x
    for x in [1e8, 1e300, HUGE, -709.7, -710.0, -1e5] + [signed(2.0) for _ in range(80)] + [signed(700.0) for _ in range(40)]:
        yield "h", x
    for x in [x for x in edges if x > TINY] + [1.4616321449683623, 1.4616321449683622, 1.46, 1.4, 1.9, 6.0, 12.0, 100.0]:
        yield "digamma", x
    for x in [float(k) for k in range(4, 12)] + [20.0 * r.unit() for _ in range(60)] + [r.scaled(-30, 60) for _ in range(40)]:
        yield "digamma", x
    yield from special(r)
    pairs = [(1.0, 1.0), (1.0, above), (above, 1.0), (1.0, below), (TINY, 1.0), (1.0, TINY), (HUGE, TINY), (TINY, HUGE), (HUGE, below)]
    pairs += [(SMALLEST, 3 * TINY), (TINY, TINY), (TINY, 2 * TINY), (HUGE, HUGE), (0.3, 0.6), (0.6, 0.3), (1e-200, 1e200), (4.0, SMALLEST)]
    pairs += [(x, x * (1.0 + s * e)) for x in (0.3, 0.77) for e in steps for s in (1, -1)]
    pairs += [(r.unit(), r.unit()) for _ in range(60)] + [(r.spiky(), r.unit()) for _ in range(30)]
    pairs += [(r.scaled(-500, 500), r.scaled(-500, 500)) for _ in range(30)]
    for x, y in pairs:
        yield "ln_ratio", x, y
        yield "phi", x, y
    for x, y in [(0.0, 0.0), (0.0, 0.25), (0.25, 0.0), (0.0, TINY), (HUGE, 0.0)]:
        yield "phi", x, y


def special(r):
    """Arguments of Γ, Bessel functions and the Bregman divergences of their logarithms."""
    sizes = [1e-8, 1e-3, 0.01, 0.3, 0.49, 0.5, 0.77, 1.0, 1.5, 1.9999999, 2.0, 2.5, 4.0, 9.0, 9.99, 10.0, 33.3, 1e3, 1e6, 1e9]
    for x in sizes + [r.scaled(-20, 20) for _ in range(30)] + [12.0 * r.unit() for _ in range(30)]:
        for name in ("trigamma", "ln_gamma", "binet"):
            yield name, x
    for x in [0.6, 0.95, 1.2, 1.3, 1.45, 1.4616, 1.4617, 1.5, 1.6, 1.73, 1.75, 1.9]:
        yield "digamma", x
    for x in [1e-9, 1e-3, 0.5, 1.0, 1.9, 2.0, 2.1, 5.0, 10.0, 20.0, 24.9, 25.0, 26.0, 60.0, 700.0, 1e4, 1e6] + [40.0 * r.unit() for _ in range(20)]:
        yield "ln_i0", x
        yield "bessel_ratio", 0.0, x
    for nu in [0.5, 1.0, 3.0, 10.0, 49.0]:
        for x in [1e-3, 0.5, 3.0, 20.0, 100.0, 1000.0, 5000.0]:
            yield "bessel_ratio", nu, x
    sizes = [1e-3, 0.03, 0.5, 1.0, 3.0, 9.9, 10.1, 50.0, 1e3, 1e6]
    for a in sizes:
        for b in sizes + [a * x for x in (1.0 + 1e-15, 1.0 + 1e-9, 1.0 - 1e-6, 1.001, 0.51, 0.49, 1.49, 1.51)]:
            yield "gamma_bregman", b, a
        for b in sizes:
            yield "ln_beta", a, b
    sizes = [1e-3, 0.5, 3.0, 10.0, 24.0, 26.0, 60.0, 1e3, 1e6]
    for a in sizes:
        for b in sizes + [a * x for x in (1.0 + 1e-9, 1.0 - 1e-6, 1.001, 0.51, 0.49, 1.49, 1.51)]:
            yield "i0_bregman", b, a
    sizes = [-690.0, -30.0, -8.0, -3.0, -1.0, -1e-3, 0.0, 0.2, 0.9, 2.0, 7.0, 25.0, 36.0]
    for a in sizes:
        for b in sizes + [a * x for x in (1.0 + 1e-9, 1.0 - 1e-6, 1.001, 0.51, 1.6) if a]:
            yield "expm1_bregman", b, a


def fingerprint(text):
    """One number for all bits of a recipe's doubles, so that recipe.rs can be held to them."""
    kind, n, seed, a = text.split()
    p, q = recipe(kind, int(n), int(seed), float(a))
    value = 0
    for x in p + q:
        value = (value * 0x9E3779B97F4A7C15 + struct.unpack("<Q", struct.pack("<d", x))[0]) % 2**64
    return f"{value:016x}"
