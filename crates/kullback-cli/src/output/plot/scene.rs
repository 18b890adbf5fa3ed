//! What pictures are made of, before they are SVG or pixels.

/// What a colour is for; light and dark pictures have different ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ink {
    Background,
    Text,
    Faint,
    Grid,
    P,
    Q,
}

impl Ink {
    pub(super) const ALL: [Self; 6] = [Self::Background, Self::Text, Self::Faint, Self::Grid, Self::P, Self::Q];

    /// Its name in SVG.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Background => "background",
            Self::Text => "text",
            Self::Faint => "faint",
            Self::Grid => "grid",
            Self::P => "p",
            Self::Q => "q",
        }
    }

    /// Red, green and blue on a light background.
    pub(super) fn light(self) -> [u8; 3] {
        match self {
            Self::Background => [255, 255, 255],
            Self::Text => [28, 32, 38],
            Self::Faint => [92, 100, 110],
            Self::Grid => [226, 229, 233],
            Self::P => [20, 92, 168],
            Self::Q => [196, 82, 0],
        }
    }

    /// The same on a dark one.
    pub(super) fn dark(self) -> [u8; 3] {
        match self {
            Self::Background => [20, 24, 31],
            Self::Text => [232, 234, 237],
            Self::Faint => [154, 163, 174],
            Self::Grid => [46, 52, 61],
            Self::P => [112, 178, 255],
            Self::Q => [255, 160, 92],
        }
    }
}

/// A place in pixels, from the top left corner.
pub(super) type Spot = (f64, f64);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

#[derive(Debug, Clone)]
pub(super) enum Shape {
    /// A filled polygon.
    Area { corners: Vec<Spot>, ink: Ink, opacity: f64 },
    /// A line through spots; with gaps if it is dashed.
    Line { spots: Vec<Spot>, ink: Ink, width: f64, dashed: bool },
    /// A disc.
    Dot { at: Spot, radius: f64, ink: Ink },
    /// A line of text on its base line.
    Text { at: Spot, text: String, size: f64, anchor: Anchor, ink: Ink },
}

/// The length of a dash, and of the gap after it.
pub(super) const DASH: [f64; 2] = [7.0, 4.0];

/// A picture.
#[derive(Debug, Clone)]
pub(super) struct Scene {
    pub(super) width: f64,
    pub(super) height: f64,
    /// What it shows, in a sentence.
    pub(super) title: String,
    /// What is to be seen.
    pub(super) caption: String,
    pub(super) shapes: Vec<Shape>,
}
