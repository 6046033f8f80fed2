//! Findings against heaps: the ledger and its verdicts.
