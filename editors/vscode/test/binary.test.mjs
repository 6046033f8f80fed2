// Where the extension looks for the program: node --test, after `npm run test` has bundled `src/binary.ts`.

import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, test } from "node:test";

const { find } = createRequire(import.meta.url)("../dist/binary.cjs");
const NAME = process.platform === "win32" ? "leaklint.exe" : "leaklint";
const PLATFORM = `leaklint-${process.platform}-${process.arch}${process.platform === "linux" ? "-gnu" : ""}`;

let root;
const before = process.env.PATH;
beforeEach(() => {
  root = realpathSync(mkdtempSync(path.join(os.tmpdir(), "leaklint-binary-")));
  process.env.PATH = path.join(root, "path");
});
afterEach(() => {
  process.env.PATH = before;
  rmSync(root, { recursive: true });
});

function program(...parts) {
  const file = path.join(root, ...parts, NAME);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, "");
  chmodSync(file, 0o755);
  return file;
}

function manifest(...parts) {
  const file = path.join(root, ...parts, "package.json");
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, "{}");
}

const search = (more) => ({ setting: "", folders: [], base: root, extension: path.join(root, "extension"), ...more });
const app = () => path.join(root, "packages", "app");

test("the setting wins, and is not passed over when it is wrong", () => {
  const own = program("tools");
  program("path");
  assert.deepEqual(find(search({ setting: `tools/${NAME}` })), { path: own, how: "setting" });
  assert.deepEqual(find(search({ setting: "gone" })), [path.join(root, "gone")]);
});

test("the nearest node_modules comes before the PATH, from a package of a monorepo too", () => {
  const hoisted = program("node_modules", PLATFORM, "bin");
  manifest("node_modules", "leaklint");
  program("path");
  assert.deepEqual(find(search({ folders: [app()] })), { path: hoisted, how: "node_modules" });
  const nearest = program("packages", "app", "node_modules", PLATFORM, "bin");
  manifest("packages", "app", "node_modules", "leaklint");
  assert.deepEqual(find(search({ folders: [app()] })), { path: nearest, how: "node_modules" });
});

test("a strict layout hides the platform's package behind the main one", { skip: process.platform === "win32" }, () => {
  const store = ["node_modules", ".store", "leaklint@1", "node_modules"];
  const native = program(...store, PLATFORM, "bin");
  manifest(...store, "leaklint");
  symlinkSync(path.join(root, ...store, "leaklint"), path.join(root, "node_modules", "leaklint"));
  assert.deepEqual(find(search({ folders: [app()] })), { path: native, how: "node_modules" });
});

test("then the PATH, then what the extension brings, then a list of all places", () => {
  program("node_modules", PLATFORM, "bin");
  const brought = program("extension", "bin");
  assert.deepEqual(find(search({})), { path: brought, how: "extension" }, "no folder is trusted");
  const onPath = program("path");
  assert.deepEqual(find(search({})), { path: onPath, how: "PATH" });
  rmSync(onPath);
  rmSync(brought);
  assert.deepEqual(find(search({})), [`${NAME} on the PATH`, brought]);
});
