// The licences stand once in the repository; the package needs them in one file.

import { readFileSync, writeFileSync } from "node:fs";

const read = (name) => readFileSync(new URL(`../../../${name}`, import.meta.url), "utf8");
const said = "Licensed under either of the MIT licence and the Apache licence 2.0, at your option.";
writeFileSync(new URL("../LICENSE.txt", import.meta.url), [said, read("LICENSE-MIT"), read("LICENSE-APACHE")].join("\n\n"));
