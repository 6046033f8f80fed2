//! Program to findings: a few generic algorithms, each serving many rule pages.

mod abandoned;
mod acquisition;
mod backpressure;
mod capture;
mod chained;
mod clone;
mod constant;
mod context;
mod ended;
mod fate;
mod finalize;
mod gathered;
mod giveup;
mod growth;
mod inserting;
mod kept;
mod key;
mod late;
mod lazy;
mod listener;
mod misnamed;
mod misuse;
mod named;
mod outcome;
mod overwritten;
mod partly;
mod pending;
mod pipe;
mod production;
mod proof;
mod removal;
mod returned;
mod settle;
mod story;
mod subscribed;
mod teardown;
mod timeout;
mod trace;
mod trim;
mod unbounded;
mod unconsumed;
mod unreleased;
mod unsafe_default;
mod usage;
mod wrapped;

use crate::finding::Finding;
use crate::program::Program;
use rayon::prelude::*;

/// Runs every check. Findings come sorted, unfiltered (all confidences, all rules), without fingerprints.
pub fn check(program: &Program<'_>) -> Vec<Finding> {
    let files: Vec<_> = program.files().collect();
    let released = listener::Removals::collect(program);
    let mut findings: Vec<Finding> = files
        .par_iter()
        .flat_map_iter(|&file| {
            let mut found = unreleased::check(program, &released, file);
            found.extend(unsafe_default::check(program, file));
            found.extend(named::check(program, file));
            found.extend(capture::check(program, file));
            found.extend(misuse::check(program, file));
            found.extend(production::check(program, file));
            found.extend(wrapped::check(program, file));
            found.extend(overwritten::check(program, file));
            found.extend(inserting::check(program, file));
            found.extend(abandoned::check(program, &released, file));
            found.extend(clone::check(program, file));
            found.extend(giveup::check(program, file));
            found.extend(subscribed::check(program, file));
            found.extend(late::check(program, file));
            found
        })
        .collect();
    findings.extend(unbounded::check(program));
    findings.extend(context::check(program));
    findings.extend(overwritten::check_instances(program));
    findings.sort_by(|a, b| a.sort_key().cmp(&b.sort_key()).then(b.confidence.cmp(&a.confidence)));
    findings.dedup_by(|a, b| a.span == b.span && a.rule == b.rule);
    findings
}
