//! The lines of a file that a frame shows.
//!
//! Only those lines are copied, long ones cut to a window around what is labelled, and characters that would steer the
//! terminal replaced. miette then asks the excerpt instead of the file.

use super::style::is_harmful;
use crate::text::{LineIndex, Location, Span};
use miette::{LabeledSpan, MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};
use std::collections::BTreeSet;

/// Longer lines are cut.
const COLUMNS: usize = 200;
/// What is shown of a cut line before the label.
const LEAD: usize = 60;
const CUT: &str = "...";
/// Lines shown around a label.
const AROUND: u32 = 1;

/// What is to be pointed at.
#[derive(Clone, Debug)]
pub(super) struct Mark {
    /// Where.
    pub(super) span: Span,
    /// What is said of it.
    pub(super) message: Option<String>,
    /// What the frame is about.
    pub(super) primary: bool,
}

/// Some lines of a file, and labels in them.
#[derive(Debug)]
pub(super) struct Excerpt {
    name: String,
    text: String,
    lines: Vec<Line>,
    labels: Vec<Label>,
}

#[derive(Debug)]
struct Line {
    /// In the file, from 0.
    number: u32,
    /// In the excerpt.
    start: usize,
    /// In the excerpt, behind the line end.
    end: usize,
}

#[derive(Debug)]
struct Label {
    start: usize,
    end: usize,
    at: Location,
    message: Option<String>,
    primary: bool,
}

impl Excerpt {
    /// Cuts the lines of some marks, all in one file, out of it.
    pub(super) fn new(name: &str, text: &str, index: &LineIndex, marks: &[Mark]) -> Excerpt {
        let mut excerpt = Excerpt { name: name.to_owned(), text: String::new(), lines: Vec::new(), labels: Vec::new() };
        let placed: Vec<(Location, &Mark)> = marks.iter().map(|mark| (index.location(text, mark.span.start), mark)).collect();
        let last = index.count() - 1;
        let shown: BTreeSet<u32> = placed
            .iter()
            .map(|(at, _)| at.line - 1)
            .flat_map(|line| line.saturating_sub(AROUND)..=(line + AROUND).min(last))
            .collect();
        for number in shown {
            let here: Vec<(Location, &Mark)> = placed.iter().filter(|(at, _)| at.line - 1 == number).copied().collect();
            excerpt.add_line(number, text, index.line_range(text, number), &here);
        }
        excerpt
    }

    /// The labels as miette wants them.
    pub(super) fn labels(&self) -> impl Iterator<Item = LabeledSpan> + '_ {
        self.labels.iter().map(|label| {
            let (message, span) = (label.message.clone(), (label.start, label.end - label.start));
            if label.primary {
                LabeledSpan::new_primary_with_span(message, span)
            } else {
                LabeledSpan::new_with_span(message, span)
            }
        })
    }

    fn add_line(&mut self, number: u32, text: &str, (from, to): (u32, u32), marks: &[(Location, &Mark)]) {
        let (from, to) = (from as usize, to as usize);
        let focus = marks.iter().find(|(_, mark)| mark.primary).or(marks.first());
        let focus = focus.map_or(from, |(_, mark)| mark.span.start as usize);
        let (open, close) = window(text, from, to, focus);
        let start = self.text.len();
        if open > from {
            self.text.push_str(CUT);
        }
        // Spans that go on behind the line, or lie outside the window, end at its edge.
        let clip = |offset: u32| (offset as usize).clamp(open, close);
        let mut labels: Vec<(usize, usize)> = marks.iter().map(|(_, it)| (clip(it.span.start), clip(it.span.end))).collect();
        let mut placed = vec![(0, 0); labels.len()];
        let ends = std::iter::once((close - open, ' '));
        for (at, c) in text[open..close].char_indices().chain(ends) {
            for (label, place) in labels.iter_mut().zip(&mut placed) {
                if label.0 <= open + at {
                    *place = (self.text.len(), place.1);
                    label.0 = usize::MAX;
                }
                if label.1 <= open + at {
                    place.1 = self.text.len();
                    label.1 = usize::MAX;
                }
            }
            if at < close - open {
                self.text.push(if c != '\t' && is_harmful(c) { '?' } else { c });
            }
        }
        if close < to {
            self.text.push_str(CUT);
        }
        self.text.push('\n');
        self.lines.push(Line { number, start, end: self.text.len() });
        let label = |((at, mark), (start, end)): (&(Location, &Mark), (usize, usize))| Label {
            start,
            end,
            at: *at,
            message: mark.message.clone(),
            primary: mark.primary,
        };
        self.labels.extend(marks.iter().zip(placed).map(label));
    }

    fn line_at(&self, offset: usize) -> usize {
        self.lines.partition_point(|line| line.end <= offset).min(self.lines.len().saturating_sub(1))
    }
}

/// The part of a line that is shown.
fn window(text: &str, from: usize, to: usize, focus: usize) -> (usize, usize) {
    let line = &text[from..to];
    let is_long = line.len() > 4 * COLUMNS || (line.len() > COLUMNS && line.chars().count() > COLUMNS);
    if !is_long {
        return (from, to);
    }
    let open = text.floor_char_boundary(focus.saturating_sub(LEAD)).clamp(from, to);
    let close = text[open..to].char_indices().nth(COLUMNS).map_or(to, |(at, _)| open + at);
    (open, close)
}

impl SourceCode for Excerpt {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let end = span.offset() + span.len();
        if self.lines.is_empty() || end > self.text.len() {
            return Err(MietteError::OutOfBounds);
        }
        let mut first = self.line_at(span.offset());
        let mut last = self.line_at(end.saturating_sub(1).max(span.offset()));
        let follows = |n: usize| self.lines[n].number == self.lines[n - 1].number + 1;
        if (first + 1..=last).any(|n| !follows(n)) {
            return Err(MietteError::OutOfBounds);
        }
        // miette takes line and column of its heading from here. They must be those of the file, not of the excerpt.
        let at = self.labels.iter().find(|it| before == 0 && it.start == span.offset() && it.end == end).map(|it| it.at);
        for _ in 0..before {
            if first > 0 && follows(first) {
                first -= 1;
            }
        }
        for _ in 0..after {
            if last + 1 < self.lines.len() && follows(last + 1) {
                last += 1;
            }
        }
        let start = if before == 0 { span.offset() } else { self.lines[first].start };
        let stop = self.lines[last].end;
        let line = at.map_or(self.lines[first].number, |at| at.line - 1) as usize;
        let column = at.map_or(0, |at| at.column as usize - 1);
        let data = &self.text.as_bytes()[start..stop];
        let name = self.name.clone();
        Ok(Box::new(MietteSpanContents::new_named(name, data, (start, stop - start).into(), line, column, last - first + 1)))
    }
}
