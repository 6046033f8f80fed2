//! Which lines a patch touches.

use std::collections::BTreeMap;

/// Lines, counted from 1, first and last.
pub(super) type Lines = Vec<(u32, u32)>;

/// The lines of the new texts that a patch without context adds or changes, by path. Where lines were only taken away, the
/// two around the gap count: what was there is missed by what stands beside it.
pub(super) fn touched(patch: &[u8]) -> BTreeMap<String, Lines> {
    let text = String::from_utf8_lossy(patch);
    let mut lines = text.split('\n');
    let mut by_path: BTreeMap<String, Lines> = BTreeMap::new();
    let mut path = None;
    while let Some(line) = lines.next() {
        if let Some(name) = line.strip_prefix("+++ ") {
            path = unquoted(name.strip_suffix('\t').unwrap_or(name)).strip_prefix("b/").map(str::to_owned);
        } else if let Some((old, new)) = hunk(line) {
            if let Some(path) = &path {
                let (first, length) = new;
                let last = first.saturating_add(length.max(2) - 1);
                let range = if length == 0 { (first.max(1), last) } else { (first, first.saturating_add(length - 1)) };
                by_path.entry(path.clone()).or_default().push(range);
            }
            // What the hunk holds may look like anything. A line that tells of a missing line end is not counted.
            let mut left = u64::from(old.1) + u64::from(new.1);
            while left > 0
                && let Some(line) = lines.next()
            {
                left -= u64::from(!line.starts_with('\\'));
            }
        }
    }
    by_path
}

/// `@@ -3,2 +4 @@ in f()`: start and length before and after.
fn hunk(line: &str) -> Option<((u32, u32), (u32, u32))> {
    let mut words = line.strip_prefix("@@ ")?.split(' ');
    let range = |word: &str| -> Option<(u32, u32)> {
        let (start, length) = word.split_once(',').unwrap_or((word, "1"));
        Some((start.parse().ok()?, length.parse().ok()?))
    };
    Some((range(words.next()?.strip_prefix('-')?)?, range(words.next()?.strip_prefix('+')?)?))
}

/// A name as git writes it: in quotes, as C does, if it has quotes, backslashes or control characters.
fn unquoted(name: &str) -> String {
    let Some(inner) = name.strip_prefix('"').and_then(|it| it.strip_suffix('"')) else { return name.to_owned() };
    let mut bytes = Vec::with_capacity(inner.len());
    let mut rest = inner.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        bytes.push(match rest.next().unwrap_or(b'\\') {
            b'a' => 7,
            b'b' => 8,
            b't' => b'\t',
            b'n' => b'\n',
            b'v' => 11,
            b'f' => 12,
            b'r' => b'\r',
            digit @ b'0'..=b'3' => {
                let digits = [digit, rest.next().unwrap_or(b'0'), rest.next().unwrap_or(b'0')].map(|it| it & 7);
                digits[0] * 64 + digits[1] * 8 + digits[2]
            }
            other => other,
        });
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hunks_are_counted_and_their_content_is_not_read() {
        let patch = "diff --git a/a.js b/a.js\n--- a/a.js\n+++ b/a.js\n@@ -1,2 +1,3 @@\n-x\n-y\n++++ b/fake.js\n+@@ -1 +9 @@\n+z\n@@ -9 +10,0 @@ f() {\n-gone\n@@ -20 +20 @@\n-a\n\\ No newline at end of file\n++++ b/fake.js\n\\ No newline at end of file\ndiff --git \"a/n\\nl.js\" \"b/n\\nl.js\"\n--- /dev/null\n+++ \"b/n\\n\\303\\244 l.js\"\n@@ -0,0 +1 @@\n+new\n\\ No newline at end of file\ndiff --git a/gone.js b/gone.js\n--- a/gone.js\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\ndiff --git a/a b.js b/a b.js\n--- a/a b.js\t\n+++ b/a b.js\t\n@@ -0,0 +5 @@\n+b\n";
        let found: Vec<(String, Lines)> = touched(patch.as_bytes()).into_iter().collect();
        let expected = [("a b.js", vec![(5, 5)]), ("a.js", vec![(1, 3), (10, 11), (20, 20)]), ("n\nä l.js", vec![(1, 1)])];
        assert_eq!(found, expected.map(|(path, lines)| (path.to_owned(), lines)));
    }
}
