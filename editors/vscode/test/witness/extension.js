// Writes down what VS Code shows of the fixture, then takes the action that suppresses.

const fs = require("node:fs");
const path = require("node:path");
const vscode = require("vscode");

const pause = (time) => new Promise((resolve) => setTimeout(resolve, time));

async function until(what, condition) {
  for (let n = 0; n < 600; n++) {
    const result = await condition();
    if (result) return result;
    await pause(100);
  }
  throw new Error(`waited in vain for ${what}`);
}

async function witness(folder) {
  const say = (name, text) => fs.writeFileSync(path.join(folder, name), text);
  const root = vscode.workspace.workspaceFolders[0].uri;
  const of = (uri) => vscode.languages.getDiagnostics(uri).filter((it) => it.source === "leaklint");
  const told = [];
  for (const name of ["feed.js", "server.js"]) {
    const uri = vscode.Uri.joinPath(root, name);
    await vscode.window.showTextDocument(uri, { preview: false });
    for (const it of await until(`findings in ${name}`, () => of(uri).length > 0 && of(uri))) {
      const { line, character } = it.range.start;
      told.push(`${name}:${line + 1}:${character + 1} ${it.code.value}`);
      if (!it.relatedInformation?.length) throw new Error(`${name}: a finding without its story`);
    }
  }
  say("shown", "");
  await until("the picture", () => fs.existsSync(path.join(folder, "seen")));

  const uri = vscode.Uri.joinPath(root, "feed.js");
  const range = of(uri)[0].range;
  const actions = await vscode.commands.executeCommand("vscode.executeCodeActionProvider", uri, range);
  const titles = actions.map((it) => it.title);
  if (!titles.some((it) => it.endsWith("with a reason..."))) throw new Error(`no question for a reason: ${titles}`);
  const action = actions.find((it) => it.title === "Suppress timer-not-cleared on this line");
  if (!action) throw new Error(`no action that suppresses: ${titles}`);
  await vscode.workspace.applyEdit(action.edit);
  await until("the finding to go", () => of(uri).length === 0);
  const document = await vscode.workspace.openTextDocument(uri);
  const line = document.getText().split("\n").find((it) => it.includes("leaklint-disable"));
  const hovers = await vscode.commands.executeCommand("vscode.executeHoverProvider", uri, new vscode.Position(1, 36));
  const texts = hovers.flatMap((it) => it.contents).map((it) => it.value);
  if (!texts.some((it) => it.includes("timer-not-cleared"))) throw new Error(`no hover on the comment: ${texts}`);
  await vscode.commands.executeCommand("leaklint.explainRule", "timer-not-cleared");
  say("told", [...told.sort(), line, ""].join("\n"));
}

/** What is known of the extension, for whoever has to find out why it does not work. */
async function state() {
  const extension = vscode.extensions.getExtension("leaklint.leaklint");
  if (!extension) return "the extension is not there";
  const failure = await extension.activate().then(() => "", String);
  const all = vscode.languages.getDiagnostics().flatMap(([uri, list]) => list.map((it) => `${uri.path} ${it.source} ${it.message}`));
  return [`active: ${extension.isActive} ${failure}`, ...all].join("\n");
}

exports.activate = () => {
  const folder = process.env.LEAKLINT_WITNESS;
  witness(folder).catch(async (error) => fs.writeFileSync(path.join(folder, "failed"), `${error}\n${await state()}`));
};
