//! kullback behind a C ABI, so that one Python process can time it beside its peers.
//!
//! Every function returns NaN (or `false`) where the library returns an error: the caller asserts values anyway.

use std::ffi::{CStr, c_char};
use std::slice::from_raw_parts;

use kullback::estimate::{SampleEstimator, SampleKl};
use kullback::family::batch::{BatchKl, Betas, Dirichlets, Gammas, MultivariateNormals, Normals};
use kullback::logits::{Logit, LogitRows};
use kullback::loss::latent::{GaussianGradient, GaussianKl, Gaussians, Penalty};
use kullback::{Divergence, Kl, Measure, Rows, Weight, entropy};
use rayon::prelude::*;

/// Sets the number of threads of this process, once, as `kullback --threads N` does.
#[unsafe(no_mangle)]
pub extern "C" fn kullback_threads(threads: usize) -> bool {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build_global().is_ok()
}

/// The two inputs as slices.
///
/// # Safety
/// `p` and `q` each point to `n` values that outlive the call and that nobody writes meanwhile.
unsafe fn pair<'a, T>(p: *const T, q: *const T, n: usize) -> (&'a [T], &'a [T]) {
    // SAFETY: the caller's promise, word for word.
    unsafe { (from_raw_parts(p, n), from_raw_parts(q, n)) }
}

/// The measure of that name, for as long as the process lives; null if there is none.
///
/// # Safety
/// `name` is a C string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kullback_measure(name: *const c_char) -> *const Measure {
    // SAFETY: the caller's promise.
    let name = unsafe { CStr::from_ptr(name) };
    let measure = name.to_str().ok().and_then(|name| name.parse().ok());
    measure.map_or(std::ptr::null(), |measure| Box::leak(Box::new(measure)))
}

/// # Safety
/// As [`pair`]; `measure` comes from [`kullback_measure`].
unsafe fn between<T: Weight>(measure: *const Measure, p: *const T, q: *const T, n: usize) -> f64 {
    // SAFETY: the caller's promises.
    let (measure, (p, q)) = unsafe { (measure.as_ref(), pair(p, q, n)) };
    measure.and_then(|measure| measure.between(p, q).ok()).unwrap_or(f64::NAN)
}

/// # Safety
/// As [`pair`] with `rows * columns` values; `out` points to `rows` values nobody else uses.
unsafe fn kl_rows<T: Weight>(p: *const T, q: *const T, rows: usize, columns: usize, out: *mut f64) -> bool {
    // SAFETY: the caller's promises.
    let ((p, q), out) = unsafe { (pair(p, q, rows * columns), std::slice::from_raw_parts_mut(out, rows)) };
    let (Ok(p), Ok(q)) = (Rows::new(p, columns), Rows::new(q, columns)) else { return false };
    let Ok(values) = Kl.rows(p, q) else { return false };
    out.copy_from_slice(&values);
    true
}

/// The memory floor: reads both inputs once, on all threads, and does next to nothing with them.
///
/// # Safety
/// As [`pair`].
unsafe fn read<T: Sync>(p: *const T, q: *const T, n: usize) -> u64 {
    let words = n * size_of::<T>() / size_of::<u64>();
    // SAFETY: the caller's promise, and any initialised f32 or f64 may be read as an integer; arrays are 16-byte aligned.
    let (p, q) = unsafe { pair(p.cast::<u64>(), q.cast::<u64>(), words) };
    let sum = |words: &[u64]| words.iter().fold(0_u64, |sum, &word| sum.wrapping_add(word));
    // Blocks of 256 KiB, both inputs side by side as a divergence reads them.
    const BLOCK: usize = 1 << 15;
    if rayon::current_num_threads() == 1 || words < 4 * BLOCK {
        return p
            .chunks(BLOCK)
            .zip(q.chunks(BLOCK))
            .map(|(p, q)| sum(p).wrapping_add(sum(q)))
            .fold(0, u64::wrapping_add);
    }
    p.par_chunks(BLOCK)
        .zip(q.par_chunks(BLOCK))
        .map(|(p, q)| sum(p).wrapping_add(sum(q)))
        .reduce(|| 0, u64::wrapping_add)
}

