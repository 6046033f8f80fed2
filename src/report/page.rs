//! A rule's page on a terminal.

use super::style::Style;

/// Renders the Markdown that our pages use: headings, paragraphs, lists, fences, inline code.
pub fn page(markdown: &str, style: Style) -> String {
    let mut text = String::with_capacity(markdown.len() + 256);
    let mut in_fence = false;
    for line in markdown.trim().lines() {
        if line.starts_with("```") {
            in_fence = !in_fence;
            continue;
        }
        let line = if in_fence {
            fenced(line, style)
        } else if let Some(heading) = line.strip_prefix("# ").or_else(|| line.strip_prefix("## ")) {
            style.bold(heading)
        } else {
            inline(line, style)
        };
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// Carets below a line of code point at what leaks.
fn fenced(line: &str, style: Style) -> String {
    let is_caret = line.trim_start().starts_with("//") && line.contains("^^");
    format!("    {}", if is_caret { style.red(line) } else { style.dim(line) })
}

/// Without colours the back quotes stay: they tell code from words.
fn inline(line: &str, style: Style) -> String {
    if !style.color {
        return line.to_owned();
    }
    let mut text = String::new();
    for (n, part) in line.split('`').enumerate() {
        text.push_str(&if n % 2 == 1 { style.code(part) } else { part.to_owned() });
    }
    text
}
