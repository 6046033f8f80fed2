// leaklint in VS Code: finds the program, runs its language server, shows how it is.

import { execFile } from "node:child_process";
import * as path from "node:path";
import * as vscode from "vscode";
import { LanguageClient, type LanguageClientOptions, type Middleware } from "vscode-languageclient/node";
import { find, type Found } from "./binary";

const LANGUAGES = ["javascript", "javascriptreact", "typescript", "typescriptreact"];
const SELECTOR = LANGUAGES.flatMap((language) => [
  { language, scheme: "file" },
  { language, scheme: "untitled" },
]);
/** What the server puts where a reason should be. */
const PLACEHOLDER = "TODO: say why";

let session: Session | undefined;

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  session = new Session(context);
  await session.start();
}

export async function deactivate(): Promise<void> {
  await session?.stop();
}

class Session {
  private readonly output = vscode.window.createOutputChannel("leaklint", { log: true });
  private readonly status = vscode.languages.createLanguageStatusItem("leaklint", SELECTOR);
  private client: LanguageClient | undefined;
  private found: Found | undefined;
  private version = "";
  private watcher: vscode.FileSystemWatcher | undefined;

  constructor(private readonly context: vscode.ExtensionContext) {
    this.status.name = "leaklint";
    this.status.command = { command: "leaklint.showOutput", title: "Show the log" };
    const command = (name: string, run: (...args: never[]) => unknown) => vscode.commands.registerCommand(name, run);
    context.subscriptions.push(
      this.output,
      this.status,
      command("leaklint.restart", () => this.restart()),
      command("leaklint.showOutput", () => this.output.show()),
      command("leaklint.explainRule", (rule?: string) => this.explain(rule)),
      command("leaklint.suppressWithReason", (edit: vscode.WorkspaceEdit) => this.suppress(edit)),
      command("leaklint.toggle", () => this.toggle()),
      command("leaklint.showVersion", () => this.showVersion()),
      vscode.workspace.registerTextDocumentContentProvider("leaklint", {
        provideTextDocumentContent: (uri) => this.page(path.posix.basename(uri.path, ".md")),
      }),
      vscode.workspace.onDidGrantWorkspaceTrust(() => this.restart()),
      vscode.workspace.onDidChangeConfiguration((change) => {
        if (change.affectsConfiguration("leaklint.path")) void this.restart();
      }),
    );
  }

  async start(): Promise<void> {
    const isTrusted = vscode.workspace.isTrusted;
    const folders = (vscode.workspace.workspaceFolders ?? []).map((it) => it.uri.fsPath);
    const active = vscode.window.activeTextEditor?.document.uri;
    const near = active?.scheme === "file" ? [path.dirname(active.fsPath)] : [];
    const result = find({
      setting: vscode.workspace.getConfiguration("leaklint").get("path", ""),
      folders: isTrusted ? [...near, ...folders] : [],
      base: folders[0],
      extension: this.context.extensionPath,
    });
    if (Array.isArray(result)) {
      this.tell("not found", vscode.LanguageStatusSeverity.Error);
      this.output.error(`there is no leaklint; looked for\n  ${result.join("\n  ")}`);
      this.output.error("install it (`npm install --save-dev leaklint`), or name it in the setting `leaklint.path`");
      return;
    }
    this.found = result;
    this.version = await version(result.path);
    this.output.info(`leaklint ${this.version} from ${result.how}: ${result.path}`);
    this.client = this.connect(result, isTrusted, folders[0]);
    this.watch(result);
    try {
      await this.client.start();
      this.tell(this.version, vscode.LanguageStatusSeverity.Information);
    } catch (error) {
      this.tell("failed", vscode.LanguageStatusSeverity.Error);
      this.output.error(`${result.path} could not be started: ${String(error)}`);
    }
  }

  private connect(found: Found, isTrusted: boolean, folder: string | undefined): LanguageClient {
    const options: LanguageClientOptions = {
      documentSelector: SELECTOR,
      outputChannel: this.output,
      initializationOptions: { trusted: isTrusted },
      middleware: this.middleware(),
      diagnosticPullOptions: { onChange: true, onSave: true },
    };
    const run = { command: found.path, args: ["lsp"], options: folder === undefined ? {} : { cwd: folder } };
    return new LanguageClient("leaklint", "leaklint", run, options);
  }

