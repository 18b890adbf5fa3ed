//! Families against goldens.
