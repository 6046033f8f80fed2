//! A live process to snapshots, execution counts and memory figures, over the inspector protocol.
