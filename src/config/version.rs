//! `required-version`.

/// Whether a version meets a requirement such as `0.3`, `>=0.3.1` or `>=0.3, <0.5`; a bare version means that series.
/// `None` when the requirement cannot be read.
pub(super) fn matches(requirement: &str, version: &str) -> Option<bool> {
    let have = parts(version)?;
    let mut all = true;
    for clause in requirement.split(',').map(str::trim) {
        let at = clause.find(|c: char| c.is_ascii_digit())?;
        let want = parts(&clause[at..])?;
        // Only the parts that were written count: `0.3` covers `0.3.7`.
        let order = have[..want.len()].cmp(&want[..]);
        all &= match clause[..at].trim() {
            "" | "=" | "==" => order.is_eq(),
            ">=" => order.is_ge(),
            ">" => order.is_gt(),
            "<=" => order.is_le(),
            "<" => order.is_lt(),
            _ => return None,
        };
    }
    Some(all)
}

fn parts(version: &str) -> Option<Vec<u32>> {
    let parts: Option<Vec<u32>> = version.split('.').map(|part| part.trim().parse().ok()).collect();
    parts.filter(|it| (1..=3).contains(&it.len()))
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn requirements() {
        for (requirement, expected) in [
            ("0.3", Some(true)),
            ("=0.3.1", Some(true)),
            ("0.3.2", Some(false)),
            (">=0.2, <0.4", Some(true)),
            (">0.3", Some(false)),
            ("<0.3.1", Some(false)),
            ("latest", None),
            ("^1", None),
            ("", None),
        ] {
            assert_eq!(matches(requirement, "0.3.1"), expected, "{requirement}");
        }
    }
}
