//! The summary: curves, divergences by dimension, and images.

use rand::rngs::StdRng;

use crate::Options;
use crate::support::figure::{Chart, Figure, Line, bars};
use crate::support::images::Split;
use crate::support::page::{Page, Table};
use crate::support::random::{Purpose, normal, stream};
use crate::support::tiles::Tiles;
use crate::training::{Measured, Run};

/// Images in a row.
const ACROSS: usize = 10;
/// Rows of samples from the prior.
const DOWN: usize = 4;
/// Dimensions that are traversed, at most.
const TRAVERSED: usize = 8;
/// How far a traversal goes, in standard deviations of the prior.
const FAR: f32 = 2.5;

/// What the finished model comes to on the test images.
pub(crate) struct Found {
    pub(crate) measured: Measured,
    pub(crate) active: usize,
    pub(crate) baseline: f64,
}

pub(crate) fn page(options: &Options, data: &Split, run: &Run<'_>, found: &Found) -> Page {
    let Found { measured, active, baseline } = found;
    let better = measured.elbo() + baseline;
    let verdict = if better > 0.0 { "better" } else { "worse" };
    let cells = [
        ("ELBO", format!("{:.3}", measured.elbo())),
        ("reconstruction, −E ln p(x|z)", format!("{:.3}", measured.reconstruction)),
        ("KL(q(z|x)‖p(z))", format!("{:.3}", measured.kl())),
        ("ln p of the decoder without a latent space", format!("{:.3}", -baseline)),
    ];
    Page {
        title: "A variational autoencoder".to_owned(),
        text: vec![
            format!(
                "{} images of {} to learn from and {} to test with; β = {} ({}), {} nats free in each of {} latent \
                 dimensions, {} epochs, seed {}.",
                data.train.len(),
                data.name,
                data.test.len(),
                options.beta,
                options.schedule.name(),
                options.free_bits,
                options.latent,
                options.epochs,
                options.common.seed
            ),
            format!(
                "The test ELBO is {:.3} nats an image {verdict} than a decoder that is only given draws from N(0, I): it \
                 cannot tell one image from another, and the best it can say are the pixels' means. {active} of {} \
                 dimensions are active: the variance of their posterior mean over the test images is above 0.01.",
                better.abs(),
                options.latent
            ),
        ],
        tables: vec![Table {
            head: ["test images", "nats an image"].map(str::to_owned).to_vec(),
            rows: cells.into_iter().map(|(name, value)| vec![name.to_owned(), value]).collect(),
            caption: "Grey levels are taken as probabilities of ink. The ELBO counts the divergence once, whatever β."
                .to_owned(),
        }],
        figures: curves(run, found)
            .into_iter()
            .chain([by_dimension(found)])
            .chain(images(options, data, run, found))
            .collect(),
    }
}

fn curves(run: &Run<'_>, found: &Found) -> Vec<Figure> {
    let line = |legend: &str, values: &mut dyn Iterator<Item = f64>| Line {
        legend: legend.to_owned(),
        points: values.enumerate().map(|(epoch, y)| (epoch as f64 + 1.0, y)).collect(),
    };
    let elbo = &mut run.reconstructions.iter().zip(&run.kls).map(|(reconstruction, kl)| -reconstruction - kl);
    let bound = Chart {
        title: "ELBO and reconstruction of the test images",
        x: "epoch",
        y: "nats an image",
        logarithmic: false,
        lines: vec![
            line("ELBO", elbo),
            line("E ln p(x|z)", &mut run.reconstructions.iter().map(|reconstruction| -reconstruction)),
        ],
        level: Some((-found.baseline, "without a latent space".to_owned())),
    };
    let kl = Chart {
        title: "KL from the posterior to the prior, test images",
        x: "epoch",
        y: "KL(q(z|x)‖p(z)) (nats an image)",
        logarithmic: false,
        lines: vec![line("KL", &mut run.kls.iter().copied())],
        level: None,
    };
    let beta = Chart {
        title: "The schedule of β",
        x: "epoch",
        y: "β at the end of the epoch",
        logarithmic: false,
        lines: vec![line("β", &mut run.betas.iter().copied())],
        level: None,
    };
    vec![
        Figure {
            name: "elbo".to_owned(),
            caption:
                "The higher the better. What lies between the two lines is the KL; a run whose ELBO stays at the grey \
                      line has learnt nothing of single images."
                    .to_owned(),
            svg: bound.svg(),
        },
        Figure {
            name: "kl".to_owned(),
            caption:
                "How many nats of each image the latent space holds. At 0 the posterior has collapsed to the prior."
                    .to_owned(),
            svg: kl.svg(),
        },
        Figure {
            name: "beta".to_owned(),
            caption: "What the divergence was multiplied by.".to_owned(),
            svg: beta.svg(),
        },
    ]
}

