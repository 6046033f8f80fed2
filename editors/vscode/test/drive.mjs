// Looks at VS Code in a browser: drive.mjs TOOLS URL FOLDER [PICTURE]

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

const [tools, url, folder, picture] = process.argv.slice(2);
const { chromium } = createRequire(path.join(tools, "package.json"))("playwright-core");

const pause = (time) => new Promise((resolve) => setTimeout(resolve, time));
const file = (name) => path.join(folder, name);

async function until(name) {
  for (let n = 0; n < 1200 && !existsSync(file(name)); n++) {
    if (existsSync(file("failed"))) throw new Error(readFileSync(file("failed"), "utf8"));
    await pause(100);
  }
  if (!existsSync(file(name))) throw new Error(`waited in vain for ${name}`);
}

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-dev-shm-usage"],
});
try {
  const page = await browser.newPage({ viewport: { width: 1180, height: 660 }, deviceScaleFactor: 1 });
  await page.goto(url);
  await until("shown");
  await page.waitForSelector(".squiggly-error", { timeout: 30_000 });
  await page.keyboard.press("Control+Shift+M");
  await page.waitForSelector(".markers-panel .monaco-list-row", { timeout: 30_000 });
  await page.keyboard.press("Control+B");
  await pause(1500);
  if (picture) await page.screenshot({ path: picture });
  writeFileSync(file("seen"), "");
  await until("told");
} finally {
  await browser.close();
}
