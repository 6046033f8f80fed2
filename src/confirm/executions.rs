//! How often code ran: V8's precise coverage, looked up by place.

use super::atlas::script_path;
use rustc_hash::FxHashMap;

/// Execution counts of one interval.
#[derive(Clone, Debug, Default)]
pub struct Executions {
    /// Ranges in UTF-16 code units with their counts, by script path.
    scripts: FxHashMap<String, Vec<Counted>>,
}

#[derive(Clone, Copy, Debug)]
struct Counted {
    start: u32,
    end: u32,
    count: u64,
}

impl Executions {
    /// Adds the ranges of a function or block: start and end in UTF-16 code units of the script's text, and how often it ran.
    /// `url` is a path or a `file:` URL.
    pub fn add(&mut self, url: &str, ranges: impl IntoIterator<Item = (u32, u32, u64)>) {
        let ranges = ranges.into_iter().map(|(start, end, count)| Counted { start, end, count });
        self.scripts.entry(script_path(url)).or_default().extend(ranges);
    }

    /// How often the code at an offset ran: the innermost range says it. Code that V8 does not speak of did not run in the
    /// interval. A module that was loaded several times under one path is summed up.
    pub(super) fn at(&self, script: &str, offset: u32) -> u64 {
        let Some(ranges) = self.scripts.get(script) else { return 0 };
        let around = ranges.iter().filter(|it| it.start <= offset && offset < it.end);
        let Some(innermost) = around.clone().map(|it| it.end - it.start).min() else { return 0 };
        around.filter(|it| it.end - it.start == innermost).map(|it| it.count).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::Executions;

    #[test]
    fn the_innermost_range_counts() {
        let mut ran = Executions::default();
        ran.add("file:///srv/a%20b.mjs?v=1", [(0, 100, 1), (10, 60, 7), (20, 30, 0)]);
        let at = |offset| ran.at("/srv/a b.mjs", offset);
        assert_eq!([at(5), at(15), at(25), at(30), at(100)], [1, 7, 0, 7, 0]);
        assert_eq!(ran.at("/srv/other.mjs", 5), 0);
    }

    #[test]
    fn a_module_loaded_twice_is_summed() {
        let mut ran = Executions::default();
        ran.add("/srv/a.js", [(0, 100, 3)]);
        ran.add("/srv/a.js", [(0, 100, 4)]);
        assert_eq!(ran.at("/srv/a.js", 50), 7);
    }
}
