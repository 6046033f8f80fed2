//! Heap snapshots: bytes to a graph, and what can be read off it.
