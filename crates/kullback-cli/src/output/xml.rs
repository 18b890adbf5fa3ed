//! Text in XML.

/// Text as it stands between tags or in double quotes. What cannot stand there is a dot, see [`visible`].
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '"' => escaped += "&quot;",
            '\t' | '\n' => escaped.push(' '),
            _ => escaped.push(visible(letter)),
        }
    }
    escaped
}

/// The letter, or a dot for what XML has no way to write, does not show, or turns the order of what follows.
pub(super) fn visible(letter: char) -> char {
    match letter {
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{fffe}' | '\u{ffff}' => '·',
        _ if letter.is_control() => '·',
        _ => letter,
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn nothing_is_left_that_xml_lacks() {
        assert_eq!(
            super::escaped("<a b=\"c\">&\u{1}\u{1b}\nd\u{ffff}\u{202e}é"),
            "&lt;a b=&quot;c&quot;&gt;&amp;·· d··é"
        );
    }
}
