/** The language server that the extension brings along: offered, installed, kept up to date, removed. */

import {
  ConfigurationTarget,
  ProgressLocation,
  commands,
  window,
  workspace,
  type Disposable,
  type ExtensionContext,
  type LogOutputChannel,
} from 'vscode';

import { changedAt, findServer, type Found, type PassedOver } from './find';
import { readBundle, type Bundle } from './install/bundle';
import { InstallCancelled, InstallFailed, type Remedy } from './install/failures';
import { cleaned, install } from './install/install';
import { isInside, thisMachine } from './install/machine';
import { pythonOf, startServer } from './install/plan';
import { run } from './install/run';
import { installed, using, type Installed } from './install/storage';
import type { Server } from './server';

const passedOver = 'editsvc.passedOver';
const settledFor = 'editsvc.otherVersionAccepted';
const failedUpdate = 'editsvc.failedUpdate';
const updateAgainMs = 24 * 60 * 60_000;

const showLog = 'Show log';
const tryAgain = 'Try again';
const choosePython = 'Choose Python…';
const openGuide = 'Open the guide';
const setPath = 'Set its path';
const openSetting = 'Open the setting';
const notNow = 'Not now';

interface FailedUpdate {
  readonly id: string;
  readonly at: number;
}

export class Bring implements Disposable {
  private readonly root: string;
  private readonly bundle: Bundle | undefined;
  private readonly calledOff = new AbortController();
  private running: Promise<Installed | undefined> | undefined;
  private release: () => Promise<void> = async () => undefined;

  constructor(
    private readonly context: ExtensionContext,
    private readonly log: LogOutputChannel,
    private readonly server: () => Server,
    private readonly guide: () => Promise<void>,
  ) {
    this.root = context.globalStorageUri.fsPath;
    this.bundle = readBundle(context.asAbsolutePath('server'));
  }

  /** The server to start; undefined if there is none. */
  readonly find = (): Found | undefined => {
    const own = this.own();
    return findServer({
      configured: configured('server.path'),
      path: process.env['PATH'] ?? '',
      passedOver: this.context.globalState.get<PassedOver>(passedOver),
      own: own && { command: own.python, args: ['-I', '-X', 'utf8', '-c', startServer] },
    });
  };

  /** Whether there is no server, and the user has not said where one is: that an edit tells when it is asked for. */
  get isWanted(): boolean {
    return !configured('server.path') && this.find() === undefined;
  }

  /** Whether there is a server; if not, the user is asked once and it is installed. */
  async available(): Promise<boolean> {
    return this.find() !== undefined || this.offer();
  }

  /** Ask whether the server is to be installed, and do so; whether there is one afterwards. */
  async offer(): Promise<boolean> {
    if (this.running) return (await this.running) !== undefined;
    const path = configured('server.path');
    if (path) {
      const words = `editsvc.server.path names ${path}, where the language server was not found.`;
      await this.ask(words, 'error', openSetting, openGuide);
      return false;
    }
    if (this.bundle === undefined) {
      const words = 'editsvc needs its language server, and this build of the extension comes without it.';
      await this.ask(words, 'error', setPath, openGuide);
      return false;
    }
    if (!this.trusted()) return false;
    const source = this.bundle.wheels ? 'from what came along with it' : 'from your package index';
    const words =
      `editsvc needs its language server, a Python program, and did not find it. Install it into the extension’s ` +
      `own folder (about ${megabytes(this.bundle.bytes)}, ${source})?`;
    const chosen = await this.ask(words, 'information', 'Install', setPath, openGuide);
    return chosen === 'Install' && (await this.install(false)) !== undefined;
  }

  /** Install what came along anew, by the user's wish, and use it. */
  async reinstall(): Promise<void> {
    if (this.bundle === undefined) await this.offer();
    if (this.bundle === undefined || !this.trusted()) return;
    const there = this.find();
    const made = await this.install(this.own()?.id === this.bundle.id);
    if (made === undefined) return;
    if (there?.by === 'setting') {
      const words = 'editsvc.server.path still names another server, which is used before this one.';
      await this.ask(words, 'information', openSetting);
      return;
    }
    if (there?.by === 'path') await this.passOver(there.command);
    await this.server().restart();
  }

  /** Remove all that was installed. */
  async remove(): Promise<void> {
    const [latest] = this.all();
    if (latest === undefined) {
      void window.showInformationMessage('There is no language server that this extension has installed.');
      return;
    }
    await this.server().stop();
    await this.release();
    await cleaned(this.root, [], (line) => this.log.info(line));
    await this.context.globalState.update(passedOver, undefined);
    const left = this.all().length;
    void window.showInformationMessage(
      left
        ? 'Another window runs the language server, which stays until you remove it after closing that window.'
        : 'The language server that this extension had installed is removed.',
    );
    this.server().startIfFound();
  }

