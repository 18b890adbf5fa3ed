//! What changed between two tables: Arrow, Parquet and CSV columns, streamed into mergeable profiles and compared.
//!
//! [`drift()`] compares a current table with a reference and reports, for every column, KL(current‖reference) in nats,
//! whether the difference is more than chance, and which bins or values carry it. [`profile()`] keeps what that needs of a table in a
//! file that takes its place, [`merge()`] makes one of several. [`read_column`] reads one numeric column,
//! [`read_points`] several.

mod bins;
mod calendar;
mod cells;
mod chain;
mod codes;
mod column;
mod compare;
mod compat;
mod drift;
mod error;
mod family;
mod joint;
mod profile;
mod report;
mod rows;
mod sample;
mod selection;
mod source;
mod threads;
mod timeline;

pub use column::{Points, read_column, read_points};
pub use compat::{Compat, CompatDrift, CompatStatistic};
pub use drift::{ColumnSelection, DriftOptions, drift};
pub use error::TableError;
pub use profile::{Profile, ProfileColumn, ProfileOptions, merge, profile};
pub use report::{
    ColumnDrift, ConditionalDrift, Contribution, DriftReport, JointDrift, Kind, Period, PeriodColumn, Status, Test,
    Timeline,
};
pub use selection::{RowSelection, SampleSize};