macro_rules! export {
    ($float:ty, $between:ident, $entropy:ident, $kl_rows:ident, $read:ident) => {
        /// The measure between two vectors of weights.
        ///
        /// # Safety
        /// `measure` comes from [`kullback_measure`]; `p` and `q` each point to `n` values.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $between(
            measure: *const Measure,
            p: *const $float,
            q: *const $float,
            n: usize,
        ) -> f64 {
            // SAFETY: the caller's promises, passed on.
            unsafe { between(measure, p, q, n) }
        }

        /// The Shannon entropy of a vector of weights.
        ///
        /// # Safety
        /// `p` points to `n` values.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $entropy(p: *const $float, n: usize) -> f64 {
            // SAFETY: the caller's promise.
            entropy(unsafe { from_raw_parts(p, n) }).unwrap_or(f64::NAN)
        }

        /// KL(p‖q) of every row of two row-major tables.
        ///
        /// # Safety
        /// `p` and `q` each point to `rows * columns` values, `out` to `rows` values.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $kl_rows(
            p: *const $float,
            q: *const $float,
            rows: usize,
            columns: usize,
            out: *mut f64,
        ) -> bool {
            // SAFETY: the caller's promises, passed on.
            unsafe { kl_rows(p, q, rows, columns, out) }
        }

        /// The memory floor: both vectors read once.
        ///
        /// # Safety
        /// `p` and `q` each point to `n` values.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $read(p: *const $float, q: *const $float, n: usize) -> u64 {
            // SAFETY: the caller's promise, passed on.
            unsafe { read(p, q, n) }
        }
    };
}

export!(f64, kullback_between_f64, kullback_entropy_f64, kullback_kl_rows_f64, kullback_read_f64);
export!(f32, kullback_between_f32, kullback_entropy_f32, kullback_kl_rows_f32, kullback_read_f32);

/// What a batch of logits comes to: its values, and with `gradient` (null for none) the gradient for Q times `scale`.
///
/// # Safety
/// As [`pair`] with `rows * columns` values; `values` points to `rows` and `gradient`, unless null, to `rows * columns`
/// values nobody else uses; `measure` comes from [`kullback_measure`].
#[allow(clippy::too_many_arguments, reason = "a C function takes them one by one")]
unsafe fn logits<T: Logit>(
    measure: *const Measure,
    p: *const T,
    q: *const T,
    rows: usize,
    columns: usize,
    temperature: f64,
    scale: f64,
    values: *mut f64,
    gradient: *mut T,
) -> bool {
    // SAFETY: the caller's promises.
    let (measure, (p, q), values, gradient) = unsafe {
        let n = rows * columns;
        let gradient = (!gradient.is_null()).then(|| std::slice::from_raw_parts_mut(gradient, n));
        (measure.as_ref(), pair(p, q, n), std::slice::from_raw_parts_mut(values, rows), gradient)
    };
    let run = || {
        let batch = LogitRows::new(Rows::new(p, columns)?, Rows::new(q, columns)?)?;
        let batch = batch.with_temperature(temperature)?.with_scale(scale);
        measure.map_or(Ok(false), |measure| batch.measure_into(*measure, values, None, gradient).map(|()| true))
    };
    run().unwrap_or(false)
}

macro_rules! export_logits {
    ($float:ty, $logits:ident) => {
        /// A measure of rows of logits, and its gradient for Q.
        ///
        /// # Safety
        /// `p` and `q` each point to `rows * columns` values, `values` to `rows` and `gradient`, unless null, to
        /// `rows * columns` values nobody else uses; `measure` comes from [`kullback_measure`].
        #[unsafe(no_mangle)]
        #[allow(clippy::too_many_arguments, reason = "a C function takes them one by one")]
        pub unsafe extern "C" fn $logits(
            measure: *const Measure,
            p: *const $float,
            q: *const $float,
            rows: usize,
            columns: usize,
            temperature: f64,
            scale: f64,
            values: *mut f64,
            gradient: *mut $float,
        ) -> bool {
            // SAFETY: the caller's promises, passed on.
            unsafe { logits(measure, p, q, rows, columns, temperature, scale, values, gradient) }
        }
    };
}

export_logits!(f64, kullback_logits_f64);
export_logits!(f32, kullback_logits_f32);
export_logits!(half::bf16, kullback_logits_bf16);

