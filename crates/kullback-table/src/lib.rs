//! kullback-table
