/** The parts put together, and a handler for each command. */

import { Uri, commands, window, workspace, type ExtensionContext, type TextEditor } from 'vscode';

import { Ask, argumentFor, scopeOf } from './ask';
import { Edits } from './edits';
import { Failures, whatWorks } from './failures';
import { FirstRun } from './firstRun';
import { Ghosts } from './ghosts';
import { History } from './history';
import { Keys } from './keys';
import { Previews } from './previews';
import { serverCommand, type Anyway, type ApplyMode, type EditArgument } from './protocol';
import { Report } from './report';
import { Review } from './review';
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
  const firstRun: FirstRun = new FirstRun(context.secrets, context.globalState, walkthrough, () => server);
  const server = new Server({
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
  const review = new Review(server);
  const keys = new Keys(context);
  const edits: Edits = new Edits(server, {
    ghosts,
    previews,
    review,
    status,
    firstRun,
    failures: new Failures(log),
    askAgain: (argument) => askAgain(argument),
  });
  const report = new Report(server);
  const history = new History(context.workspaceState);
  const ask = new Ask(history, () => server.ready(), keys);

  const edit = async (given: AskArguments = {}) => {
    const editor = window.activeTextEditor;
    if (editor === undefined) {
      void window.showInformationMessage('Open the file that is to be edited first.');
      return;
    }
    const mode = given.mode ?? setting<ApplyMode>('mode', 'review');
    const argument = given.instruction
      ? argumentFor(editor, given.instruction, given.scope ?? scopeOf(editor), mode)
      : await ask.argument(editor, mode);
    if (argument !== undefined) await edits.run(argument);
  };
  /** Ask in the document of an edit that was not made, with its instruction there to be changed. */
  const askAgain = async ({ uri, instruction, mode }: EditArgument) => {
    const editor = await window.showTextDocument(Uri.parse(uri));
    const argument = await ask.argument(editor, mode ?? 'review', instruction);
    if (argument !== undefined) await edits.run(argument);
  };
  const here = (work: (editor: TextEditor) => unknown) => async () => {
    const editor = window.activeTextEditor;
    if (editor !== undefined) await work(editor);
  };
  /** A command that needs the server and changes nothing without it. */
  const helped = (work: () => Promise<void>) => async () => {
    try {
      await work();
    } catch (error) {
      if (!(await firstRun.explained(error))) throw error;
    }
  };

  const handlers: Record<string, (given?: AskArguments) => unknown> = {
    'editsvc.ask': edit,
    'editsvc.nextScope': () => ask.nextScope(),
    'editsvc.earlierInstruction': () => ask.earlier(),
    'editsvc.laterInstruction': () => ask.later(),
    'editsvc.showHistory': () => ask.choose('history'),
    'editsvc.showPresets': () => ask.choose('presets'),
    'editsvc.stop': () => edits.cancel(),
    'editsvc.nextHunk': here((editor) => review.go(editor, 1)),
    'editsvc.previousHunk': here((editor) => review.go(editor, -1)),
    'editsvc.accept': here((editor) => review.decideHere(editor, serverCommand.acceptHunk)),
    'editsvc.reject': here((editor) => review.decideHere(editor, serverCommand.rejectHunk)),
    'editsvc.acceptAll': here((editor) => review.decideAll(editor, serverCommand.acceptEdit)),
    'editsvc.rejectAll': here((editor) => review.decideAll(editor, serverCommand.rejectEdit)),
    'editsvc.rejectUnasked': here((editor) => review.rejectUnexplained(editor)),
    'editsvc.compare': here((editor) => previews.compare(review.textBefore(editor), editor.document.uri)),
    'editsvc.applyPreview': () => previews.decide(serverCommand.acceptEdit),
    'editsvc.dropPreview': () => previews.decide(serverCommand.rejectEdit),
    'editsvc.showReport': helped(() => report.show()),
    'editsvc.showLog': () => log.show(),
    'editsvc.setApiKey': () => firstRun.setKey(),
    [whatWorks]: () =>
      commands.executeCommand('markdown.showPreview', Uri.joinPath(context.extensionUri, 'media', 'offline.md')),
    'editsvc.copyInstall': () => firstRun.copyInstall(),
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
    review,
    edits,
    report,
    server,
    ...Object.entries(handlers).map(([name, handler]) => commands.registerCommand(name, handler)),
    workspace.onDidGrantWorkspaceTrust(() => server.configure()),
    workspace.onDidChangeConfiguration(async (event) => {
      if (event.affectsConfiguration('editsvc.server.path')) await server.restart();
    }),
  );
  server.startIfFound();
}
