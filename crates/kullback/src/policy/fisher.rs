use crate::Error;
use crate::discrete::{Rows, Weight};
use crate::logits::{Logit, shape, side};
use crate::num::simd::Level;
use crate::state::Temperature;

/// F v for categorical policies: p∘(v − Σ p v) over the number of states, for each row of logits, with p its softmax.
///
/// That is the product with the Hessian of the mean over states of KL(π_old‖π), for logits. Masked logits (−∞) have 0.
///
/// # Errors
/// [`Error::Shape`] for slices of another length, [`Error::Row`] for a row with a NaN or +∞ or with nothing but −∞.
///
/// ```
/// use kullback::Rows;
/// let mut out = [0.0; 2];
/// kullback::policy::categorical_fisher_into(Rows::new(&[0.0, 0.0], 2)?, &[1.0, 0.0], &mut out)?;
/// assert_eq!(out, [0.25, -0.25]);
/// # Ok::<(), kullback::Error>(())
/// ```
pub fn categorical_fisher_into<T: Logit>(logits: Rows<'_, T>, tangent: &[T], out: &mut [T]) -> Result<(), Error> {
    let (n, columns) = (logits.len(), logits.columns());
    shape(tangent.len(), n * columns)?;
    shape(out.len(), n * columns)?;
    let (level, mut block) = (Level::new(), side::Block::default());
    let (mut p, mut row) = (vec![0.0; columns], Vec::with_capacity(columns));
    let rows = tangent.chunks_exact(columns).zip(out.chunks_exact_mut(columns));
    for (index, (tangent, out)) in rows.enumerate() {
        row.clear();
        row.extend(logits.row(index).iter().map(|&x| -> f64 { x.into() }));
        let mass = side::mass(level, &row, Temperature::ONE, &mut block).map_err(|reason| reason.at(index, index))?;
        if mass.sum.value() == 0.0 {
            return Err(crate::error::RowError::ZeroMass { side: crate::Side::Q }.at(index, index));
        }
        p.fill(0.0);
        side::add_softmax(level, &row, &mass, Temperature::ONE, 1.0, &mut p, &mut block);
        let mean: f64 = p.iter().zip(tangent).map(|(p, &v)| p * v.into()).sum();
        for ((out, p), &v) in out.iter_mut().zip(&p).zip(tangent) {
            *out = T::rounded(p * (v.into() - mean) / n as f64);
        }
    }
    Ok(())
}

/// F v for policies with Gaussian actions of independent coordinates, for the means and for ln σ, over the number of
/// states: v/σ² and 2v. Slices hold state after state.
///
/// # Errors
/// [`Error::Empty`] for no actions, [`Error::Shape`] for slices of another length or an incomplete state.
///
/// ```
/// let [mut by_mean, mut by_ln_scale] = [[0.0; 1]; 2];
/// kullback::policy::gaussian_fisher_into(&[2f64.ln()], 1, [&[1.0], &[1.0]], [&mut by_mean, &mut by_ln_scale])?;
/// assert!((by_mean[0] - 0.25).abs() < 1e-15 && by_ln_scale == [2.0]);
/// # Ok::<(), kullback::Error>(())
/// ```
pub fn gaussian_fisher_into<T: Weight>(
    ln_scale: &[T],
    actions: usize,
    [of_mean, of_ln_scale]: [&[T]; 2],
    [by_mean, by_ln_scale]: [&mut [T]; 2],
) -> Result<(), Error> {
    if actions == 0 {
        return Err(Error::Empty);
    }
    let n = ln_scale.len();
    shape(n, n.next_multiple_of(actions))?;
    for len in [of_mean.len(), of_ln_scale.len(), by_mean.len(), by_ln_scale.len()] {
        shape(len, n)?;
    }
    let states = (n / actions) as f64;
    for i in 0..n {
        let [ln_scale, v_mean, v_ln_scale]: [f64; 3] = [ln_scale[i], of_mean[i], of_ln_scale[i]].map(Into::into);
        by_mean[i] = T::rounded(v_mean * (-2.0 * ln_scale).exp() / states);
        by_ln_scale[i] = T::rounded(2.0 * v_ln_scale / states);
    }
    Ok(())
}