fn by_dimension(found: &Found) -> Figure {
    let values: Vec<(String, f64)> =
        found.measured.per_dimension.iter().enumerate().map(|(index, &kl)| (index.to_string(), kl)).collect();
    Figure {
        name: "kl-per-dimension".to_owned(),
        caption: "Which dimensions say something of an image: those near 0 have collapsed.".to_owned(),
        svg: bars("KL of each latent dimension, test images", ["latent dimension", "KL (nats an image)"], &values),
    }
}

fn images(options: &Options, data: &Split, run: &Run<'_>, found: &Found) -> Vec<Figure> {
    let size = [data.test.width, data.test.height];
    let some: Vec<usize> = (0..data.test.len().min(ACROSS)).collect();
    let means = run.means(&some);
    let originals = some.iter().map(|&index| data.test.image(index).to_vec()).collect();
    let reconstructions = Tiles {
        title: "Test images and their reconstructions",
        size,
        rows: vec![("original".to_owned(), originals), ("reconstructed".to_owned(), run.decoded(means.clone()))],
        columns: Vec::new(),
    };
    let mut rng: StdRng = stream(options.common.seed, Purpose::Picture, 0);
    let mut sampled = |_| {
        let latent = (0..ACROSS * options.latent).map(|_| normal(&mut rng) as f32).collect();
        (String::new(), run.decoded(latent))
    };
    let samples = Tiles {
        title: "Samples from the prior",
        size,
        rows: (0..DOWN).map(&mut sampled).collect(),
        columns: Vec::new(),
    };
    vec![
        Figure {
            name: "reconstructions".to_owned(),
            caption:
                "Below each image what the decoder makes of its posterior mean. Where all look alike, nothing of the \
                      image went through."
                    .to_owned(),
            svg: reconstructions.svg(),
        },
        Figure {
            name: "samples".to_owned(),
            caption: "What the decoder makes of draws from N(0, I).".to_owned(),
            svg: samples.svg(),
        },
        Figure {
            name: "traversal".to_owned(),
            caption:
                "The first image above as one dimension of its latent vector goes through the prior, the dimensions \
                      with the most nats first. A row that does not change is a dimension that has collapsed."
                    .to_owned(),
            svg: traversal(size, &means[..options.latent], run, found).svg(),
        },
    ]
}

fn traversal(size: [usize; 2], from: &[f32], run: &Run<'_>, found: &Found) -> Tiles<'static> {
    let mut order: Vec<usize> = (0..from.len()).collect();
    order.sort_by(|&a, &b| found.measured.per_dimension[b].total_cmp(&found.measured.per_dimension[a]));
    let places: Vec<f32> = (0..ACROSS).map(|i| FAR * (2.0 * i as f32 / (ACROSS - 1) as f32 - 1.0)).collect();
    let row = |&dimension: &usize| {
        let mut latent = from.repeat(places.len());
        for (row, &place) in latent.chunks_mut(from.len()).zip(&places) {
            row[dimension] = place;
        }
        (format!("dimension {dimension}"), run.decoded(latent))
    };
    Tiles {
        title: "Through the latent space, one dimension at a time",
        size,
        rows: order.iter().take(TRAVERSED).map(row).collect(),
        columns: places.iter().map(|place| format!("{place:.1} σ")).collect(),
    }
}
