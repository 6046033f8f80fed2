//! What helps a project to take leaklint up: comments that it writes, files that it starts, answers about itself.

#![allow(clippy::unwrap_used, reason = "helpers of tests count as tests")]

mod support;

use std::fs;
use support::shell::{LEAKY, Shell};

/// A server that renders with JSX.
const JSX: &str = "const app = require('express')();\napp.get('/', (req, res) => {\n  const page = (\n    <main>\n      <Feed every={setInterval(() => res.write('x'), 1000)} />\n    </main>\n  );\n  res.send(page);\n});\napp.listen(80);\n";

#[test]
fn comments_are_written_where_they_hold() {
    let shell =
        Shell::new(&[("a.js", &LEAKY.replace('\n', "\r\n")), ("b.js", &format!("\u{FEFF}// b\n{LEAKY}")), ("c.jsx", JSX)]);
    shell.write("clean.js", "f();\n");
    #[cfg(unix)]
    fs::set_permissions(shell.path().join("a.js"), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let said = shell.run(&["check", "--suppress", "--reason", "lives as long as the process"]);
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
    assert!(said.err.contains("3 comments written to 3 files"), "{}", said.err);
    assert!(said.out.contains("3 findings suppressed"), "{}", said.out);
    let comment = "leaklint-disable-next-line timer-not-cleared -- lives as long as the process";
    assert!(shell.read("a.js").contains(&format!("{{\r\n  // {comment}\r\n  setInterval")), "{}", shell.read("a.js"));
    assert!(!shell.read("a.js").replace("\r\n", "").contains('\n'));
    assert!(shell.read("b.js").starts_with("\u{FEFF}// b\n"));
    assert!(shell.read("c.jsx").contains(&format!("<main>\n      {{/* {comment} */}}\n      <Feed")), "{}", shell.read("c.jsx"));
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(shell.path().join("a.js")).unwrap().permissions());
        assert_eq!(mode & 0o777, 0o755);
    }
    let names = fs::read_dir(shell.path()).unwrap().count();
    assert_eq!(names, 4, "nothing is left beside them");
    let said = shell.run(&["check", "--suppress", "--reason", "again"]);
    assert!(said.err.contains("0 comments written to 0 files"), "{}", said.err);
}

#[test]
fn what_cannot_be_written_is_told() {
    let shell = Shell::new(&[("a.js", LEAKY)]);
    let utf16: Vec<u8> =
        [0xFEFF].into_iter().chain(format!("// wide\n{LEAKY}").encode_utf16()).flat_map(u16::to_le_bytes).collect();
    shell.write("wide.js", utf16);
    let said = shell.run(&["check", "--suppress=timer-not-cleared", "--reason", "why"]);
    assert_eq!(said.code, 2);
    assert!(said.err.contains("wide.js: no comment is written: it is not UTF-8"), "{}", said.err);
    assert!(shell.read("a.js").contains("disable-next-line"));
    for (args, message) in [
        (&["--suppress"][..], "--reason <TEXT>"),
        (&["--suppress", "--reason", " "], "no reason that a comment can hold"),
        (&["--suppress", "--reason", "a */ b"], "no reason that a comment can hold"),
        (&["--suppress=timer", "--reason", "why"], "unknown rule `timer`"),
        (&["--suppress", "--reason", "why", "--staged"], "cannot be used with"),
        (&["--suppress", "--reason", "why", "-"], "standard input has no file"),
    ] {
        let said = shell.run(&[&["check"], args].concat());
        assert_eq!(said.code, 2, "{args:?}");
        assert!(said.err.contains(message), "{args:?}: {}", said.err);
    }
}

#[cfg(unix)]
#[test]
fn a_link_stays_a_link() {
    let shell = Shell::new(&[("real/a.js", LEAKY)]);
    std::os::unix::fs::symlink("real/a.js", shell.path().join("link.js")).unwrap();
    let said = shell.run(&["check", "--suppress", "--reason", "why", "link.js"]);
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
    assert!(fs::symlink_metadata(shell.path().join("link.js")).unwrap().is_symlink());
    assert!(shell.read("real/a.js").contains("disable-next-line"));
}
