//! Names of events: known, known by how they start (`"reply:" + id`), or not known.

use crate::facts::{BinaryOp, Expr, ExprId};
use crate::program::{ExprRef, Program};

/// What is known of an event's name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Event {
    /// Nothing.
    Any,
    /// All of it.
    Named(String),
    /// How it starts.
    Starts(String),
}

impl Event {
    /// The event that an expression names.
    pub(super) fn of(program: &Program<'_>, expr: ExprRef) -> Event {
        if let Some(text) = program.constant_text(expr) {
            return Event::Named(text);
        }
        match start(program, program.initial(expr), 0) {
            Some(text) if !text.is_empty() => Event::Starts(text),
            _ => Event::Any,
        }
    }

    /// Whether both may name the same event.
    pub(super) fn may_be(&self, other: &Event) -> bool {
        match (self, other) {
            (Event::Any, _) | (_, Event::Any) => true,
            (Event::Named(a), Event::Named(b)) => a == b,
            (Event::Starts(a), Event::Named(b)) | (Event::Named(b), Event::Starts(a)) => b.starts_with(a.as_str()),
            (Event::Starts(a), Event::Starts(b)) => a.starts_with(b.as_str()) || b.starts_with(a.as_str()),
        }
    }
}

/// The constant text that an expression starts with.
fn start(program: &Program<'_>, expr: ExprRef, depth: u32) -> Option<String> {
    let facts = program.facts(expr.file());
    let next = |id: ExprId| start(program, expr.with(id), depth + 1);
    match facts.expr(expr.id) {
        _ if depth > 8 => None,
        Expr::Binary(BinaryOp::Add, a, _) => next(a),
        Expr::Template(parts) => facts.item(parts, 0).and_then(next),
        _ => program.constant_text(expr),
    }
}

#[cfg(test)]
mod tests {
    use super::Event;

    #[test]
    fn events_with_different_starts_differ() {
        let (data, open) = (Event::Starts("data:".into()), Event::Starts("open:".into()));
        assert!(!data.may_be(&open));
        assert!(data.may_be(&Event::Named("data:7".into())));
        assert!(!data.may_be(&Event::Named("data".into())));
        assert!(Event::Any.may_be(&open));
        assert!(data.may_be(&Event::Starts("data:a".into())));
    }
}