/// The mean over samples of KL(N(mean, e^ln_variance) ‖ N(0, I)), and its gradient.
///
/// # Safety
/// Each pointer is to `samples * latent` values; those of the last two are nobody else's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kullback_gaussian_f32(
    mean: *const f32,
    ln_variance: *const f32,
    samples: usize,
    latent: usize,
    by_mean: *mut f32,
    by_ln_variance: *mut f32,
) -> f64 {
    let n = samples * latent;
    // SAFETY: the caller's promises.
    let ((mean, ln_variance), by_mean, by_ln_variance) = unsafe {
        let write = |to| std::slice::from_raw_parts_mut(to, n);
        (pair(mean, ln_variance, n), write(by_mean), write(by_ln_variance))
    };
    let to = GaussianGradient { mean: by_mean, ln_variance: by_ln_variance };
    let loss = Gaussians::new(mean, ln_variance, latent)
        .and_then(|p| GaussianKl::to_standard(p).loss(Penalty::beta(1.0), Some(to), None));
    loss.map_or(f64::NAN, |loss| loss.value)
}

/// KL of many pairs of one family: `normal`, `gamma`, `beta`, `dirichlet` or `multivariate_normal` with covariance matrices.
/// Its parameters are two arrays a side (a Dirichlet has one, given twice); `dimension` is that of vectors.
///
/// # Safety
/// `name` is a C string; `p_0`, `p_1`, `q_0` and `q_1` each point to as many values as `rows` distributions have of the
/// parameter, `values` to `rows` values nobody else uses.
#[unsafe(no_mangle)]
#[allow(clippy::too_many_arguments, reason = "a C function takes them one by one")]
pub unsafe extern "C" fn kullback_family(
    name: *const c_char,
    p_0: *const f64,
    p_1: *const f64,
    q_0: *const f64,
    q_1: *const f64,
    rows: usize,
    dimension: usize,
    values: *mut f64,
) -> bool {
    // SAFETY: the caller's promise.
    let name = unsafe { CStr::from_ptr(name) }.to_bytes();
    let widths = match name {
        b"dirichlet" => [dimension; 2],
        b"multivariate_normal" => [dimension, dimension * dimension],
        _ => [1; 2],
    };
    // SAFETY: the caller's promises.
    let ((p_0, q_0), (p_1, q_1), values) = unsafe {
        let values = std::slice::from_raw_parts_mut(values, rows);
        (pair(p_0, q_0, rows * widths[0]), pair(p_1, q_1, rows * widths[1]), values)
    };
    let ([p, q], d) = ([[p_0, p_1], [q_0, q_1]], dimension);
    let mut run = || match name {
        b"normal" => Normals::new(p)?.kl_to_into(&Normals::new(q)?, values),
        b"gamma" => Gammas::new(p)?.kl_to_into(&Gammas::new(q)?, values),
        b"beta" => Betas::new(p)?.kl_to_into(&Betas::new(q)?, values),
        b"dirichlet" => {
            let [p, q] = [p_0, q_0].map(|x| Rows::new(x, d).and_then(Dirichlets::new));
            p?.kl_to_into(&q?, values)
        }
        b"multivariate_normal" => {
            let [p, q] = [p, q].map(|[loc, matrix]| MultivariateNormals::new(d, loc, matrix));
            p?.kl_to_into(&q?, values)
        }
        _ => Err(kullback::Error::Empty),
    };
    run().is_ok()
}

/// KL from two samples of points by `k` nearest neighbours, without an interval. NaN for what is refused.
///
/// # Safety
/// `p` points to `n` and `q` to `m` points of `dimensions` coordinates each.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kullback_samples(
    p: *const f64,
    q: *const f64,
    n: usize,
    m: usize,
    dimensions: usize,
    k: usize,
) -> f64 {
    // SAFETY: the caller's promise.
    let (p, q) = unsafe { (from_raw_parts(p, n * dimensions), from_raw_parts(q, m * dimensions)) };
    let kl = SampleKl { estimator: SampleEstimator::Nearest { k }, ..SampleKl::default() };
    let value = || kl.value_between_points(Rows::new(p, dimensions)?, Rows::new(q, dimensions)?);
    value().unwrap_or(f64::NAN)
}
