//! Forward and backward of a distillation loss at 4096 × 8192 on Burn's Flex backend: `log_softmax` + `KLDivLoss` +
//! autodiff beside `DistillationLoss`, in turns. Prints JSON. The values and gradients are compared before the clock
//! starts.

use std::time::Instant;

use burn::nn::loss::{KLDivLossConfig, Reduction as Theirs};
use burn::tensor::activation::log_softmax;
use burn::tensor::{Device, Distribution, Tensor};
use kullback_burn::{DistillationLossConfig, Reduction};

const ROWS: usize = 4096;
const COLUMNS: usize = 8192;
const ROUNDS: usize = 7;

/// The loss and its gradient for the student.
type Run<'a> = dyn Fn(&Tensor<2>, &Tensor<2>) -> (f32, Tensor<2>) + 'a;

fn backward(loss: Tensor<1>, student: &Tensor<2>) -> (f32, Tensor<2>) {
    let gradient = student.grad(&loss.backward()).expect("the student is tracked");
    (loss.into_scalar(), gradient)
}

fn main() {
    let device = Device::flex();
    device.seed(7);
    let random = || Tensor::<2>::random([ROWS, COLUMNS], Distribution::Normal(0.0, 3.0), &device);
    let teacher = random();
    let student = random().autodiff().require_grad();
    let ours = DistillationLossConfig::new().init().expect("the default is a divergence");
    let theirs = KLDivLossConfig::new().with_log_target(true).init();
    let runs: [(&str, &Run<'_>); 2] = [
        ("kullback", &|p, q| {
            let loss = ours.forward(p.clone(), q.clone(), None, Reduction::Mean).expect("finite logits");
            backward(loss, q)
        }),
        ("burn", &|p, q| {
            let target = log_softmax(p.clone(), 1).autodiff();
            backward(theirs.forward(log_softmax(q.clone(), 1), target, Theirs::BatchMean), q)
        }),
    ];
    let [(value, gradient), (other, of_other)] = runs.map(|(_, run)| run(&teacher, &student));
    // Burn's own sum of 33 million singles is off by percents; that of each row is not.
    let [predictions, targets] = [student.clone().detach(), teacher.clone().autodiff()].map(|x| log_softmax(x, 1));
    let rows = theirs.forward_no_reduction(predictions, targets).sum_dim(1).into_data();
    let truth = rows.iter::<f64>().sum::<f64>() / ROWS as f64;
    let [off_ours, off_theirs] = [value, other].map(|value| (f64::from(value) / truth - 1.0).abs());
    assert!(off_ours <= 1e-4, "{value} is not {truth}");
    let off: f32 = (gradient - of_other.clone()).abs().max().into_scalar();
    let size: f32 = of_other.abs().max().into_scalar();
    assert!(off <= 1e-4 * size, "gradients are {off:e} apart, of {size:e}");
    let mut times = [Vec::new(), Vec::new()];
    for round in 0..2 * ROUNDS {
        let i = (round + round / 2) % 2;
        let start = Instant::now();
        let (value, gradient) = runs[i].1(&teacher, &student);
        times[i].push(start.elapsed().as_secs_f64() * 1e3);
        assert!(value.is_finite());
        drop(gradient);
    }
    let median = |times: &mut Vec<f64>| {
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    };
    let [ours, theirs] = times.each_mut().map(median);
    println!(
        "{{\"rows\": {ROWS}, \"columns\": {COLUMNS}, \"kullback\": {ours:.1}, \"burn\": {theirs:.1}, \"error\": {off_ours:.1e}, \"burn_error\": {off_theirs:.1e}}}"
    );
}
