use std::fmt;

/// An entry of an inline list that is not a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListError {
    /// Its position, from 0.
    pub index: usize,
    /// Its text, cut if long.
    pub entry: String,
}

impl fmt::Display for ListError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.entry.as_str() {
            "" => write!(f, "entry {} of the list is empty; expected a number", self.index),
            entry => write!(f, "entry {} of the list, `{entry}`, is not a number", self.index),
        }
    }
}

impl std::error::Error for ListError {}

/// The numbers of `0.2,0.8`, `[0.2, 0.8]` or `0.2 0.8`.
///
/// NaN, infinities and negative numbers are numbers here; what to do with the weights decides who takes them.
///
/// ```
/// use kullback_cli::input::parse_list;
/// assert_eq!(parse_list(" [0.2, 8e-1] "), Ok(vec![0.2, 0.8]));
/// assert_eq!(parse_list("0.2,,0.8").map_err(|error| error.index), Err(1));
/// ```
///
/// # Errors
/// The first entry that is empty or not a number.
pub fn parse_list(text: &str) -> Result<Vec<f64>, ListError> {
    const LONGEST_ENTRY_SHOWN: usize = 24;

    let text = text.trim();
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let number = |(index, entry): (usize, &str)| {
        let entry = entry.trim();
        entry.parse().map_err(|_| ListError { index, entry: entry.chars().take(LONGEST_ENTRY_SHOWN).collect() })
    };
    match bare.contains(',') || bare.trim().is_empty() {
        true => bare.split(',').enumerate().map(number).collect(),
        false => bare.split_whitespace().enumerate().map(number).collect(),
    }
}
