//! kullback-dev
