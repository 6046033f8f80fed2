//! Sources, spans and line indexes.
//!
//! In comes a file's bytes, out comes text whose positions are byte offsets. A [`Span`] in a known file is
//! the only position type inside leaklint; lines and UTF-16 columns are computed here, for the edges.

mod decode;
mod lines;
mod source;

pub use decode::{Decoded, Encoding, decode};
pub use lines::{LineIndex, Location};
pub use source::{FileId, Source, Span};
