/** One edit from the instruction to its end: asked for, followed, cancelled, told. */

import {
  CancellationTokenSource,
  commands,
  window,
  workspace,
  type Disposable,
} from 'vscode';
import {
  ErrorCodes,
  ExecuteCommandRequest,
  ResponseError,
  WorkDoneProgress,
  WorkDoneProgressCancelNotification,
} from 'vscode-languageclient/node';

import { openDocument } from './documents';
import { unanswered, type Acts, type Failures } from './failures';
import type { FirstRun } from './firstRun';
import type { Ghosts } from './ghosts';
import type { Previews } from './previews';
import { carried, compose, lineChange, type LineChange } from './hunks';
import { serverCommand, type EditAnswer, type EditArgument, type OfferedRemedy, type StreamParams } from './protocol';
import type { InPlaceProgress } from './progress';
import type { Review } from './review';
import { ServerDown, type Server } from './server';
import type { StatusItem } from './status';

interface Run {
  /** The token of its progress, by which it can be cancelled before the server has named it. */
  readonly token: string;
  readonly argument: EditArgument;
  /** The text that it was asked for, and its version. */
  readonly before: string;
  readonly version: number;
  /** Changes of the document since then. */
  readonly changes: LineChange[];
  readonly cancelling: CancellationTokenSource;
  editId?: string;
}

/** What is told about an edit; the parts of the extension that show something. */
export interface Shown {
  readonly ghosts: Ghosts;
  readonly previews: Previews;
  readonly progress: InPlaceProgress;
  readonly review: Review;
  readonly status: StatusItem;
  readonly firstRun: FirstRun;
  readonly failures: Failures;
  /** Asks for an instruction again, in the place of that of `argument`. */
  readonly askAgain: (argument: EditArgument) => Promise<void>;
}

export class Edits implements Disposable {
  private readonly runs: Run[] = [];
  private readonly listener: Disposable;
  private count = 0;

  constructor(
    private readonly server: Server,
    private readonly shown: Shown,
  ) {
    this.listener = server.onStream((params) => this.streamed(params));
  }

  /** Make an edit and show its outcome; the server's answer, or undefined if there is none. */
  async run(argument: EditArgument): Promise<EditAnswer | undefined> {
    const document = openDocument(argument.uri);
    if (document === undefined) return undefined;
    const run: Run = {
      token: `editsvc-vscode-${(this.count += 1)}`,
      argument,
      before: document.getText(),
      version: document.version,
      changes: [],
      cancelling: new CancellationTokenSource(),
    };
    const following = followed(run);
    this.begin(run);
    try {
      const answer = await this.request(run);
      // The ghosts go before the real text is marked, so that no line is shown twice.
      this.end(run);
      if (answer !== undefined)
        await this.show(run, answer, document.version === run.version ? run.before : document.getText());
      return answer;
    } catch (error) {
      this.end(run);
      await this.explain(run, error);
      return undefined;
    } finally {
      following.dispose();
    }
  }

  /** Cancel the edit that began last. */
  cancel(): void {
    this.runs.at(-1)?.cancelling.cancel();
  }

  dispose(): void {
    this.listener.dispose();
    for (const run of this.runs) run.cancelling.cancel();
  }

  private begin(run: Run): void {
    this.runs.push(run);
    void commands.executeCommand('setContext', 'editsvc.running', true);
    this.shown.status.running('');
    this.shown.progress.begin(run.token, run.argument.uri, placeOf(run.argument));
    if (run.argument.mode !== 'preview') this.shown.ghosts.begin(run.token, run.argument.uri);
  }

  private end(run: Run): void {
    const index = this.runs.indexOf(run);
    if (index < 0) return;
    this.runs.splice(index, 1);
    run.cancelling.dispose();
    this.shown.ghosts.end(run.token);
    this.shown.progress.end(run.token);
    void commands.executeCommand('setContext', 'editsvc.running', this.runs.length > 0);
    if (this.runs.length === 0) this.shown.status.ended();
  }

  /** The answer; undefined if the edit was cancelled before the server was there to hear of it. */
  private async request(run: Run): Promise<EditAnswer | undefined> {
    const client = await this.server.ready();
    const { token } = run.cancelling;
    if (token.isCancellationRequested) return undefined;
    // By its token an edit can be cancelled from its first moment on; its id is not known before it streams.
    token.onCancellationRequested(() => {
      void client.sendNotification(WorkDoneProgressCancelNotification.type, { token: run.token });
    });
    const listening = client.onProgress(WorkDoneProgress.type, run.token, (value) => {
      if (value.kind !== 'report' || value.message === undefined) return;
      this.shown.status.running(value.message);
      this.shown.progress.report(run.token, value.message);
    });
    try {
      return await client.sendRequest(ExecuteCommandRequest.type, {
        command: serverCommand.edit,
        arguments: [run.argument],
        workDoneToken: run.token,
      });
    } finally {
      listening.dispose();
    }
  }

