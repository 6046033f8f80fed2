//! The ledger's answer: from executed and alive to a verdict.

use crate::finding::Verdict;

/// Executions below which a flat count proves nothing.
const OFTEN: u64 = 10;

/// Share of the executions that must stay alive to count as growth at all.
const SHARE: f64 = 0.02;

/// How far the growth per execution of one interval may fall below that of the best and still be steady.
const STEADY: f64 = 0.5;

/// One line of the ledger.
pub(super) struct Ledger<'a> {
    /// Alive, per snapshot.
    pub(super) alive: &'a [u64],
    /// Executed, per interval between two snapshots.
    pub(super) executed: &'a [Option<u64>],
    /// What an interval without load adds.
    pub(super) idle: i64,
    /// At most so many are ever kept, as far as the program shows.
    pub(super) limit: Option<u64>,
    /// Longest delay, in milliseconds, of timers that may still release them.
    pub(super) delay: Option<f64>,
}

impl Ledger<'_> {
    /// Growth per interval, without what comes by itself.
    fn growth(&self) -> Vec<i64> {
        self.alive.windows(2).map(|it| it[1] as i64 - it[0] as i64 - self.idle.max(0)).collect()
    }

    /// The verdict, and why it is no plain yes or no.
    pub(super) fn verdict(&self) -> (Verdict, String) {
        let last = self.alive.last().copied().unwrap_or_default();
        if self.alive.len() < 2 {
            return match last {
                0 => (Verdict::NotGrowing, "nothing of it is alive".into()),
                _ => (Verdict::Accumulated, String::new()),
            };
        }
        let growth = self.growth();
        let known: Option<Vec<u64>> = self.executed.iter().copied().collect();
        match known {
            Some(executed) => self.of_counts(&growth, &executed),
            None if growth.iter().all(|it| *it > 0) => self.bounded().unwrap_or((Verdict::Confirmed, String::new())),
            None => (Verdict::NotGrowing, "executions are not known".into()),
        }
    }

    fn of_counts(&self, growth: &[i64], executed: &[u64]) -> (Verdict, String) {
        let total: u64 = executed.iter().sum();
        let grown: i64 = growth.iter().sum();
        if total == 0 {
            return (Verdict::NotExercised, String::new());
        }
        let flat = (grown as f64) < (total as f64 * SHARE).max(2.0);
        if total < OFTEN {
            return (Verdict::Pending, format!("it ran only {total} times"));
        }
        if flat {
            return (Verdict::Contradicted, String::new());
        }
        if !steady(growth, executed) {
            return (Verdict::Pending, "it grows, but not in step with its executions".into());
        }
        self.bounded().unwrap_or((Verdict::Confirmed, String::new()))
    }

    /// What may still end the growth.
    fn bounded(&self) -> Option<(Verdict, String)> {
        let last = self.alive.last().copied().unwrap_or_default();
        if let Some(limit) = self.limit.filter(|it| last <= *it) {
            return Some((Verdict::Pending, format!("the program compares its size with {limit}: drive further")));
        }
        let delay = self.delay?;
        Some((Verdict::Pending, format!("timers of {} s may still release it: wait longer", (delay / 1000.0).ceil())))
    }
}

/// Whether every interval that ran adds, and none much less per execution than another.
fn steady(growth: &[i64], executed: &[u64]) -> bool {
    let rates: Vec<f64> =
        growth.iter().zip(executed).filter(|it| *it.1 > 0).map(|(grown, ran)| *grown as f64 / *ran as f64).collect();
    let best = rates.iter().copied().fold(0.0, f64::max);
    rates.iter().all(|it| *it > 0.0 && *it >= best * STEADY)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(alive: &[u64], executed: &[Option<u64>]) -> Verdict {
        Ledger { alive, executed, idle: 0, limit: None, delay: None }.verdict().0
    }

    #[test]
    fn growth_in_step_is_confirmed() {
        assert_eq!(verdict(&[5, 205, 405], &[Some(200), Some(200)]), Verdict::Confirmed);
        assert_eq!(verdict(&[5, 205, 405], &[None, None]), Verdict::Confirmed);
        assert_eq!(verdict(&[5, 25, 45, 65], &[Some(200), Some(200), Some(200)]), Verdict::Confirmed);
    }

    #[test]
    fn flat_is_contradicted_only_by_counts() {
        assert_eq!(verdict(&[1, 1, 2], &[Some(200), Some(200)]), Verdict::Contradicted);
        assert_eq!(verdict(&[1, 1, 1], &[None, None]), Verdict::NotGrowing);
        assert_eq!(verdict(&[0, 0, 0], &[Some(0), Some(0)]), Verdict::NotExercised);
        assert_eq!(verdict(&[0, 0, 0], &[Some(2), Some(2)]), Verdict::Pending);
    }

    #[test]
    fn what_slows_down_is_pending() {
        assert_eq!(verdict(&[5, 205, 255], &[Some(200), Some(200)]), Verdict::Pending);
        assert_eq!(verdict(&[5, 205, 205], &[Some(200), Some(200)]), Verdict::Pending);
        assert_eq!(verdict(&[5, 5, 205], &[Some(200), Some(200)]), Verdict::Pending);
    }

    #[test]
    fn bounds_and_delays_are_pending() {
        let line = |limit, delay| Ledger { alive: &[5, 205, 405], executed: &[Some(200), Some(200)], idle: 0, limit, delay };
        assert_eq!(line(Some(1000), None).verdict().0, Verdict::Pending);
        assert_eq!(line(Some(300), None).verdict().0, Verdict::Confirmed);
        assert_eq!(line(None, Some(60_000.0)).verdict().0, Verdict::Pending);
    }

    #[test]
    fn what_grows_by_itself_is_not_charged_to_the_site() {
        let line = Ledger { alive: &[10, 30, 50], executed: &[Some(100), Some(100)], idle: 20, limit: None, delay: None };
        assert_eq!(line.verdict().0, Verdict::Contradicted);
    }

    #[test]
    fn one_snapshot_only_accumulates() {
        assert_eq!(verdict(&[18_402], &[]), Verdict::Accumulated);
        assert_eq!(verdict(&[0], &[]), Verdict::NotGrowing);
    }
}
