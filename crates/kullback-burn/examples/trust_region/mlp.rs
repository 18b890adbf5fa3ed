//! A small network with tanh between its layers, in doubles, with products of its Jacobian with vectors from either side:
//! what a Fisher-vector product through it is made of.

use rand::rngs::StdRng;

use crate::support::random::normal;

#[derive(Debug, Clone)]
pub(crate) struct Mlp {
    /// Of the input, the hidden layers and the output.
    sizes: Vec<usize>,
}

/// What each layer takes in, for a batch, and at the end what comes out.
pub(crate) struct Activations {
    layers: Vec<Vec<f64>>,
}

impl Activations {
    pub(crate) fn output(&self) -> &[f64] {
        self.layers.last().map_or(&[], Vec::as_slice)
    }
}

/// A layer's inputs, outputs, weights (input by input) and biases.
struct Layer<'a> {
    inputs: usize,
    outputs: usize,
    weights: &'a [f64],
    biases: &'a [f64],
}

impl Mlp {
    pub(crate) fn new(sizes: &[usize]) -> Self {
        Self { sizes: sizes.to_vec() }
    }

    /// Parameters.
    pub(crate) fn len(&self) -> usize {
        self.sizes.windows(2).map(|pair| (pair[0] + 1) * pair[1]).sum()
    }

    pub(crate) fn outputs(&self) -> usize {
        self.sizes.last().copied().unwrap_or_default()
    }

    /// Weights from N(0, 1/inputs), those of the last layer times `last`; biases are 0.
    pub(crate) fn init(&self, rng: &mut StdRng, last: f64) -> Vec<f64> {
        let mut parameters = Vec::with_capacity(self.len());
        for (index, pair) in self.sizes.windows(2).enumerate() {
            let size = if index + 2 == self.sizes.len() { last } else { 1.0 } / (pair[0] as f64).sqrt();
            parameters.extend((0..pair[0] * pair[1]).map(|_| size * normal(rng)));
            parameters.extend((0..pair[1]).map(|_| 0.0));
        }
        parameters
    }

    fn layers<'a>(&self, mut parameters: &'a [f64]) -> Vec<Layer<'a>> {
        let mut layers = Vec::new();
        for pair in self.sizes.windows(2) {
            let (weights, rest) = parameters.split_at(pair[0] * pair[1]);
            let (biases, rest) = rest.split_at(pair[1]);
            layers.push(Layer { inputs: pair[0], outputs: pair[1], weights, biases });
            parameters = rest;
        }
        layers
    }

    pub(crate) fn forward(&self, parameters: &[f64], input: &[f64]) -> Activations {
        let layers = self.layers(parameters);
        let mut values = vec![input.to_vec()];
        for (index, layer) in layers.iter().enumerate() {
            let before = &values[index];
            let mut after = Vec::with_capacity(before.len() / layer.inputs * layer.outputs);
            for row in before.chunks_exact(layer.inputs) {
                let from = after.len();
                after.extend_from_slice(layer.biases);
                layer.add_products(row, layer.weights, &mut after[from..]);
            }
            if index + 1 < layers.len() {
                after.iter_mut().for_each(|x| *x = x.tanh());
            }
            values.push(after);
        }
        Activations { layers: values }
    }

    /// J v: how the outputs change as the parameters move along `direction`.
    pub(crate) fn tangent(&self, parameters: &[f64], at: &Activations, direction: &[f64]) -> Vec<f64> {
        let (layers, moves) = (self.layers(parameters), self.layers(direction));
        let mut change: Option<Vec<f64>> = None;
        for (index, (layer, moved)) in layers.iter().zip(&moves).enumerate() {
            let before = &at.layers[index];
            let mut after = Vec::with_capacity(before.len() / layer.inputs * layer.outputs);
            for (row, input) in before.chunks_exact(layer.inputs).enumerate() {
                let from = after.len();
                after.extend_from_slice(moved.biases);
                layer.add_products(input, moved.weights, &mut after[from..]);
                if let Some(change) = &change {
                    let change = &change[row * layer.inputs..(row + 1) * layer.inputs];
                    layer.add_products(change, layer.weights, &mut after[from..]);
                }
            }
            if index + 1 < layers.len() {
                after.iter_mut().zip(&at.layers[index + 1]).for_each(|(x, y)| *x *= 1.0 - y * y);
            }
            change = Some(after);
        }
        change.unwrap_or_default()
    }

    /// Jᵀ u: the gradient for the parameters of something whose gradient for the outputs is `by_output`.
    pub(crate) fn cotangent(&self, parameters: &[f64], at: &Activations, by_output: &[f64]) -> Vec<f64> {
        let layers = self.layers(parameters);
        let mut by = vec![0.0; self.len()];
        let mut end = by.len();
        let mut slopes = by_output.to_vec();
        for (index, layer) in layers.iter().enumerate().rev() {
            let start = end - (layer.inputs + 1) * layer.outputs;
            let (by_weights, by_biases) = by[start..end].split_at_mut(layer.inputs * layer.outputs);
            end = start;
            let inputs = &at.layers[index];
            let mut by_inputs = Vec::with_capacity(if index > 0 { inputs.len() } else { 0 });
            for (row, slope) in inputs.chunks_exact(layer.inputs).zip(slopes.chunks_exact(layer.outputs)) {
                add(by_biases, slope, 1.0);
                for (x, by) in row.iter().zip(by_weights.chunks_exact_mut(layer.outputs)) {
                    add(by, slope, *x);
                }
                if index > 0 {
                    let products = row.iter().zip(layer.weights.chunks_exact(layer.outputs));
                    by_inputs.extend(products.map(|(x, weights)| (1.0 - x * x) * dot(weights, slope)));
                }
            }
            slopes = by_inputs;
        }
        by
    }
}

impl Layer<'_> {
    fn add_products(&self, row: &[f64], weights: &[f64], to: &mut [f64]) {
        for (x, weights) in row.iter().zip(weights.chunks_exact(self.outputs)) {
            add(to, weights, *x);
        }
    }
}

fn add(to: &mut [f64], from: &[f64], times: f64) {
    to.iter_mut().zip(from).for_each(|(to, from)| *to += times * from);
}

fn dot(x: &[f64], y: &[f64]) -> f64 {
    x.iter().zip(y).map(|(x, y)| x * y).sum()
}

/// Adam (D. Kingma, J. Ba, 2015), towards smaller values.
#[derive(Debug, Clone, Default)]
pub(crate) struct Adam {
    /// First moments, second moments, and the steps taken.
    pub(crate) moments: [Vec<f64>; 2],
    pub(crate) steps: f64,
}

impl Adam {
    pub(crate) fn step(&mut self, parameters: &mut [f64], gradient: &[f64], rate: f64) {
        const DECAY: [f64; 2] = [0.9, 0.999];
        const TINY: f64 = 1e-8;
        self.moments.iter_mut().for_each(|moment| moment.resize(gradient.len(), 0.0));
        self.steps += 1.0;
        let [a, b] = DECAY.map(|decay| 1.0 - decay.powf(self.steps));
        let [first, second] = &mut self.moments;
        for (((x, g), m), v) in parameters.iter_mut().zip(gradient).zip(first).zip(second) {
            *m += (1.0 - DECAY[0]) * (g - *m);
            *v += (1.0 - DECAY[1]) * (g * g - *v);
            *x -= rate * (*m / a) / ((*v / b).sqrt() + TINY);
        }
    }
}
