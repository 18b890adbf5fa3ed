//! The example programs, in runs of a few steps: what they leave, resuming after an end and after a kill, files of data and
//! what may be wrong with them, a disk that takes no more.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may stop where it fails")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// Options that make a run of each a matter of seconds without optimisation, and the first of its JSON's keys.
const PROGRAMS: [(&str, &[&str], &str); 3] = [
    ("trust_region", &["--updates", "3", "--steps", "60"], "average_return"),
    ("vae", &["--epochs", "3", "--latent", "2", "--batch", "400"], "elbo_test"),
    ("distill", &["--seeds", "1", "--epochs", "1", "--teacher", "4", "--student", "2"], "settings"),
];

/// Cargo builds examples before it runs all tests; for this file alone they are built by `cargo build --examples`.
fn path(program: &str) -> PathBuf {
    let mut folder: PathBuf = std::env::current_exe().unwrap();
    folder.pop();
    folder.pop();
    let path = folder.join("examples").join(format!("{program}{}", std::env::consts::EXE_SUFFIX));
    assert!(path.exists(), "{} is not there; cargo build -p kullback-burn --examples", path.display());
    path
}

fn run(program: &str, options: &[&str], out: &Path) -> Output {
    Command::new(path(program)).args(options).arg("--out").arg(out).arg("--json").output().unwrap()
}

/// That a run was refused in one line on stderr, which is returned.
fn refused(output: Output) -> String {
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{errors}");
    assert!(output.stdout.is_empty() && errors.lines().count() == 1, "{errors}");
    errors
}

/// The last line of stdout without the time it took.
fn numbers(output: &Output) -> Value {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    let mut json: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    assert!(json["seconds"].as_f64().unwrap() > 0.0);
    json["seconds"] = Value::Null;
    json
}

