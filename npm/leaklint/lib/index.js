"use strict";

// Finds the program: LEAKLINT_BINARY, or the package for this platform, which is an optional dependency of this one.

const fs = require("node:fs");
const path = require("node:path");
const platforms = require("./platforms.json");
const { version } = require("../package.json");

/** Whether this Node runs on musl, as on Alpine. */
function isMusl() {
  if (process.platform !== "linux") return false;
  try {
    // On musl `ldd` is its loader, on glibc a script that names the library.
    return fs.readFileSync("/usr/bin/ldd", "latin1").includes("musl");
  } catch {
    process.report.excludeNetwork = true;
    return !process.report.getReport().header.glibcVersionRuntime;
  }
}

/** The packages that could hold the program for this machine, the best first. */
function candidates(platform = process.platform, arch = process.arch, musl = isMusl()) {
  const here = platforms.filter((it) => it.os === platform && it.cpu === arch);
  const fits = (it) => it.libc === undefined || (it.libc === "musl") === musl;
  // Programs for musl are linked statically and run everywhere; those for glibc do not run on musl.
  const others = here.filter((it) => !fits(it) && it.libc === "musl");
  return [...here.filter(fits), ...others].map((it) => `leaklint-${it.key}`);
}

/** The path of the program. Throws an error that says what to do when there is none. */
function binaryPath() {
  const own = process.env.LEAKLINT_BINARY;
  if (own) {
    if (fs.existsSync(own)) return path.resolve(own);
    throw new Error(`leaklint: LEAKLINT_BINARY is ${own}, and there is no such file`);
  }
  const names = candidates();
  const file = process.platform === "win32" ? "bin/leaklint.exe" : "bin/leaklint";
  for (const name of names) {
    try {
      return require.resolve(`${name}/${file}`);
    } catch {
      // Not installed: the next one.
    }
  }
  throw new Error(names.length > 0 ? missing(names[0]) : unsupported());
}

function missing(name) {
  return [
    `leaklint: the package ${name}, which holds the program for this platform, is not installed.`,
    "It is an optional dependency of leaklint. Package managers leave it out when",
    "  - the lockfile was written on another platform (https://github.com/npm/cli/issues/4828):",
    "    remove node_modules and package-lock.json and install again",
    "  - optional dependencies are switched off (--no-optional, --omit=optional, optional=false): switch them on",
    "  - node_modules was copied from another machine or image: install on this one",
    `It can be added by name, too: npm install --save-dev ${name}@${version}`,
    "A leaklint that was installed otherwise is used when LEAKLINT_BINARY names it.",
  ].join("\n");
}

function unsupported() {
  return [
    `leaklint: there is no program for ${process.platform} on ${process.arch}.`,
    "`cargo install leaklint` builds one; LEAKLINT_BINARY tells this package where it is.",
  ].join("\n");
}

module.exports = { binaryPath, candidates, version };
