//! The driver for logits: rows × vocabulary on both sides, value and gradient in one sweep.
//!
//! ```
//! use kullback::{Divergence, JensenShannon, Kl};
//! let (teacher, student) = ([3.0f32, 1.0, f32::NEG_INFINITY], [2.0f32, 2.0, f32::NEG_INFINITY]);
//! assert!(Kl.between_logits(&teacher, &student)? > 0.0);
//! assert!(JensenShannon::HALF.between_logits(&teacher, &student)? < 2f64.ln());
//! # Ok::<(), kullback::Error>(())
//! ```
//!
//! # How
//! Pass 1 keeps, for each block of 2048 logits, both softmax denominators and Σ e^a (a − b): a mergeable
//! [`LogitMass`](crate::state::LogitMass), which is all that KL needs where P and Q are apart. Pass 2, over a row that is
//! still in cache, gives each [`Generator`](crate::divergence::Generator) its points; they come with `ln(q/p)`, taken
//! from the difference of the logits before any exponential, so that rows which agree to eight digits keep all others.
//! A third pass writes the gradient. KL's gradient, `q − p`, needs no second where P and Q are apart.
//!
//! Where a sum does not fit the type (χ² of singles beyond e⁸⁷, say) the row is measured again in numbers with unbounded
//! exponents: slower, never wrong.

mod batch;
mod element;
mod form;
mod frame;
mod kernel;
mod part;
mod pieces;
mod row;
mod scan;
mod settings;
mod shard;
pub(crate) mod side;
mod sparse;
mod terms;
mod tile;
mod workspace;

pub use batch::LogitRows;
pub(crate) use batch::between;
pub use element::Logit;
pub use form::Form;
pub use frame::Frame;
pub(crate) use pieces::{Piece, in_pieces, rows_of, shape, wanted};
pub use shard::Shard;
pub use sparse::{Remainder, SparseTeacher};
pub use terms::Terms;
