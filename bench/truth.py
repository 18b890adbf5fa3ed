"""Reference values in 80-bit long double, themselves checked against mpmath. Shares no code with kullback."""
import mpmath, numpy as np

L = np.longdouble
TERMS = range(2, 13)


def phi(x):
    """x − ln(1 + x) without cancellation: its series where |x| is small."""
    small = np.abs(x) < 1e-2
    s = np.where(small, x, L(0))
    series = s * 0
    for k in reversed(TERMS):
        series = series * s + L((-1) ** k) / k
    return np.where(small, series * s * s, x - np.log1p(np.where(small, L(0), x)))


def normalised(w):
    w = w.astype(L)
    return w / w.sum(axis=-1, keepdims=True)


def kl(p, q):
    """KL(p‖q) along the last axis, of the weights as given, normalised: Σ p·φ(q/p − 1)."""
    p, q = p.astype(L), q.astype(L)
    mass, excess = p.sum(axis=-1, keepdims=True), (q - p).sum(axis=-1, keepdims=True)
    x = ((q - p) * mass - p * excess) / (p * (mass + excess))
    return (p * phi(x)).sum(axis=-1) / mass[..., 0]


def of_normalised(function):
    return lambda p, q: function(normalised(p), normalised(q))


FAMILY = {
    "kl": kl,
    "reverse-kl": lambda p, q: kl(q, p),
    "jeffreys": lambda p, q: kl(p, q) + kl(q, p),
    "js": of_normalised(lambda p, q: (kl(p, (p + q) / 2) + kl(q, (p + q) / 2)) / 2),
    "tv": of_normalised(lambda p, q: np.abs(p - q).sum() / 2),
    "renyi=2": of_normalised(lambda p, q: np.log((p * p / q).sum())),
    "hellinger": of_normalised(lambda p, q: ((np.sqrt(p) - np.sqrt(q)) ** 2).sum() / 2),
    "chi2": of_normalised(lambda p, q: ((p - q) ** 2 / q).sum()),
    "entropy": of_normalised(lambda p, q: -(p * np.log(p)).sum()),
}


def check():
    """The references themselves, far apart and nearly equal, to 17 digits against 50-digit arithmetic."""
    assert np.finfo(L).eps < 2e-19, "the references need an 80-bit (or wider) long double"
    rng, mp = np.random.default_rng(1), mpmath.mp
    mp.dps = 50
    for noise in (1, 1e-3, 1e-8):
        p = rng.exponential(size=200) + 1e-3
        q = p * np.exp(noise * rng.standard_normal(200))
        sums = [mp.fsum(map(mp.mpf, map(float, w))) for w in (p, q)]
        P, Q = ([mp.mpf(float(x)) / s for x in w] for w, s in zip((p, q), sums))
        true = mp.fsum(a * mp.log(a / b) for a, b in zip(P, Q))
        value = kl(p, q)
        error = abs((mp.mpf(float(value)) + mp.mpf(float(value - L(float(value)))) - true) / true)
        assert error < 1e-16, f"reference off by {error} at noise {noise}"
