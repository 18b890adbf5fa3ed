//! The unit that information is printed in.

use std::f64::consts::LN_2;

use kullback::divergence::Unit as Kind;

use crate::args::Unit;

impl Unit {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Nats => "nats",
            Self::Bits => "bits",
        }
    }

    /// An amount of information in nats, as it is printed.
    pub(crate) fn of(self, nats: f64) -> f64 {
        self.express(nats, Kind::Nats)
    }

    /// A value as the library gives it, as it is printed.
    pub(crate) fn express(self, value: f64, kind: Kind) -> f64 {
        match (self, kind) {
            (Self::Bits, Kind::Nats) => value / LN_2,
            (Self::Bits, Kind::RootNats) => value / LN_2.sqrt(),
            _ => value,
        }
    }
}