  /** Bring the extension's own server up to the extension's version, if that is the one that is used, and clean up. */
  async keepUp(): Promise<void> {
    const { bundle } = this;
    const own = this.own();
    if (bundle !== undefined && own !== undefined && own.id !== bundle.id) await this.update(bundle, own);
    await this.cleanUp();
  }

  /** A server was started: say so if it is not of the extension's version. */
  async started(found: Found, version: string | undefined): Promise<void> {
    if (found.by === 'extension') {
      await this.release();
      const own = this.all().find((one) => one.python === found.command);
      if (own) this.release = await using(this.root, own.folder, process.pid);
      // What ran before may have waited for this one.
      await this.cleanUp();
      return;
    }
    const wanted = this.version;
    if (version === wanted) return;
    const seen = { command: found.command, changedAt: changedAt(found.command), wanted };
    if (same(this.context.globalState.get(settledFor), seen)) return;
    const words =
      `The language server at ${found.command} is ${version ? `editsvc ${version}` : 'of an unknown version'}, and ` +
      `this extension is made for ${wanted}.`;
    const update = older(version, wanted) ? 'Update' : `Use ${wanted}`;
    const buttons = found.by === 'setting' ? [openSetting] : this.bundle ? [update] : [];
    const chosen = await this.ask(words, 'warning', ...buttons, notNow);
    if (chosen === notNow) await this.context.globalState.update(settledFor, seen);
    if (chosen !== update || !this.trusted()) return;
    if (this.own()?.id !== this.bundle?.id && (await this.install(false)) === undefined) return;
    await this.passOver(found.command);
    await this.server().restart();
  }

  /** A server did not start: what may help, with the extension's own. */
  remedy(found: Found): { title: string; act: () => Promise<void> } | undefined {
    if (found.by !== 'extension' || this.bundle === undefined) return undefined;
    return { title: 'Install it again', act: () => this.reinstall() };
  }

  dispose(): void {
    this.calledOff.abort();
    void this.release();
  }

  /** The extension's version, which is its server's. */
  private get version(): string {
    return (this.context.extension.packageJSON as { version: string }).version;
  }

  private all(): Installed[] {
    return installed(this.root, (folder) => pythonOf(thisMachine, folder));
  }

  /** What was installed: of this version, or else the latest. */
  private own(): Installed | undefined {
    const all = this.all();
    return all.find((one) => one.id === this.bundle?.id) ?? all[0];
  }

  private async update(bundle: Bundle, own: Installed): Promise<void> {
    if (this.find()?.by !== 'extension' || !workspace.isTrusted) return;
    const failed = this.context.globalState.get<FailedUpdate>(failedUpdate);
    if (failed?.id === bundle.id && Date.now() - failed.at < updateAgainMs) return;
    this.log.info(`The installed server is ${own.id}; ${bundle.id} came along with the extension.`);
    const made = await this.install(false);
    await this.context.globalState.update(failedUpdate, made ? undefined : { id: bundle.id, at: Date.now() });
    if (made === undefined) return;
    // Whoever has changes open, or is waiting for an edit, decides when.
    if (!this.server().isUsed) await this.server().restart();
    else if (
      await this.ask('The new language server is used from the next start on.', 'information', 'Use it now')
    )
      await this.server().restart();
  }

  private async cleanUp(): Promise<void> {
    const kept = this.own();
    await cleaned(this.root, kept ? [kept.id] : [], (line) => this.log.info(line));
  }

  /** Installations do not run beside each other. */
  private install(again: boolean): Promise<Installed | undefined> {
    this.running ??= this.work(again).finally(() => {
      this.running = undefined;
    });
    return this.running;
  }

