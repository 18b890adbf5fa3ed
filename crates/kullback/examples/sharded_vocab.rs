//! A vocabulary split over processes: each holds its part of the logits, and only states of some 90 bytes travel.
//!
//! `cargo run --release --package kullback --example sharded_vocab`
#![allow(clippy::print_stdout, reason = "an example reports what it does")]

use std::error::Error;
use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};

use kullback::logits::{Shard, Terms};
use kullback::state::{LogitMass, Merge};
use kullback::{Divergence, JensenShannon};

const SHARDS: usize = 4;
/// A multiple of 2048, so that the numbers are those of the whole row.
const PART: usize = 8192;

fn main() -> Result<(), Box<dyn Error>> {
    match std::env::args().nth(1) {
        Some(index) => shard(index.parse()?),
        None => coordinate(),
    }
}

/// Some logits of token `i`: the teacher's and the student's.
fn logits(i: usize) -> (f32, f32) {
    let x = i as f32;
    (3.0 * (x * 0.37).sin() - x * 1e-4, 2.0 * (x * 0.41).cos())
}

fn part(index: usize) -> (Vec<f32>, Vec<f32>) {
    (index * PART..(index + 1) * PART).map(logits).unzip()
}

/// One process: mass out, mass of all in, terms out, terms of all in, and its part of the gradient.
fn shard(index: usize) -> Result<(), Box<dyn Error>> {
    let (p, q) = part(index);
    let shard = Shard::new(&p, &q)?;
    let (mut input, mut output) = (std::io::stdin().lock(), std::io::stdout().lock());

    output.write_all(&shard.mass()?.to_bytes())?;
    output.flush()?;
    let mut mass = [0; 80];
    input.read_exact(&mut mass)?;
    let frame = shard.frame(LogitMass::from_bytes(mass))?;

    output.write_all(&shard.terms(JensenShannon::HALF, &frame)?.to_bytes())?;
    output.flush()?;
    let mut terms = [0; 96];
    input.read_exact(&mut terms)?;
    let terms = Terms::from_bytes(terms);

    let mut gradient = vec![0.0f32; PART];
    shard.gradient_into(JensenShannon::HALF, &frame, &terms, 1.0, &mut [], &mut gradient)?;
    let sum: f64 = gradient.iter().map(|x| f64::from(*x)).sum();
    output.write_all(&sum.to_le_bytes())?;
    Ok(())
}

fn read<const N: usize>(child: &mut Child) -> Result<[u8; N], Box<dyn Error>> {
    let mut bytes = [0; N];
    child.stdout.as_mut().ok_or("no output")?.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn send(children: &mut [Child], bytes: &[u8]) -> Result<(), Box<dyn Error>> {
    for child in children {
        child.stdin.as_mut().ok_or("no input")?.write_all(bytes)?;
    }
    Ok(())
}

/// The reduction, which any all-reduce would do.
fn coordinate() -> Result<(), Box<dyn Error>> {
    let program = std::env::current_exe()?;
    let start = |index: usize| {
        Command::new(&program).arg(index.to_string()).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()
    };
    let mut children = (0..SHARDS).map(start).collect::<Result<Vec<_>, _>>()?;

    let mut mass = LogitMass::IDENTITY;
    for child in &mut children {
        mass = mass.merge(LogitMass::from_bytes(read(child)?));
    }
    send(&mut children, &mass.to_bytes())?;

    let mut terms = Terms::IDENTITY;
    for child in &mut children {
        terms = terms.merge(Terms::from_bytes(read(child)?));
    }
    send(&mut children, &terms.to_bytes())?;

    let mut sum = 0.0;
    for child in &mut children {
        sum += f64::from_le_bytes(read(child)?);
        child.wait()?;
    }

    let (p, q): (Vec<_>, Vec<_>) = (0..SHARDS * PART).map(logits).unzip();
    let frame = Shard::new(&p, &q)?.frame(mass)?;
    let sharded = frame.value(JensenShannon::HALF, &terms);
    let whole = JensenShannon::HALF.between_logits(&p, &q)?;
    println!("{SHARDS} processes: {sharded} nats; one: {whole} nats; the gradient sums to {sum:.1e}");
    if sharded == whole { Ok(()) } else { Err("the shards disagree with the whole".into()) }
}
