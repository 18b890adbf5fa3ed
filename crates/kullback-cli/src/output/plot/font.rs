//! The letters of pictures: DejaVu Sans, of which the signs that can occur are part of the program.

use ab_glyph::{Font, FontRef, GlyphId, ScaleFont};
use anyhow::{Context, Result};

pub(super) struct Letters(pub(super) FontRef<'static>);

impl Letters {
    pub(super) fn new() -> Result<Self> {
        const FILE: &[u8] = include_bytes!("../../../fonts/DejaVuSans-subset.ttf");
        Ok(Self(FontRef::try_from_slice(FILE).context("the built-in font cannot be read")?))
    }

    /// The size that makes one em of `size` pixels.
    pub(super) fn scale(&self, size: f64) -> f32 {
        let em = self.0.units_per_em().unwrap_or(1000.0);
        size as f32 * self.0.height_unscaled() / em
    }

    /// The width of a line of text.
    pub(super) fn width(&self, text: &str, size: f64) -> f64 {
        let font = self.0.as_scaled(self.scale(size));
        text.chars().map(|letter| self.glyph(letter).map_or(size, |glyph| f64::from(font.h_advance(glyph)))).sum()
    }

    /// The outline of a letter. Those of other scripts, which names of columns may have, are not here; they are about an em wide.
    pub(super) fn glyph(&self, letter: char) -> Option<GlyphId> {
        Some(self.0.glyph_id(letter)).filter(|glyph| *glyph != GlyphId(0))
    }

    /// The text, cut to a width if it is longer.
    pub(super) fn cut(&self, text: &str, size: f64, width: f64) -> String {
        if self.width(text, size) <= width {
            return text.to_owned();
        }
        let mut letters: Vec<char> = text.chars().collect();
        while letters.pop().is_some() {
            let shorter: String = letters.iter().chain(&['…']).collect();
            if self.width(&shorter, size) <= width {
                return shorter;
            }
        }
        String::new()
    }

    /// The text in lines of at most this width.
    pub(super) fn lines(&self, text: &str, size: f64, width: f64) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        for word in text.split(' ') {
            match lines.last_mut() {
                Some(line) if self.width(&format!("{line} {word}"), size) <= width => *line = format!("{line} {word}"),
                _ => lines.push(word.to_owned()),
            }
        }
        lines
    }
}
