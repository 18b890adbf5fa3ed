use burn::config::Config;
use burn::module::Module;
use burn::tensor::{Int, Tensor};
use kullback::{Distillation, Error, Measure, Rows};

use crate::attach::{self, cast, for_kernels};
use crate::host::{Fused, Number, scalar};
use crate::{Reduction, tensors};

/// The configuration of a [`DistillationLoss`].
#[derive(Config, Debug)]
pub struct DistillationLossConfig {
    /// The divergence D by name, as [`Measure`] parses it: `kl`, `reverse-kl`, `jeffreys`, `js`, `gjs=0.9`, `skew-kl=0.1`,
    /// `tv`, `renyi=0.5`, `hellinger`, …
    #[config(default = "String::from(\"kl\")")]
    pub divergence: String,
    /// T: what the logits of both sides are divided by, in D alone.
    #[config(default = 1.0)]
    pub temperature: f64,
    /// Whether D is multiplied by T², so that gradients keep their size.
    #[config(default = false)]
    pub scale_t2: bool,
    /// α: the weight of the labels' cross-entropy; D has 1 − α.
    #[config(default = 0.0)]
    pub hard_label_weight: f64,
    /// ε of the labels' cross-entropy.
    #[config(default = 0.0)]
    pub label_smoothing: f64,
    /// The label of rows that do not count.
    #[config(default = "Some(-100)")]
    pub ignore_index: Option<i64>,
}

impl DistillationLossConfig {
    /// The loss.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a divergence that has no such name.
    pub fn init(&self) -> Result<DistillationLoss, Error> {
        let unknown = |_| Error::Parameter {
            name: "divergence",
            value: f64::NAN,
            expected: "the name of a measure, such as kl, reverse-kl, js or renyi=0.5",
        };
        let divergence: Measure = self.divergence.parse().map_err(unknown)?;
        Ok(DistillationLoss {
            loss: Distillation {
                scale_t2: self.scale_t2,
                hard_label_weight: self.hard_label_weight,
                label_smoothing: self.label_smoothing,
                ignore_index: self.ignore_index,
                ..Distillation::new(divergence, self.temperature)
            },
        })
    }
}

/// Distillation of a teacher into a student: α·CE(labels) + (1 − α)·\[T²\]·D(softmax(t/T) ‖ softmax(s/T)), from logits, in
/// one sweep; [`kullback::Distillation`] as a module.
///
/// Logits of −∞ are masked entries. Gradients are there for whichever of the two is tracked.
#[derive(Module, Debug)]
pub struct DistillationLoss {
    #[module(skip)]
    loss: Distillation<Measure>,
}

impl DistillationLoss {
    /// The loss over all rows, which are along the last dimension; the vocabularies may differ in length where the
    /// tensors have two dimensions.
    ///
    /// # Shapes
    /// - teacher, student: \[…, vocabulary\]
    /// - labels: \[rows\], a label for every row
    /// - output: \[1\]
    ///
    /// # Errors
    /// As [`Distillation::value_and_gradients_into`].
    pub fn forward<const D: usize>(
        &self,
        teacher: Tensor<D>,
        student: Tensor<D>,
        labels: Option<Tensor<1, Int>>,
        reduction: Reduction,
    ) -> Result<Tensor<1>, Error> {
        let columns = [&teacher, &student].map(|side| side.dims().last().copied().unwrap_or_default());
        let labels: Option<Vec<i64>> = labels.map(|labels| labels.into_data().convert::<i64>().iter::<i64>().collect());
        let loss = Distillation { reduction, ..self.loss };
        if for_kernels(&[teacher.clone(), student.clone()]) {
            return Ok(scalar([teacher, student], Rowwise { loss, columns, labels })?.0);
        }
        let ([teacher, student], _) = cast([teacher, student]);
        let (value, [by_teacher, by_student]) =
            tensors::rows::distilled(&loss, [&teacher, &student], columns, labels.as_deref())?;
        let gradients = [(by_teacher, teacher.dims()), (by_student, student.dims())]
            .map(|(gradient, shape)| gradient.map(|gradient| gradient.reshape(shape)));
        attach::loss(value, [teacher, student], gradients)
    }
}

struct Rowwise {
    loss: Distillation<Measure>,
    columns: [usize; 2],
    labels: Option<Vec<i64>>,
}

impl Fused<2> for Rowwise {
    type Rest = ();

    fn run<T: Number>(self, [p, q]: [&[T]; 2], [by_p, by_q]: [Option<&mut [T]>; 2]) -> Result<(f64, ()), Error> {
        let (p, q) = (Rows::new(p, self.columns[0])?, Rows::new(q, self.columns[1])?);
        Ok((self.loss.value_and_gradients_into(p, q, self.labels.as_deref(), by_p, by_q)?, ()))
    }
}