  private middleware(): Middleware {
    return {
      provideCodeActions: async (document, range, context, token, next) => {
        const actions = (await next(document, range, context, token)) ?? [];
        return actions.flatMap((it): (vscode.CodeAction | vscode.Command)[] => (it instanceof vscode.CodeAction ? [...withReason(it), it] : [it]));
      },
      executeCommand: (command, args, next) => {
        // The page is at hand: no browser is needed.
        if (command === "leaklint.server.explain") return this.explain(args[0] as string);
        return next(command, args);
      },
    };
  }

  async stop(): Promise<void> {
    this.watcher?.dispose();
    const client = this.client;
    this.client = undefined;
    await client?.dispose();
  }

  private async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  /** A program that is replaced, by an update say, is started anew. */
  private watch(found: Found): void {
    const pattern = new vscode.RelativePattern(vscode.Uri.file(path.dirname(found.path)), path.basename(found.path));
    this.watcher = vscode.workspace.createFileSystemWatcher(pattern);
    let timer: NodeJS.Timeout | undefined;
    const again = () => {
      clearTimeout(timer);
      timer = setTimeout(() => void this.restart(), 1000);
    };
    this.watcher.onDidChange(again);
    this.watcher.onDidCreate(again);
  }

  private tell(text: string, severity: vscode.LanguageStatusSeverity): void {
    this.status.text = `leaklint ${text}`;
    this.status.detail = this.found === undefined ? "see the log" : `${this.found.path} (${this.found.how})`;
    this.status.severity = severity;
  }

  private async page(rule: string): Promise<string> {
    const answer = await this.client?.sendRequest<{ markdown: string }>("leaklint/page", { rule });
    return answer?.markdown ?? `leaklint is not running, and knows nothing about ${rule}.`;
  }

  private async explain(rule?: string): Promise<void> {
    const chosen = rule ?? (await vscode.window.showInputBox({ prompt: "Which rule?", placeHolder: "timer-not-cleared" }));
    if (!chosen) return;
    const uri = vscode.Uri.from({ scheme: "leaklint", path: `/${chosen}.md` });
    await vscode.commands.executeCommand("markdown.showPreview", uri);
  }

  /** Asks for the reason, and applies the edit with it. */
  private async suppress(edit: vscode.WorkspaceEdit): Promise<void> {
    const reason = await vscode.window.showInputBox({
      prompt: "Why is this no leak, or one that may stay?",
      validateInput: (text) => (text.includes("*/") ? "This would end the comment." : undefined),
    });
    if (!reason?.trim()) return;
    const whole = new vscode.WorkspaceEdit();
    for (const [uri, edits] of edit.entries()) {
      const said = edits.map((it) => new vscode.TextEdit(it.range, it.newText.replace(PLACEHOLDER, () => reason.trim())));
      whole.set(uri, said);
    }
    await vscode.workspace.applyEdit(whole);
  }

  private async toggle(): Promise<void> {
    const settings = vscode.workspace.getConfiguration("leaklint");
    await settings.update("enable", !settings.get("enable", true), vscode.ConfigurationTarget.Workspace);
  }

  private showVersion(): void {
    const said = this.found ? `leaklint ${this.version} from ${this.found.how}: ${this.found.path}` : "leaklint was not found; see the log";
    void vscode.window.showInformationMessage(said);
  }
}

/** The same action, with a question for the reason; nothing for one that suppresses nothing. */
function withReason(action: vscode.CodeAction): vscode.CodeAction[] {
  const edits = action.edit?.entries().flatMap(([, edits]) => edits) ?? [];
  if (!edits.some((it) => it.newText.includes(PLACEHOLDER))) return [];
  const asking = new vscode.CodeAction(`${action.title}, with a reason...`, vscode.CodeActionKind.QuickFix);
  if (action.diagnostics) asking.diagnostics = action.diagnostics;
  asking.command = { command: "leaklint.suppressWithReason", title: asking.title, arguments: [action.edit] };
  return [asking];
}

function version(program: string): Promise<string> {
  return new Promise((resolve) => {
    execFile(program, ["--version"], { timeout: 5000 }, (error, stdout) => {
      resolve(error ? "of unknown version" : stdout.trim().replace(/^leaklint /, ""));
    });
  });
}
