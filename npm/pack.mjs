// Makes the npm packages: the main one, and one for each platform whose program is given.
//
//   node npm/pack.mjs --sync                       versions in npm/leaklint/package.json as in Cargo.toml
//   node npm/pack.mjs OUT [PLATFORM=PROGRAM ...]   folders and tarballs in OUT; --all: fail unless all platforms are given
//
// PLATFORM is a key of npm/leaklint/lib/platforms.json.

import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.dirname(here);
const main = path.join(here, "leaklint");
const platforms = JSON.parse(fs.readFileSync(path.join(main, "lib/platforms.json"), "utf8"));
const version = /^version = "(.+)"$/m.exec(fs.readFileSync(path.join(root, "Cargo.toml"), "utf8"))[1];
const LICENCES = ["LICENSE-APACHE", "LICENSE-MIT"];

function fail(message) {
  console.error(`pack: ${message}`);
  process.exit(2);
}

/** The manifest of the main package, its versions those of the program. */
function manifest() {
  const own = JSON.parse(fs.readFileSync(path.join(main, "package.json"), "utf8"));
  const optionalDependencies = Object.fromEntries(platforms.map((it) => [`leaklint-${it.key}`, version]).sort());
  return { ...own, version, optionalDependencies };
}

function platformManifest(platform) {
  const { license, repository, homepage, bugs } = manifest();
  const { key, os, cpu, libc } = platform;
  return {
    name: `leaklint-${key}`,
    version,
    description: `The program of leaklint for ${key}`,
    license,
    repository,
    homepage,
    bugs,
    os: [os],
    cpu: [cpu],
    ...(libc && { libc: [libc] }),
    files: ["bin", ...LICENCES],
    // A program cannot be run out of an archive.
    preferUnplugged: true,
  };
}

function writeJson(file, value) {
  fs.writeFileSync(file, `${JSON.stringify(value, null, 2)}\n`);
}

function withLicences(folder) {
  for (const it of LICENCES) fs.copyFileSync(path.join(root, it), path.join(folder, it));
}

function makeMain(folder) {
  fs.cpSync(main, folder, { recursive: true });
  writeJson(path.join(folder, "package.json"), manifest());
  withLicences(folder);
}

function makePlatform(folder, platform, program) {
  const file = path.join(folder, "bin", platform.os === "win32" ? "leaklint.exe" : "leaklint");
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.copyFileSync(program, file);
  fs.chmodSync(file, 0o755);
  writeJson(path.join(folder, "package.json"), platformManifest(platform));
  fs.writeFileSync(path.join(folder, "README.md"), `# leaklint-${platform.key}\n\nThe program of [leaklint](https://www.npmjs.com/package/leaklint) for ${platform.key}. Install \`leaklint\` instead.\n`);
  withLicences(folder);
}

function pack(out, folder) {
  const npm = process.platform === "win32" ? "npm.cmd" : "npm";
  execFileSync(npm, ["pack", "--silent", "--pack-destination", out], { cwd: folder, stdio: ["ignore", "inherit", "inherit"] });
}

function makeAll(out, given, all) {
  const programs = new Map();
  for (const it of given) {
    const [key, program] = [it.slice(0, it.indexOf("=")), it.slice(it.indexOf("=") + 1)];
    if (!platforms.some((platform) => platform.key === key)) {
      fail(`no platform \`${key}\`, but ${platforms.map((platform) => platform.key).join(", ")}`);
    }
    if (!fs.existsSync(program)) fail(`there is no program ${program}`);
    programs.set(key, program);
  }
  const absent = platforms.filter((it) => !programs.has(it.key)).map((it) => it.key);
  if (all && absent.length > 0) fail(`no program for ${absent.join(", ")}`);
  fs.mkdirSync(out, { recursive: true });
  const folder = (name) => path.join(out, name);
  makeMain(folder("leaklint"));
  pack(out, folder("leaklint"));
  for (const platform of platforms.filter((it) => programs.has(it.key))) {
    makePlatform(folder(`leaklint-${platform.key}`), platform, programs.get(platform.key));
    pack(out, folder(`leaklint-${platform.key}`));
  }
}

const words = process.argv.slice(2);
if (words[0] === "--sync" && words.length === 1) {
  writeJson(path.join(main, "package.json"), manifest());
} else {
  const [out, ...given] = words.filter((it) => it !== "--all");
  if (!out || out.startsWith("-")) fail("an output folder is missing: node npm/pack.mjs OUT [PLATFORM=PROGRAM ...]");
  makeAll(path.resolve(out), given, words.includes("--all"));
}
