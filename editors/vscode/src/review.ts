/** Going through open hunks: found, shown, accepted, rejected, counted. */

import {
  Range,
  Selection,
  StatusBarAlignment,
  TabInputTextDiff,
  TextEditorRevealType,
  Uri,
  commands,
  window,
  type Disposable,
  type TabInputText,
  type TextDocument,
  type TextEditor,
} from 'vscode';
import { ExecuteCommandRequest } from 'vscode-languageclient/node';

import { covers, lastLine, linesOf } from './hunks';
import type { OpenHunks } from './openHunks';
import { serverCommand, type DecisionAnswer, type Hunk } from './protocol';
import type { Questions } from './questions';
import { documentOf, type ReviewTab } from './reviewTab';
import type { Server } from './server';
import { setting } from './settings';
import { Turns } from './turns';

/** When the review opens by itself. */
type OpenReview = 'linesRemoved' | 'always' | 'never';

export class Review implements Disposable {
  private readonly count = window.createStatusBarItem('editsvc.open', StatusBarAlignment.Right, 101);
  private readonly listeners: readonly Disposable[];
  private readonly turns = new Turns();

  constructor(
    private readonly server: Server,
    private readonly hunks: OpenHunks,
    private readonly tab: ReviewTab,
    private readonly questions: Questions,
  ) {
    this.count.name = 'editsvc: open changes';
    this.count.command = 'editsvc.nextHunk';
    this.listeners = [
      hunks.onDidChange(() => this.tell()),
      window.onDidChangeActiveTextEditor(() => this.tell()),
      window.onDidChangeTextEditorVisibleRanges(() => this.tell()),
      window.tabGroups.onDidChangeTabs(() => this.tell()),
    ];
  }

  /**
   * Run one of the server's commands that decide on hunks.
   *
   * One after the other: of two that were asked for at once, the second is about what the first has left.
   */
  decide(command: string, argument: { readonly editId?: string; readonly hunkId?: number }): Promise<void> {
    return this.turns.after(() => this.decided(command, argument));
  }

  /** Accept or reject the hunk that the cursor is on, and go on to the next; with none there, only go to the next. */
  decideHere(command: string): Promise<void> {
    return this.turns.after(async () => {
      const file = reviewed();
      const editor = file && editorOf(file);
      if (editor === undefined) return this.go(1);
      const { line } = editor.selection.active;
      const here = this.hunks.of(editor.document.uri).find(({ hunk }) => covers(hunk.range, line));
      if (here === undefined) return this.go(1);
      await this.decided(command, { editId: here.editId, hunkId: here.hunk.id });
      if (this.hunks.of(editor.document.uri).length > 0) await this.go(1, true);
    });
  }

  /** Accept or reject everything that is open in a document, by default the one in front. */
  decideAll(command: string, file = reviewed()): Promise<void> {
    return this.turns.after(async () => {
      if (file === undefined) return;
      const editIds = new Set(this.hunks.of(file).map(({ editId }) => editId));
      // The edit that came last lies on top, and is taken back first.
      for (const editId of [...editIds].reverse()) await this.decided(command, { editId });
    });
  }

  /** Take back everything open in a document that its instruction does not explain. */
  rejectUnexplained(file = reviewed()): Promise<void> {
    return this.turns.after(async () => {
      const open = file === undefined ? [] : this.hunks.of(file).filter(({ hunk }) => hunk.mark === 'unexplained');
      const editIds = new Set(open.map(({ editId }) => editId));
      if (editIds.size === 0) {
        window.setStatusBarMessage('Every open change was asked for, as far as is known.', 5000);
        return;
      }
      for (const editId of [...editIds].reverse())
        await this.decided(serverCommand.rejectUnexplained, { editId });
    });
  }

  /**
   * Go to the next open hunk (`step` 1) or to the one before (-1), round the end of the document; from a document that
   * has none, to another that has. `here` takes a hunk that the cursor is on already.
   */
  async go(step: 1 | -1, here = false, file = reviewed(), from?: number): Promise<void> {
    const [other] = this.elsewhere(file);
    const place = file !== undefined && this.hunks.of(file).length > 0 ? file : other && Uri.parse(other);
    if (!place) return;
    const editor = editorOf(place) ?? (await window.showTextDocument(place, { preview: false }));
    const lines = this.hunks.of(place).map(({ hunk }) => hunk.range.start.line);
    const line = from ?? editor.selection.active.line;
    const next = (one: number) => (here ? one >= line : one > line);
    const found = step > 0 ? (lines.find(next) ?? lines[0]) : (lines.findLast((one) => one < line) ?? lines.at(-1));
    if (found !== undefined) show(editor, found);
  }

