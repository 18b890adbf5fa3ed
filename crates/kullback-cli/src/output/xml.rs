//! Text in XML.

/// Text as it stands between tags or in double quotes. Characters that XML has no way to write are dots.
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '"' => escaped += "&quot;",
            '\t' | '\n' => escaped.push(' '),
            '\u{fffe}' | '\u{ffff}' => escaped.push('·'),
            _ if letter.is_control() => escaped.push('·'),
            _ => escaped.push(letter),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    #[test]
    fn nothing_is_left_that_xml_lacks() {
        assert_eq!(super::escaped("<a b=\"c\">&\u{1}\u{1b}\nd\u{ffff}é"), "&lt;a b=&quot;c&quot;&gt;&amp;·· d·é");
    }
}
