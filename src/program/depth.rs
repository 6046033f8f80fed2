//! How deep an evaluation stands, and what its answer hangs on.
//!
//! Evaluation gives up at a limit. An answer that no limit had a part in is the same from any depth, so it may be kept for
//! later questions; its height tells from which depths they would have come to it without meeting the limit.

use super::MAX_DEPTH;
use std::cell::Cell;
use std::cmp::Ordering;
use std::ops::Add;

/// How deep an evaluation stands.
#[derive(Clone, Copy)]
pub(super) struct Depth<'d> {
    at: u32,
    /// What the measured evaluation around this one has met so far.
    trail: Option<&'d Trail>,
}

/// What an evaluation has met.
struct Trail {
    /// How deep it has been.
    deepest: Cell<u32>,
    /// It asked what calls pass for a parameter.
    asked_calls: Cell<bool>,
}

/// By how much an evaluation went deeper than it started.
pub(super) type Height = u8;

/// What an answer hangs on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Course {
    /// `None` if the limit may have had a part in it.
    pub(super) height: Option<Height>,
    /// It hangs on what calls pass for parameters.
    pub(super) asked_calls: bool,
}

impl Depth<'_> {
    /// Where evaluation starts.
    pub(super) const TOP: Depth<'static> = Depth::of(0);

    /// A depth by itself.
    pub(super) const fn of(at: u32) -> Depth<'static> {
        Depth { at, trail: None }
    }

    /// How deep it is.
    pub(super) fn at(self) -> u32 {
        self.at
    }

    /// Evaluates from here.
    pub(super) fn measure<T>(self, evaluate: impl FnOnce(Depth<'_>) -> T) -> (T, Course) {
        let trail = Trail { deepest: Cell::new(self.at), asked_calls: Cell::new(false) };
        let answer = evaluate(Depth { at: self.at, trail: Some(&trail) });
        let (deepest, asked_calls) = (trail.deepest.get(), trail.asked_calls.get());
        let height = Some(deepest).filter(|it| *it <= MAX_DEPTH).and_then(|it| Height::try_from(it - self.at).ok());
        let course = Course { height, asked_calls };
        self.follow(course);
        (answer, course)
    }

    /// Whether an evaluation of that course comes to its answer from here too.
    pub(super) fn admits(self, course: Course) -> bool {
        course.height.is_some_and(|it| self.at + u32::from(it) <= MAX_DEPTH)
    }

    /// Takes note of an evaluation from here.
    #[inline]
    pub(super) fn follow(self, course: Course) {
        self.note(course.height.map_or(MAX_DEPTH + 1, |it| self.at + u32::from(it)));
        if course.asked_calls {
            self.ask_calls();
        }
    }

    /// Notes that the answer hangs on what calls pass for a parameter.
    pub(super) fn ask_calls(self) {
        if let Some(trail) = self.trail {
            trail.asked_calls.set(true);
        }
    }

    #[inline]
    fn note(self, at: u32) {
        if let Some(trail) = self.trail
            && at > trail.deepest.get()
        {
            trail.deepest.set(at);
        }
    }
}

impl Add<u32> for Depth<'_> {
    type Output = Self;

    #[inline]
    fn add(self, steps: u32) -> Self {
        let deeper = Depth { at: self.at + steps, ..self };
        deeper.note(deeper.at);
        deeper
    }
}

impl PartialEq<u32> for Depth<'_> {
    #[inline]
    fn eq(&self, at: &u32) -> bool {
        self.at == *at
    }
}

impl PartialOrd<u32> for Depth<'_> {
    #[inline]
    fn partial_cmp(&self, at: &u32) -> Option<Ordering> {
        self.at.partial_cmp(at)
    }
}