  /** Open the review of a document, at a line of it. */
  async open(file = reviewed(), line?: number): Promise<void> {
    if (file === undefined || this.hunks.of(file).length === 0) return;
    const [first] = this.hunks.of(file);
    await this.tab.open(file, line ?? editorOf(file)?.selection.active.line ?? first!.hunk.range.start.line);
  }

  /** An edit has arrived, with these open hunks. Whoever is in another document is told by the status bar only. */
  async landed(document: TextDocument, hunks: readonly Hunk[]): Promise<void> {
    // What is being typed into an input must not end in the document.
    await this.questions.over();
    const editor = window.activeTextEditor;
    const [first] = hunks;
    if (first === undefined || editor?.document !== document) return;
    const when = setting<OpenReview>('openReview', 'linesRemoved');
    const hides = hunks.some(({ oldText }) => linesOf(oldText).length > 1);
    if (when === 'always' || (when === 'linesRemoved' && hides)) await this.open(document.uri, first.range.start.line);
    else if (!hunks.some((hunk) => isOnScreen(editor, hunk.range.start.line, lastLine(hunk.range))))
      show(editor, first.range.start.line);
  }

  dispose(): void {
    for (const one of [...this.listeners, this.count]) one.dispose();
  }

  private async decided(
    command: string,
    argument: { readonly editId?: string; readonly hunkId?: number },
  ): Promise<void> {
    const client = await this.server.ready();
    // What became of the hunks comes before the answer, in `editsvc/hunks`.
    const decision: DecisionAnswer = await client.sendRequest(ExecuteCommandRequest.type, {
      command,
      arguments: [argument],
    });
    if (decision.status !== 'changed') void window.showWarningMessage(`editsvc: ${decision.message}`);
  }

  /** The documents with open hunks that are in a tab, other than `file`. */
  private elsewhere(file: Uri | undefined): readonly string[] {
    const shown = window.tabGroups.all
      .flatMap((group) => group.tabs)
      .map(({ input }) => (input instanceof TabInputTextDiff ? input.modified : (input as TabInputText | undefined)?.uri))
      .map(String);
    return this.hunks.documents.filter((uri) => uri !== file?.toString() && shown.includes(uri));
  }

  /** Say in the status bar how many changes are open, and where, if none of them is on the screen. */
  private tell(): void {
    const file = reviewed();
    const open = file === undefined ? [] : this.hunks.of(file);
    void commands.executeCommand('setContext', 'editsvc.hunksOpen', open.length > 0);
    const others = this.elsewhere(file).length;
    void commands.executeCommand('setContext', 'editsvc.hunksOpenAnywhere', open.length + others > 0);
    const elsewhere = others > 0 ? `${others} other ${others === 1 ? 'file' : 'files'}` : '';
    if (open.length === 0) {
      if (elsewhere) this.show(`$(diff) changes open in ${elsewhere}`, 'Go to the open changes');
      else this.count.hide();
      return;
    }
    const total = this.hunks.total(file!);
    const editor = editorOf(file!);
    const hidden = editor && !open.some(({ hunk }) => isOnScreen(editor, hunk.range.start.line, lastLine(hunk.range)));
    const place = hidden ? ` · line ${open[0]!.hunk.range.start.line + 1}` : '';
    const count = open.length === total ? `${total}` : `${open.length} of ${total}`;
    const words = `${count} ${total === 1 ? 'change' : 'changes'} open`;
    this.show(
      `$(diff) ${words}${place}`,
      `${words} in this file${elsewhere ? `, and some in ${elsewhere}` : ''}. Go to the next.`,
    );
  }

  private show(text: string, tooltip: string): void {
    this.count.text = text;
    this.count.tooltip = tooltip;
    this.count.show();
  }
}

/** The document in front, whichever side of a diff editor has the focus. */
function reviewed(): Uri | undefined {
  const editor = window.activeTextEditor;
  return editor && documentOf(editor.document.uri);
}

/** The editor that shows a document: the one with the focus, if it does. */
function editorOf(file: Uri): TextEditor | undefined {
  const shows = (editor: TextEditor) => editor.document.uri.toString() === file.toString();
  const active = window.activeTextEditor;
  return active && shows(active) ? active : window.visibleTextEditors.find(shows);
}

function isOnScreen(editor: TextEditor, first: number, last: number): boolean {
  return editor.visibleRanges.some(({ start, end }) => first <= end.line && start.line <= last);
}

function show(editor: TextEditor, line: number): void {
  const place = new Range(line, 0, line, 0);
  editor.selection = new Selection(place.start, place.end);
  editor.revealRange(place, TextEditorRevealType.InCenterIfOutsideViewport);
}
