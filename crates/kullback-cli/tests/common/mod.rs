//! Runs the built binary.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

pub(crate) fn kullback(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_kullback")).args(arguments).output().expect("the binary runs")
}

/// What a run that must succeed prints.
pub(crate) fn stdout(arguments: &[&str]) -> String {
    let output = kullback(arguments);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {stderr}");
    assert_eq!(stderr, "", "{arguments:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// The object that a run with `--json` prints.
pub(crate) fn json(arguments: &[&str]) -> Value {
    serde_json::from_str(&stdout(&[arguments, &["--json"]].concat())).unwrap()
}

/// The message of a run that must fail as promised: exit code 2, nothing on stdout, one line on stderr.
pub(crate) fn error(arguments: &[&str]) -> String {
    let lines = failure(arguments);
    assert_eq!(lines.len(), 1, "{arguments:?}: {lines:?}");
    lines.into_iter().next().unwrap()
}

/// The lines of a refused command line.
pub(crate) fn failure(arguments: &[&str]) -> Vec<String> {
    let output = kullback(arguments);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    assert!(output.stdout.is_empty(), "{arguments:?}");
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.starts_with("kullback: "), "{stderr}");
    assert!(!stderr.contains("panicked"), "{stderr}");
    stderr.lines().map(str::to_owned).collect()
}

/// A file of the repository's `data` folder.
pub(crate) fn data(name: &str) -> String {
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "..", "..", "data", name].iter().collect();
    path.to_str().unwrap().to_owned()
}

/// Writes a file into `folder` and returns its path as text.
pub(crate) fn write(folder: &Path, name: &str, content: impl AsRef<[u8]>) -> String {
    let path = folder.join(name);
    std::fs::write(&path, content).unwrap();
    path.to_str().unwrap().to_owned()
}

/// A one-dimensional `.npy` file.
pub(crate) fn npy(descr: &str, length: usize, data: &[u8]) -> Vec<u8> {
    let header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({length},), }}\n");
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(data);
    bytes
}

/// A C-ordered `.npy` file of any shape.
pub(crate) fn array(descr: &str, shape: &[usize], data: &[u8]) -> Vec<u8> {
    let lengths: String = shape.iter().map(|length| format!("{length}, ")).collect();
    let header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({}), }}\n", lengths.trim_end());
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(data);
    bytes
}

/// Type, shape and entries of a `.npy` file of floats.
pub(crate) fn read_array(path: &str) -> (String, Vec<u64>, Vec<f64>) {
    let bytes = std::fs::read(path).unwrap();
    let file = npyz::NpyFile::new(&bytes[..]).unwrap();
    let descr = file.dtype().descr().trim_matches('\'').to_owned();
    let shape = file.shape().to_vec();
    let entries = match descr.as_str() {
        "<f4" => file.into_vec::<f32>().unwrap().into_iter().map(f64::from).collect(),
        _ => file.into_vec().unwrap(),
    };
    (descr, shape, entries)
}

/// A `.safetensors` file: name, type, shape and bytes of each tensor.
pub(crate) fn safetensors(tensors: &[(&str, &str, &[usize], Vec<u8>)]) -> Vec<u8> {
    let mut header = serde_json::json!({ "__metadata__": { "format": "pt" } });
    let mut data = Vec::new();
    for (name, dtype, shape, bytes) in tensors {
        let offsets = [data.len(), data.len() + bytes.len()];
        header[*name] = serde_json::json!({ "dtype": dtype, "shape": shape, "data_offsets": offsets });
        data.extend(bytes);
    }
    let header = header.to_string();
    [&(header.len() as u64).to_le_bytes(), header.as_bytes(), &data].concat()
}
