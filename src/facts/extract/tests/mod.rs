//! What the facts of small files look like.

mod depth;
