//! kullback
