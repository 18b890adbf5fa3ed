//! A profile in the place of a table: it has no rows, but answers what would be asked of them.

use std::path::Path;

use super::{Column, Wanted};
use crate::{error::TableError, profile::Profile, rows::RowRule};

pub(super) struct ProfileFile {
    profile: Profile,
}

impl ProfileFile {
    pub(super) fn open(path: &Path) -> Result<Self, TableError> {
        Ok(Self { profile: Profile::read(path)? })
    }

    pub(super) fn columns(&self) -> Vec<Column> {
        let column = |column: &crate::profile::ProfileColumn| Column {
            name: column.name().to_owned(),
            family: column.family_of_values(),
            type_name: column.type_name().to_owned(),
            declared: column.declared(),
            notes: Vec::new(),
        };
        self.profile.columns().iter().map(column).collect()
    }

    pub(super) fn rows(&self) -> u64 {
        self.profile.rows()
    }

    pub(super) fn nulls_and_rows(&self, name: &str) -> Option<(u64, u64)> {
        self.profile.column(name).map(|column| (column.nulls(), self.profile.rows()))
    }

    /// Rules about rows, periods and columns together need rows.
    pub(super) fn scan(&self, path: &Path, rule: &RowRule, wanted: &mut [Wanted]) -> Result<(), TableError> {
        for wanted in wanted {
            let one = if rule.is_all() { wanted.columns.as_slice() } else { &[] };
            let ([name], false) = (one, wanted.state.needs_rows()) else {
                return Err(TableError::ProfileForRows { path: path.to_owned() });
            };
            let column = self.profile.column(name);
            let state = column.and_then(|column| column.answer(&wanted.state, self.profile.rows()));
            wanted.state = state.ok_or_else(|| TableError::Columns {
                path: path.to_owned(),
                column: name.clone(),
                problem:
                    "is known between the edges it was counted at only; expected a comparison with the profile that \
                          these are of"
                        .to_owned(),
            })?;
        }
        Ok(())
    }
}
