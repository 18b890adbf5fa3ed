//! The example programs, in runs of a few steps: what they leave, resuming, and data that are not there.

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
fn run(program: &str, options: &[&str], out: &Path) -> Output {
    let mut folder: PathBuf = std::env::current_exe().unwrap();
    folder.pop();
    folder.pop();
    let path = folder.join("examples").join(format!("{program}{}", std::env::consts::EXE_SUFFIX));
    let mut command = Command::new(&path);
    let output = command.args(options).arg("--out").arg(out).arg("--json").output();
    output.unwrap_or_else(|error| panic!("{}: {error}; cargo build -p kullback-burn --examples", path.display()))
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
    let header = |dimensions: u8, lengths: &[u32]| -> Vec<u8> {
        [0, 0, 8, dimensions].into_iter().chain(lengths.iter().flat_map(|length| length.to_be_bytes())).collect()
    };
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
        let output = run(program, &[options, &["--resume", "--data", folder]].concat(), out.path());
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{errors}");
        assert!(output.stdout.is_empty() && errors.lines().count() == 1, "{errors}");
        assert!(errors.contains("train-images-idx3-ubyte") && errors.contains(what), "{errors}");
        assert_eq!(fs::read(&checkpoint).unwrap(), before);
    }
    fs::write(&checkpoint, &before[..before.len() - 1]).unwrap();
    let output = run(program, &[options, &["--resume"]].concat(), out.path());
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(2) && errors.contains("truncated"), "{errors}");
}
