/** The parts put together, and a handler for each command. */

import { Uri, commands, window, workspace, type ExtensionContext, type TextEditor } from 'vscode';

import { Ask, argumentFor, scopeOf } from './ask';
import { Bring } from './bring';
import { Edits } from './edits';
import { Failures, whatWorks } from './failures';
import { FirstRun } from './firstRun';
import { Ghosts } from './ghosts';
import { History } from './history';
import { Keys } from './keys';
import { Lenses } from './lenses';
import { Marks } from './marks';
import { OpenHunks } from './openHunks';
import { Previews } from './previews';
import { InPlaceProgress } from './progress';
import { serverCommand, type Anyway, type ApplyMode, type EditArgument } from './protocol';
import { Report } from './report';
import { Questions } from './questions';
import { Review } from './review';
import { ReviewTab, documentOf } from './reviewTab';
import type { Scope } from './scopes';
import { Server } from './server';
import { serverSettings, setting } from './settings';
import { StatusItem } from './status';

/** What a keybinding may pass to `editsvc.ask`; with an instruction nothing is asked. */
interface AskArguments {
  readonly instruction?: string;
  readonly scope?: Scope;
  readonly mode?: ApplyMode;
}

/** The argument of a command that is run for nothing but to be known. */
const getReady = 'get ready';

const deciding: readonly string[] = [
  serverCommand.acceptHunk,
  serverCommand.rejectHunk,
  serverCommand.acceptEdit,
  serverCommand.rejectEdit,
  serverCommand.rejectUnexplained,
];