#[test]
fn a_run_leaves_a_summary_and_plots() {
    for (program, options, key) in PROGRAMS {
        let out = tempfile::tempdir().unwrap();
        let json = numbers(&run(program, options, out.path()));
        assert!(!json[key].is_null(), "{program}: {json}");
        let names = fs::read_dir(out.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let names: Vec<String> = names.collect();
        assert!(names.iter().filter(|name| name.ends_with(".svg")).count() >= 2, "{program}: {names:?}");
        let page = fs::read_to_string(out.path().join("summary.html")).unwrap();
        assert!(page.contains("prefers-color-scheme: dark") && page.contains("<svg"), "{program}");
        assert!(!page.contains("NaN"), "{program}");
    }
}

#[test]
fn a_resumed_run_ends_with_the_same_numbers() {
    for (program, options, _) in PROGRAMS {
        let [whole, parts] = [(); 2].map(|()| tempfile::tempdir().unwrap());
        let truth = numbers(&run(program, options, whole.path()));
        let stopped = run(program, &[options, &["--stop-after", "1"]].concat(), parts.path());
        assert!(stopped.status.success() && stopped.stdout.is_empty(), "{program}");
        assert_eq!(numbers(&run(program, &[options, &["--resume"]].concat(), parts.path())), truth, "{program}");
    }
}

#[test]
fn bad_data_is_one_line_and_leaves_the_checkpoint() {
    let (program, options, _) = PROGRAMS[1];
    let [out, data] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    assert!(run(program, &[options, &["--stop-after", "1"]].concat(), out.path()).status.success());
    let checkpoint = out.path().join("vae.checkpoint");
    let before = fs::read(&checkpoint).unwrap();
    let folder = data.path().to_str().unwrap();
    let images = data.path().join("train-images-idx3-ubyte");
    for (content, what) in [
        (None, "No such file"),
        (Some(vec![0, 0]), "truncated"),
        (Some(header(1, &[3])), "3 dimensions"),
        (Some(header(3, &[2, 2, 2])), "fewer bytes"),
        (Some(header(3, &[1, 1 << 20, 1 << 20])), "65,536 pixels"),
    ] {
        if let Some(content) = content {
            fs::write(&images, content).unwrap();
        }
        let errors = refused(run(program, &[options, &["--resume", "--data", folder]].concat(), out.path()));
        assert!(errors.contains("train-images-idx3-ubyte") && errors.contains(what), "{errors}");
        assert_eq!(fs::read(&checkpoint).unwrap(), before);
    }
    fs::write(&checkpoint, &before[..before.len() - 1]).unwrap();
    let errors = refused(run(program, &[options, &["--resume"]].concat(), out.path()));
    assert!(errors.contains("truncated"), "{errors}");
}

/// What an IDX file of bytes begins with.
fn header(dimensions: u8, lengths: &[u32]) -> Vec<u8> {
    [0, 0, 8, dimensions].into_iter().chain(lengths.iter().flat_map(|length| length.to_be_bytes())).collect()
}

/// An IDX file: its header, and a byte for each index.
fn idx(lengths: &[u32], byte: impl Fn(u32) -> u8) -> Vec<u8> {
    let mut file = header(lengths.len() as u8, lengths);
    file.extend((0..lengths.iter().product()).map(byte));
    file
}

#[test]
fn files_in_mnist_format() {
    use std::io::Write;
    const HEIGHT: u32 = 6;
    const WIDTH: u32 = 5;
    let [data, out] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let write = |name: &str, content: Vec<u8>| {
        // The files to test with are gzipped.
        let zipped = name.starts_with("t10k");
        let content = if zipped {
            let mut to = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
            to.write_all(&content).unwrap();
            to.finish().unwrap()
        } else {
            content
        };
        fs::write(data.path().join(format!("{name}{}", if zipped { ".gz" } else { "" })), content).unwrap();
    };
    // Two kinds of image: the upper half is ink, or the left one.
    let pixel = |index: u32| {
        let (image, row, column) = (index / (HEIGHT * WIDTH), index / WIDTH % HEIGHT, index % WIDTH);
        let ink = if image % 2 == 0 { row < HEIGHT / 2 } else { column < WIDTH / 2 };
        if ink { 240 - (image % 7) as u8 } else { (image % 5) as u8 }
    };
    for (part, count) in [("train", 60), ("t10k", 24)] {
        write(&format!("{part}-images-idx3-ubyte"), idx(&[count, HEIGHT, WIDTH], pixel));
        write(&format!("{part}-labels-idx1-ubyte"), idx(&[count], |image| (image % 2) as u8));
    }
    let folder = data.path().to_str().unwrap().to_owned();
    let data_is = ["--data", &folder[..]];
    let vae: &[&str] = &["--epochs", "40", "--latent", "2", "--batch", "20"];
    let json = numbers(&run("vae", &[vae, &data_is].concat(), out.path()));
    let baseline = 24.0 * -(0.5f64.ln());
    // Of 30 pixels half are the same in both kinds: without a latent space the others cost ln 2 each.
    assert!(json["elbo_test"].as_f64().unwrap() > -baseline, "{json}");
    let page = fs::read_to_string(out.path().join("summary.html")).unwrap();
    assert!(page.contains("60 images") && page.contains("24 to test with"));
    let distill: &[&str] = &["--seeds", "1", "--epochs", "40", "--teacher", "8", "--student", "4"];
    let json = numbers(&run("distill", &[distill, &data_is].concat(), out.path()));
    assert!(json["teacher_accuracy"].as_f64().unwrap() > 0.9, "{json}");

    // What is wrong with them is said with the file's name, by both.
    let refusals: [(&str, Vec<u8>, &str); 4] = [
        ("train-labels-idx1-ubyte", idx(&[59], |_| 0), "59 labels"),
        ("t10k-images-idx3-ubyte", idx(&[24, WIDTH, HEIGHT], pixel), "5 × 6"),
        ("train-images-idx3-ubyte", vec![0, 0, 13, 3, 0, 0, 0, 1], "IDX file of bytes"),
        ("t10k-labels-idx1-ubyte", idx(&[25], |_| 0)[..20].to_vec(), "fewer bytes"),
    ];
    for (name, content, what) in refusals {
        let suffix = if name.starts_with("t10k") { ".gz" } else { "" };
        let good = fs::read(data.path().join(format!("{name}{suffix}"))).unwrap();
        write(name, content);
        for (program, options) in [("vae", vae), ("distill", distill)] {
            let errors = refused(run(program, &[options, &data_is].concat(), out.path()));
            let named = if what == "5 × 6" { folder.as_str() } else { name };
            assert!(errors.contains(what) && errors.contains(named), "{errors}");
        }
        fs::write(data.path().join(format!("{name}{suffix}")), good).unwrap();
    }
    // A gzipped file that ends early.
    let path = data.path().join("t10k-images-idx3-ubyte.gz");
    let content = fs::read(&path).unwrap();
    fs::write(&path, &content[..content.len() / 2]).unwrap();
    let errors = refused(run("vae", &[vae, &data_is].concat(), out.path()));
    assert!(errors.contains("t10k-images-idx3-ubyte.gz"), "{errors}");
}

#[test]
fn a_killed_run_goes_on_to_the_same_numbers() {
    use std::process::Stdio;
    use std::time::{Duration, Instant};
    // Long enough to be killed in the middle.
    let programs: [(&str, &[&str], &str); 3] = [
        ("trust_region", &["--updates", "4", "--steps", "400"], "trpo.checkpoint"),
        ("vae", &["--epochs", "6", "--latent", "2", "--batch", "50"], "vae.checkpoint"),
        ("distill", &["--seeds", "1", "--epochs", "2", "--teacher", "8", "--student", "2"], "distill.checkpoint"),
    ];
    for (program, options, checkpoint) in programs {
        let [whole, parts] = [(); 2].map(|()| tempfile::tempdir().unwrap());
        let truth = numbers(&run(program, options, whole.path()));
        let mut command = Command::new(path(program));
        command.args(options).arg("--out").arg(parts.path()).arg("--json");
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let (checkpoint, start) = (parts.path().join(checkpoint), Instant::now());
        while !checkpoint.exists() {
            assert!(start.elapsed() < Duration::from_secs(300), "{program}: no checkpoint");
            std::thread::sleep(Duration::from_millis(1));
        }
        child.kill().unwrap();
        assert!(!child.wait().unwrap().success(), "{program} was over before it was killed");
        assert!(!parts.path().join("summary.html").exists(), "{program}");
        assert_eq!(numbers(&run(program, &[options, &["--resume"]].concat(), parts.path())), truth, "{program}");
    }
}

/// A limit on the size of files stands for a full disk: the write fails in the same place.
#[cfg(unix)]
#[test]
fn a_disk_that_takes_no_more() {
    for ((program, options, _), checkpoint) in
        PROGRAMS.into_iter().zip(["trpo.checkpoint", "vae.checkpoint", "distill.checkpoint"])
    {
        let out = tempfile::tempdir().unwrap();
        assert!(run(program, &[options, &["--stop-after", "1"]].concat(), out.path()).status.success());
        let before = fs::read(out.path().join(checkpoint)).unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", "trap '' XFSZ; ulimit -f 4; exec \"$@\"", "sh"]).arg(path(program)).args(options);
        let errors = refused(command.arg("--resume").arg("--json").arg("--out").arg(out.path()).output().unwrap());
        assert!(errors.contains("cannot be written") && errors.contains(&*out.path().to_string_lossy()), "{errors}");
        assert_eq!(fs::read(out.path().join(checkpoint)).unwrap(), before, "{program}");
        let names = fs::read_dir(out.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        // Nothing half-written is left.
        assert_eq!(names.collect::<Vec<_>>(), [checkpoint], "{program}");
    }
}
