//! The experiment: start a program, drive it, capture it.