export function activate(context: ExtensionContext): void {
  const log = window.createOutputChannel('editsvc', { log: true });
  const walkthrough = `${context.extension.id}#editsvc.start`;
  const questions = new Questions();
  const firstRun: FirstRun = new FirstRun(context.secrets, context.globalState, walkthrough, questions, () => server, () =>
    bring.offer(),
  );
  const bring: Bring = new Bring(context, log, () => server, () => firstRun.guide());
  const server = new Server({
    find: bring.find,
    started: (found, version) => bring.started(found, version),
    remedy: (found) => bring.remedy(found),
    log,
    settings: serverSettings(context.extension.packageJSON),
    apiKey: firstRun.apiKey,
    executeCommand: (command, argumentsOf, next) => {
      // With `notify` the server would tell how it ended, and so does the extension. A workspace's tasks can run
      // commands with arguments of their own, so what a refusal may be overcome with comes from its button alone.
      const { notify, allow, allowPath, retry, ...argument } = (argumentsOf[0] ?? {}) as Anyway & { notify?: boolean };
      if (command === serverCommand.edit) return edits.run(argument as EditArgument);
      if (deciding.includes(command)) return review.decide(command, argument);
      return next(command, argumentsOf);
    },
  });
  const status = new StatusItem('editsvc.showReport');
  const ghosts = new Ghosts();
  const previews = new Previews(server);
  const keys = new Keys(context);
  const hunks = new OpenHunks(server);
  const marks = new Marks(hunks);
  const lenses = new Lenses(hunks, keys);
  const tab = new ReviewTab(hunks);
  const review = new Review(server, hunks, tab, questions);
  const progress = new InPlaceProgress(keys);
  const edits: Edits = new Edits(server, {
    ghosts,
    previews,
    progress,
    review,
    status,
    firstRun,
    failures: new Failures(log),
    askAgain: (argument) => askAgain(argument),
  });
  const report = new Report(server);
  const history = new History(context.workspaceState);
  const ask = new Ask(history, () => server.ready(), keys, questions);

  const edit = async (given: AskArguments = {}) => {
    const editor = window.activeTextEditor;
    if (editor === undefined) {
      void window.showInformationMessage('Open the file that is to be edited first.');
      return;
    }
    if (!(await readyFor(editor, given))) return;
    const mode = given.mode ?? setting<ApplyMode>('mode', 'review');
    const argument = given.instruction
      ? argumentFor(editor, given.instruction, given.scope ?? scopeOf(editor), mode)
      : await ask.argument(editor, mode);
    if (argument !== undefined) await edits.run(argument);
  };
  /** Whether there is a server, and the editor is as it was before one was installed: no keys are meant for an input. */
  const readyFor = async (editor: TextEditor, given: AskArguments) => {
    if (!bring.isWanted) return true;
    const { document, selection } = editor;
    const { version } = document;
    if (!(await bring.available())) return false;
    if (window.activeTextEditor === editor && document.version === version && editor.selection.isEqual(selection))
      return true;
    const again = 'Edit by instruction';
    if ((await window.showInformationMessage('The language server is ready for your edit.', again)) === again)
      void commands.executeCommand('editsvc.ask', given);
    return false;
  };
  /** Ask in the document of an edit that was not made, with its instruction there to be changed. */
  const askAgain = async ({ uri, instruction, mode }: EditArgument) => {
    const editor = await window.showTextDocument(Uri.parse(uri));
    const argument = await ask.argument(editor, mode ?? 'review', instruction);
    if (argument !== undefined) await edits.run(argument);
  };
  /** A command that needs the server and changes nothing without it. */
  const helped = (work: () => Promise<void>) => async () => {
    try {
      await work();
    } catch (error) {
      if (!(await firstRun.explained(error))) throw error;
    }
  };

  const handlers: Record<string, (...given: never[]) => unknown> = {
    'editsvc.ask': edit,
    'editsvc.nextScope': () => ask.nextScope(),
    'editsvc.earlierInstruction': () => ask.earlier(),
    'editsvc.laterInstruction': () => ask.later(),
    'editsvc.showHistory': () => ask.choose('history'),
    'editsvc.showPresets': () => ask.choose('presets'),
    'editsvc.stop': () => edits.cancel(),
    'editsvc.nextHunk': (file?: unknown, from?: number) => review.go(1, false, fileOf(file), from),
    'editsvc.previousHunk': () => review.go(-1),
    'editsvc.accept': (given?: unknown) => given !== getReady && review.decideHere(serverCommand.acceptHunk),
    'editsvc.reject': (given?: unknown) => given !== getReady && review.decideHere(serverCommand.rejectHunk),
    'editsvc.acceptAll': (file?: unknown) => review.decideAll(serverCommand.acceptEdit, fileOf(file)),
    'editsvc.rejectAll': (file?: unknown) => review.decideAll(serverCommand.rejectEdit, fileOf(file)),
    'editsvc.rejectUnasked': (file?: unknown) => review.rejectUnexplained(fileOf(file)),
    'editsvc.compare': (file?: unknown, line?: number) => review.open(fileOf(file), line),
    'editsvc.applyPreview': () => previews.decide(serverCommand.acceptEdit),
    'editsvc.dropPreview': () => previews.decide(serverCommand.rejectEdit),
    'editsvc.showReport': helped(() => report.show()),
    'editsvc.showLog': () => log.show(),
    'editsvc.setApiKey': () => firstRun.setKey(),
    [whatWorks]: () =>
      commands.executeCommand('markdown.showPreview', Uri.joinPath(context.extensionUri, 'media', 'offline.md')),
    'editsvc.installServer': () => bring.reinstall(),
    'editsvc.removeServer': () => bring.remove(),
    'editsvc.restart': helped(async () => {
      await server.restart();
      await server.ready();
    }),
  };
  context.subscriptions.push(
    log,
    ask,
    status,
    ghosts,
    previews,
    keys,
    hunks,
    marks,
    lenses,
    tab,
    review,
    progress,
    edits,
    report,
    server,
    bring,
    ...Object.entries(handlers).map(([name, handler]) => commands.registerCommand(name, handler)),
    workspace.onDidGrantWorkspaceTrust(async () => {
      await server.configure();
      await bring.keepUp();
    }),
    workspace.onDidChangeConfiguration(async (event) => {
      if (event.affectsConfiguration('editsvc.server.path')) await server.restart();
    }),
  );
  // The first time that a window runs a command it asks whether the extension is there, and later commands overtake it.
  // Of decisions none may, so the two are known to the window from the start.
  const decisions = ['editsvc.accept', 'editsvc.reject'].map((command) => ({ command, args: getReady }));
  void commands.executeCommand('runCommands', { commands: decisions });
  server.startIfFound();
  bring.keepUp().catch((error: unknown) => log.warn(String(error)));
}

/** The document that a menu or a lens names; undefined if it is the one in front, as it is for a key. */
function fileOf(given: unknown): Uri | undefined {
  return given instanceof Uri ? documentOf(given) : undefined;
}