  private streamed(params: StreamParams): void {
    // Edits of one document run one after the other, so a new id is that of the oldest that has none.
    const run =
      this.runs.find((one) => one.editId === params.editId) ??
      this.runs.find((one) => one.editId === undefined && one.argument.uri === params.uri);
    if (run === undefined) return;
    run.editId = params.editId;
    if (run.argument.mode === 'preview')
      this.shown.previews.stream(run.token, run.before, run.argument, params);
    else this.shown.ghosts.add(run.token, params);
  }

  private async show(run: Run, answer: EditAnswer, text: string): Promise<void> {
    const { firstRun, previews, status } = this.shown;
    status.edited(answer);
    if (run.argument.mode === 'preview') await previews.propose(run.token, text, run.argument, answer);
    else if (answer.status === 'changed' || answer.status === 'conflict') await this.landed(run, answer);
    // A refusal says it by itself, and has the same buttons.
    if (answer.offline === true && answer.status !== 'refused') firstRun.offline();
    const message = answer.message || `The edit is ${answer.status}.`;
    switch (answer.status) {
      case 'changed':
        break;
      case 'unchanged':
        void window.showInformationMessage(answer.message || 'There is nothing to change.');
        break;
      case 'cancelled':
        window.setStatusBarMessage(`$(circle-slash) ${message}`, 5000);
        break;
      default:
        void this.fail(run, message, answer.remedies, answer);
    }
  }

  /** Show where an edit that has arrived is; whoever typed meanwhile is left where they are. */
  private async landed(run: Run, answer: EditAnswer): Promise<void> {
    const document = openDocument(run.argument.uri);
    const hunks = answer.hunks.filter(({ state }) => state === 'open');
    if (document === undefined || hunks.length === 0) return;
    const undone = hunks.map(({ range, oldText }) => ({ range, newText: oldText }));
    if (compose(document.getText(), undone) === run.before) await this.shown.review.landed(document, hunks);
  }

  /** Tell that an edit was not made, and do about it what the user wants. */
  private async fail(
    run: Run,
    message: string,
    remedies: readonly OfferedRemedy[],
    answer?: EditAnswer,
  ): Promise<void> {
    const following = followed(run);
    const { failures, firstRun, previews, askAgain } = this.shown;
    const acts: Acts = {
      again: async (more) => {
        following.dispose();
        await this.again(run, more);
      },
      askAgain: () => askAgain(run.argument),
      setKey: () => firstRun.setKey(),
      restart: () => this.server.restart(),
      showDiff: (diff) => previews.showDiff(diff, run.argument.uri),
    };
    try {
      await failures.tell(message, remedies, acts, answer);
    } finally {
      following.dispose();
    }
  }

  /** Make the same edit again, on the text of now; its lines are where they have moved. */
  private async again(run: Run, more: Partial<EditArgument> = {}): Promise<void> {
    const { range, ...argument } = run.argument;
    const wanted = more.scope ? undefined : range;
    const place = wanted && (run.changes.length ? carried(wanted, run.changes) : wanted);
    if (wanted && !place) {
      void window.showWarningMessage('The text to edit has changed since. Ask again.');
      return;
    }
    await this.run({ ...argument, ...(place && { range: place }), ...more });
  }

  private async explain(run: Run, error: unknown): Promise<void> {
    if (error instanceof ServerDown) return;
    // The server has ended with this request unanswered; `Server` tells that itself.
    if (error instanceof ResponseError && error.code === ErrorCodes.PendingResponseRejected) return;
    if (await this.shown.firstRun.explained(error)) return;
    void this.fail(run, error instanceof Error ? error.message : String(error), unanswered);
  }
}

/** Keeps what is changed in the document of `run` until it is disposed of. */
function followed(run: Run): Disposable {
  return workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
    if (document.uri.toString() !== run.argument.uri) return;
    run.changes.push(...contentChanges.map(lineChange));
  });
}

/** The line at which an edit is told: where its lines begin, or else where the cursor is. */
function placeOf({ uri, range }: EditArgument): number {
  const editor = window.visibleTextEditors.find(({ document }) => document.uri.toString() === uri);
  return range?.start.line ?? editor?.selection.active.line ?? 0;
}
