//! Inputs named by `kind n seed parameter` instead of being written out. `scripts/golden_inputs.py` builds the same
//! doubles bit for bit: integers, and exactly rounded `+`, `−`, `·` in the same order.

/// Steele, Lea and Flood, *Fast splittable pseudorandom number generators*, 2014.
#[derive(Debug, Clone, Copy)]
pub struct SplitMix(u64);

impl SplitMix {
    /// A generator that starts from `seed`.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = self.0;
        let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// In [2⁻⁵³, 1]: never zero, so that a zero weight is always meant.
    pub fn unit(&mut self) -> f64 {
        ((self.bits() >> 11) + 1) as f64 * (f64::EPSILON / 2.0)
    }

    /// The sixteenth power of a unit number: few entries carry nearly all mass.
    pub fn spiky(&mut self) -> f64 {
        let mut u = self.unit();
        for _ in 0..4 {
            u *= u;
        }
        u
    }

    /// A number in [½, 1]·2ᵉ with e between `low` and `high`.
    pub fn scaled(&mut self, low: i32, high: i32) -> f64 {
        let e = low + (self.bits() % (high - low + 1) as u64) as i32;
        (0.5 + 0.5 * self.unit()) * power_of_two(e)
    }
}

/// 2ᵉ for a normal exponent, exactly on every platform.
fn power_of_two(e: i32) -> f64 {
    f64::from_bits(((e + 1023) as u64) << 52)
}

/// The smallest positive double.
const TINY: f64 = f64::from_bits(1);

/// Both sides of the input that `recipe` names.
///
/// # Errors
/// What is wrong with the text.
pub fn build(recipe: &str) -> Result<(Vec<f64>, Vec<f64>), String> {
    let bad = || format!("no recipe: {recipe}");
    let words: Vec<&str> = recipe.split(' ').collect();
    let [kind, n, seed, a] = words[..] else { return Err(bad()) };
    let (Ok(n), Ok(seed), Ok(a)) = (n.parse(), seed.parse(), a.parse()) else { return Err(bad()) };
    pair(kind, n, seed, a).ok_or_else(bad)
}

/// `a` is the size of the noise for the near kinds and the shared mass for overlap.
fn pair(kind: &str, n: usize, seed: u64, a: f64) -> Option<(Vec<f64>, Vec<f64>)> {
    let mut r = SplitMix::new(seed);
    if let Some(kind) = kind.strip_prefix("pool-") {
        const POOL: usize = 1024;
        let (p, q) = pair(kind, POOL, seed, a)?;
        let chosen = (0..n).map(|_| (r.bits() % POOL as u64) as usize);
        return Some(chosen.map(|i| (p[i], q[i])).unzip());
    }
    let noise = |r: &mut SplitMix| 1.0 + a * (2.0 * r.unit() - 1.0);
    let mut entry = |i: usize| {
        let r = &mut r;
        Some(match kind {
            "uniform" => (r.unit(), r.unit()),
            "spiky" => (r.spiky(), r.spiky()),
            "mixed" => (r.scaled(-996, 996), r.scaled(-996, 996)),
            "mild" => (r.scaled(-40, 0), r.scaled(-40, 0)),
            "subnormal" => ((1 + r.bits() % (1 << 20)) as f64 * TINY, (1 + r.bits() % (1 << 40)) as f64 * TINY),
            "huge" => (r.scaled(1020, 1023), r.scaled(1020, 1023)),
            "counts" => ((r.bits() % 1000) as f64, (1 + r.bits() % 64) as f64),
            "sparse" => {
                let (x, y) = (r.unit(), r.unit());
                let x = if r.bits().is_multiple_of(4) { 0.0 } else { x };
                (x, if r.bits().is_multiple_of(8) { 0.0 } else { y })
            }
            "overlap" => {
                let (x, y) = (r.unit(), r.unit());
                if i.is_multiple_of(2) { (x, a * y) } else { (a * x, y) }
            }
            "near" | "near-spiky" | "near-mass" | "near-mixed" => {
                let x = match kind {
                    "near-spiky" => r.spiky(),
                    "near-mixed" => r.scaled(-996, 996),
                    _ => r.unit(),
                };
                let scaled = if kind == "near-mass" { 3.7 * x } else { x };
                (x, scaled * noise(r))
            }
            _ => return None,
        })
    };
    (0..n).map(&mut entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first bits of each kind, as golden_inputs.py prints them: `fingerprint(recipe)`.
    #[test]
    fn recipes_agree_with_python() {
        let listed = include_str!("../../kullback/tests/golden/recipes.csv");
        for line in listed.lines().skip(1) {
            let (recipe, expected) = line.split_once(',').unwrap_or_default();
            let (p, q) = build(recipe).unwrap_or_default();
            let mut hash = 0u64;
            for x in p.iter().chain(&q) {
                hash = hash.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(x.to_bits());
            }
            assert_eq!(format!("{hash:016x}"), expected, "{recipe}");
        }
    }
}
