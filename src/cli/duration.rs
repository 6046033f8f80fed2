//! Times as users write them.

use std::time::Duration;

/// A number with a unit, as in `500ms`, `30s`, `1.5m`, `2h`.
pub(super) fn parse(text: &str) -> Result<Duration, String> {
    let text = text.trim();
    let refuse = || format!("`{text}` is not a time; write a number and a unit, as in `30s`");
    let at = text.find(|c: char| c.is_ascii_alphabetic()).ok_or_else(refuse)?;
    let unit = match &text[at..] {
        "ms" => 0.001,
        "s" => 1.0,
        "m" | "min" => 60.0,
        "h" => 3_600.0,
        _ => return Err(refuse()),
    };
    let number: f64 = text[..at].trim().parse().map_err(|_| refuse())?;
    Duration::try_from_secs_f64(number * unit).map_err(|_| refuse())
}

#[cfg(test)]
mod tests {
    use super::parse;
    use std::time::Duration;

    #[test]
    fn units() {
        let read = |text| parse(text).map(|it: Duration| it.as_millis());
        assert_eq!(read("500ms"), Ok(500));
        assert_eq!(read("1.5 m"), Ok(90_000));
        assert_eq!(read("2h"), Ok(7_200_000));
        assert!(["30", "s", "-1s", "1e99h", "1 parsec", "nans", "infs"].into_iter().all(|it| read(it).is_err()));
    }
}
