//! One file that holds all a run needs to go on: a line that says what it is, a line of JSON that lists its parts with
//! their lengths and the settings of the run, and the parts.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context, Result, anyhow, bail};
use serde_json::{Value, json};

use super::folder::Folder;

const MAGIC: &str = "kullback checkpoint 1";

/// Named parts of bytes or doubles.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Checkpoint {
    parts: BTreeMap<String, Vec<u8>>,
}

impl Checkpoint {
    pub(crate) fn set(&mut self, name: &str, bytes: &[u8]) {
        self.parts.insert(name.to_owned(), bytes.to_vec());
    }

    /// Doubles, bit by bit.
    pub(crate) fn set_numbers(&mut self, name: &str, numbers: &[f64]) {
        self.parts.insert(name.to_owned(), numbers.iter().flat_map(|x| x.to_le_bytes()).collect());
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.parts.contains_key(name)
    }

    pub(crate) fn get(&self, name: &str) -> Result<&[u8]> {
        self.parts.get(name).map(Vec::as_slice).with_context(|| format!("the checkpoint has no part {name}"))
    }

    pub(crate) fn numbers(&self, name: &str) -> Result<Vec<f64>> {
        let (words, rest) = self.get(name)?.as_chunks();
        if !rest.is_empty() {
            bail!("the checkpoint's part {name} is no list of doubles");
        }
        Ok(words.iter().map(|word| f64::from_le_bytes(*word)).collect())
    }

    pub(crate) fn number(&self, name: &str) -> Result<f64> {
        self.numbers(name)?.first().copied().with_context(|| format!("the checkpoint's part {name} is empty"))
    }

    /// Writes it beside what was there, and then in its place.
    pub(crate) fn save(&self, folder: &Folder, name: &str, settings: &Value) -> Result<()> {
        let parts: Vec<Value> =
            self.parts.iter().map(|(name, bytes)| json!({ "name": name, "bytes": bytes.len() })).collect();
        let mut file = format!("{MAGIC}\n{}\n", json!({ "settings": settings, "parts": parts })).into_bytes();
        self.parts.values().for_each(|bytes| file.extend_from_slice(bytes));
        folder.write(name, &file)
    }

    /// The checkpoint of a run with these settings, if there is one.
    pub(crate) fn load(folder: &Folder, name: &str, settings: &Value) -> Result<Option<Self>> {
        let path = folder.path().join(name);
        if !path.exists() {
            return Ok(None);
        }
        let read = || -> Result<Self> { Self::parse(&fs::read(&path).context("cannot be read")?, settings) };
        read().map(Some).with_context(|| path.display().to_string())
    }

    fn parse(file: &[u8], settings: &Value) -> Result<Self> {
        let foreign = || anyhow!("is no checkpoint of this program");
        let mut lines = file.splitn(3, |&byte| byte == b'\n');
        if lines.next() != Some(MAGIC.as_bytes()) {
            return Err(foreign());
        }
        let header: Value = serde_json::from_slice(lines.next().ok_or_else(foreign)?).map_err(|_| foreign())?;
        if &header["settings"] != settings {
            bail!("is of a run with {}; expected {settings}", header["settings"]);
        }
        let mut rest = lines.next().ok_or_else(foreign)?;
        let mut parts = BTreeMap::new();
        for part in header["parts"].as_array().ok_or_else(foreign)? {
            let (name, bytes) = part["name"].as_str().zip(part["bytes"].as_u64()).ok_or_else(foreign)?;
            let (bytes, after) = rest.split_at_checked(usize::try_from(bytes)?).context("is truncated")?;
            parts.insert(name.to_owned(), bytes.to_vec());
            rest = after;
        }
        if !rest.is_empty() {
            bail!("is longer than its header says");
        }
        Ok(Self { parts })
    }
}
