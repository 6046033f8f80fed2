// Where the program is.

import { accessSync, constants, realpathSync, statSync } from "node:fs";
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

/**
 * The native program of the package in the nearest `node_modules`: the script in `.bin` is none on every platform. Node's own
 * resolution would do, but for that it remembers what it found before something else was installed.
 */
function inModules(folder: string, tried: string[]): string | undefined {
  const cpu = `${process.platform}-${process.arch}`;
  const packages = process.platform === "linux" ? [`leaklint-${cpu}-gnu`, `leaklint-${cpu}-musl`] : [`leaklint-${cpu}`];
  for (let at = folder; ; at = path.dirname(at)) {
    const modules = path.join(at, "node_modules");
    // With strict layouts only the main package sees those that it depends on.
    const main = real(path.join(modules, "leaklint"));
    const places = main === undefined ? [modules] : [path.join(main, "node_modules"), path.dirname(main), modules];
    for (const file of places.flatMap((place) => packages.map((name) => path.join(place, name, "bin", NAME)))) {
      if (isProgram(file)) return file;
    }
    if (path.dirname(at) === at) break;
  }
  tried.push(`${packages[0]} in node_modules, from ${folder} upwards`);
  return undefined;
}

function real(file: string): string | undefined {
  try {
    return realpathSync(file);
  } catch {
    return undefined;
  }
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
