// Where the program is.

import { accessSync, constants, statSync } from "node:fs";
import { createRequire } from "node:module";
import * as path from "node:path";

/** A program, and how it was found. */
export interface Found {
  path: string;
  how: "setting" | "node_modules" | "PATH" | "extension";
}

/** What the search goes by. */
export interface Search {
  /** The setting; empty if there is none. */
  setting: string;
  /** Folders whose `node_modules` are looked at, upwards from each; none in a workspace that nobody trusts. */
  folders: string[];
  /** The folder that a relative setting is relative to. */
  base: string | undefined;
  /** The folder of the extension. */
  extension: string;
}

const NAME = process.platform === "win32" ? "leaklint.exe" : "leaklint";

/** The program, or every place that was looked at in vain. */
export function find(search: Search): Found | string[] {
  const tried: string[] = [];
  const take = (file: string, how: Found["how"]): Found | undefined => {
    if (isProgram(file)) return { path: file, how };
    tried.push(file);
    return undefined;
  };
  if (search.setting !== "") {
    const file = path.resolve(search.base ?? process.cwd(), search.setting);
    return take(file, "setting") ?? tried;
  }
  for (const folder of search.folders) {
    const file = inModules(folder, tried);
    if (file !== undefined) return { path: file, how: "node_modules" };
  }
  for (const folder of (process.env["PATH"] ?? "").split(path.delimiter).filter((it) => path.isAbsolute(it))) {
    // A shim of a package manager may stand here; it works as well.
    const file = path.join(folder, NAME);
    if (isProgram(file)) return { path: file, how: "PATH" };
  }
  tried.push(`${NAME} on the PATH`);
  return take(path.join(search.extension, "bin", NAME), "extension") ?? tried;
}

/** The native program of the package in the nearest `node_modules`: the script in `.bin` is none on every platform. */
function inModules(folder: string, tried: string[]): string | undefined {
  const cpu = `${process.platform}-${process.arch}`;
  const packages = process.platform === "linux" ? [`leaklint-${cpu}-gnu`, `leaklint-${cpu}-musl`] : [`leaklint-${cpu}`];
  const resolve = (from: string, what: string): string | undefined => {
    try {
      return createRequire(path.join(from, "package.json")).resolve(what);
    } catch {
      return undefined;
    }
  };
  const main = resolve(folder, "leaklint/package.json");
  for (const name of packages) {
    // With strict layouts only the main package sees those that it depends on.
    const file = (main && resolve(path.dirname(main), `${name}/bin/${NAME}`)) ?? resolve(folder, `${name}/bin/${NAME}`);
    if (file !== undefined && isProgram(file)) return file;
  }
  tried.push(path.join(folder, "node_modules", packages[0] ?? "leaklint"));
  return undefined;
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