  private async work(again: boolean): Promise<Installed | undefined> {
    const before = this.own();
    const title =
      before && !again
        ? 'Updating the language server of editsvc'
        : 'Installing the language server of editsvc';
    const began = Date.now();
    try {
      const made = await window.withProgress(
        { location: ProgressLocation.Notification, title, cancellable: true },
        (progress, token) => {
          const cancelling = new AbortController();
          token.onCancellationRequested(() => cancelling.abort());
          return install({
            machine: thisMachine,
            bundle: this.bundle!,
            root: this.root,
            python: configured('server.python'),
            workspace: folders(),
            network: { proxy: global('proxy'), noProxy: global('noProxy') },
            again,
            run,
            signal: AbortSignal.any([cancelling.signal, this.calledOff.signal]),
            progress: (message) => progress.report({ message }),
            log: (line) => this.log.info(line),
          });
        },
      );
      const from = before && before.id !== made.id ? `, in place of ${before.version}` : '';
      const words =
        `The language server of editsvc ${made.version} is installed${from}: ${megabytes(made.bytes)} in ` +
        `${made.folder}, made with ${made.madeWith} by ${made.by} in ${Math.ceil((Date.now() - began) / 1000)} s.` +
        (made.tested
          ? ''
          : ' Your index did not have the tested versions of all packages; the log names those taken.');
      this.log.info(words);
      void this.ask(words, 'information', showLog);
      return made;
    } catch (error) {
      if (error instanceof InstallCancelled) {
        if (!this.calledOff.signal.aborted)
          void window.showInformationMessage('The installation was cancelled, and nothing was left behind.');
        return undefined;
      }
      const words = error instanceof Error ? error.message : String(error);
      this.log.error(words);
      const kept = before && !again ? ` The language server ${before.version} is used on.` : '';
      void this.failed(`editsvc: ${words}${kept}`, error instanceof InstallFailed ? error.remedy : 'log');
      return undefined;
    }
  }

  private async failed(words: string, remedy: Remedy): Promise<void> {
    const first = { python: [choosePython, tryAgain], network: [tryAgain], log: [tryAgain] }[remedy];
    const chosen = await this.ask(words, 'error', ...first, showLog, openGuide);
    if (chosen === choosePython && !(await this.choosePython())) return;
    if (chosen !== tryAgain && chosen !== choosePython) return;
    if ((await this.install(false)) !== undefined) await this.server().restart();
  }

  private async choosePython(): Promise<boolean> {
    const [file] =
      (await window.showOpenDialog({ title: 'Python 3.11 or later', openLabel: 'Use this Python' })) ?? [];
    if (file === undefined) return false;
    const settings = workspace.getConfiguration('editsvc');
    await settings.update('server.python', file.fsPath, ConfigurationTarget.Global);
    return true;
  }

  private async passOver(command: string): Promise<void> {
    await this.context.globalState.update(passedOver, {
      command,
      changedAt: changedAt(command),
    } satisfies PassedOver);
  }

  /** Whether something may be installed: a workspace that is not trusted must not lead to programs that run. */
  private trusted(): boolean {
    if (workspace.isTrusted) return true;
    const words =
      'editsvc needs its language server, and installs nothing while this workspace is not trusted.';
    void this.ask(words, 'warning', 'Manage trust', setPath);
    return false;
  }

  /** Show a message; what its buttons do that are the same everywhere is done. */
  private async ask(
    words: string,
    kind: 'information' | 'warning' | 'error',
    ...buttons: string[]
  ): Promise<string | undefined> {
    const show = {
      information: window.showInformationMessage,
      warning: window.showWarningMessage,
      error: window.showErrorMessage,
    }[kind];
    const chosen = await show(words, ...buttons);
    if (chosen === showLog) this.log.show();
    if (chosen === openGuide) await this.guide();
    if (chosen === 'Manage trust') await commands.executeCommand('workbench.trust.manage');
    if (chosen === setPath || chosen === openSetting)
      await commands.executeCommand('workbench.action.openSettings', 'editsvc.server.path');
    return chosen;
  }
}

function configured(name: string): string {
  return workspace.getConfiguration('editsvc').get(name, '');
}

/** A setting of the editor about the network, as the user has it: a workspace has no say. */
function global<T>(name: string): T | undefined {
  return workspace.getConfiguration('http').inspect<T>(name)?.globalValue;
}

/** The folders of the workspace, without those that hold the user's home, in which all programs of theirs are. */
function folders(): string[] {
  const paths = (workspace.workspaceFolders ?? [])
    .filter(({ uri }) => uri.scheme === 'file')
    .map(({ uri }) => uri.fsPath);
  return paths.filter((path) => !isInside(thisMachine, thisMachine.home, [path]));
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`;
}

function older(version: string | undefined, wanted: string): boolean {
  const [one, other] = [version ?? '0', wanted].map((text) =>
    text.split('.').map((part) => Number.parseInt(part, 10) || 0),
  );
  for (let index = 0; index < Math.max(one!.length, other!.length); index += 1)
    if ((one![index] ?? 0) !== (other![index] ?? 0)) return (one![index] ?? 0) < (other![index] ?? 0);
  return false;
}

function same(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
