/** Hunks that are in a document and not decided on: drawn where they are, found, accepted, rejected. */

import {
  MarkdownString,
  Range,
  Selection,
  TextEditorRevealType,
  ThemeColor,
  OverviewRulerLane,
  commands,
  window,
  workspace,
  type DecorationOptions,
  type Disposable,
  type TextEditor,
} from 'vscode';
import { ExecuteCommandRequest } from 'vscode-languageclient/node';

import { besideText } from './draw';
import { beside, compose, covers, isEmpty, lastLine, linesOf } from './hunks';
import { serverCommand, type DecisionAnswer, type Hunk } from './protocol';
import type { Server } from './server';

/** How long a message about an older text waits for a newer one, which the server sends if anything has moved. */
const settleMs = 300;

interface OpenEdit {
  readonly uri: string;
  readonly editId: string;
  readonly hunks: readonly Hunk[];
}

interface Found {
  readonly editId: string;
  readonly hunk: Hunk;
}

export class Review implements Disposable {
  private readonly edits = new Map<string, OpenEdit>();
  private readonly waiting = new Map<string, NodeJS.Timeout>();
  private readonly added = window.createTextEditorDecorationType({
    isWholeLine: true,
    backgroundColor: new ThemeColor('diffEditor.insertedLineBackground'),
    overviewRulerColor: new ThemeColor('editorOverviewRuler.addedForeground'),
    overviewRulerLane: OverviewRulerLane.Full,
  });
  /** A line that begins where lines were removed. */
  private readonly gap = window.createTextEditorDecorationType({
    isWholeLine: true,
    borderWidth: '1px 0 0 0',
    borderStyle: 'dashed',
    borderColor: new ThemeColor('gitDecoration.deletedResourceForeground'),
    overviewRulerColor: new ThemeColor('editorOverviewRuler.deletedForeground'),
    overviewRulerLane: OverviewRulerLane.Full,
  });
  private readonly removed = window.createTextEditorDecorationType({
    after: {
      color: new ThemeColor('gitDecoration.deletedResourceForeground'),
      margin: '0 0 0 2em',
    },
  });
  /** A hunk that the instruction does not explain. */
  private readonly unasked = window.createTextEditorDecorationType({
    after: {
      contentText: 'not asked for?',
      color: new ThemeColor('editorWarning.foreground'),
      fontStyle: 'italic',
      margin: '0 0 0 2em',
    },
    overviewRulerColor: new ThemeColor('editorWarning.foreground'),
    overviewRulerLane: OverviewRulerLane.Right,
  });
  private readonly listeners: readonly Disposable[];

  constructor(private readonly server: Server) {
    this.listeners = [
      server.onHunks(({ version, ...edit }) => this.moved(edit, version)),
      server.onEnd(() => this.clear()),
      window.onDidChangeVisibleTextEditors(() => this.draw()),
      window.onDidChangeActiveTextEditor(() => this.draw()),
      workspace.onDidCloseTextDocument(({ uri }) => this.forget(uri.toString())),
    ];
  }

  /** Take over where the hunks of an edit are, and what became of them. */
  update(edit: OpenEdit): void {
    clearTimeout(this.waiting.get(edit.editId));
    this.waiting.delete(edit.editId);
    if (edit.hunks.some(isUndecided)) this.edits.set(edit.editId, edit);
    else this.edits.delete(edit.editId);
    this.draw();
  }

  /** Run one of the server's commands that decide on hunks, and take over its answer. */
  async decide(
    command: string,
    argument: { readonly editId?: string; readonly hunkId?: number },
  ): Promise<void> {
    const client = await this.server.ready();
    const decision: DecisionAnswer = await client.sendRequest(ExecuteCommandRequest.type, {
      command,
      arguments: [argument],
    });
    const uri = this.edits.get(decision.editId)?.uri;
    if (uri !== undefined) this.update({ uri, editId: decision.editId, hunks: decision.hunks });
    if (decision.status !== 'changed') void window.showWarningMessage(`editsvc: ${decision.message}`);
  }

  /** Accept or reject the hunk that the cursor is on, and go on to the next; with none there, only go to the next. */
  async decideHere(editor: TextEditor, command: string): Promise<void> {
    const { line } = editor.selection.active;
    const here = this.openIn(editor).find(({ hunk }) => covers(hunk.range, line));
    if (here !== undefined) await this.decide(command, { editId: here.editId, hunkId: here.hunk.id });
    this.go(editor, 1);
  }

  /** Accept or reject everything that is open in the document. */
  async decideAll(editor: TextEditor, command: string): Promise<void> {
    const editIds = new Set(this.openIn(editor).map(({ editId }) => editId));
    // The edit that came last lies on top, and is taken back first.
    for (const editId of [...editIds].reverse()) await this.decide(command, { editId });
  }

  /** Take back everything open in the document that its instruction does not explain. */
  async rejectUnexplained(editor: TextEditor): Promise<void> {
    const open = this.openIn(editor).filter(({ hunk }) => hunk.mark === 'unexplained');
    const editIds = new Set(open.map(({ editId }) => editId));
    if (editIds.size === 0) {
      void window.showInformationMessage('editsvc: Every open change was asked for, as far as is known.');
      return;
    }
    for (const editId of [...editIds].reverse())
      await this.decide(serverCommand.rejectUnexplained, { editId });
  }

  /** Go to the next open hunk (`step` 1) or to the one before (-1), round the end of the document. */
  go(editor: TextEditor, step: 1 | -1): void {
    const lines = this.openIn(editor).map(({ hunk }) => hunk.range.start.line);
    const { line } = editor.selection.active;
    const found =
      step > 0
        ? (lines.find((one) => one > line) ?? lines[0])
        : (lines.findLast((one) => one < line) ?? lines.at(-1));
    if (found === undefined) return;
    const place = new Range(found, 0, found, 0);
    editor.selection = new Selection(place.start, place.end);
    editor.revealRange(place, TextEditorRevealType.InCenterIfOutsideViewport);
  }

  /** The text of `editor` with everything taken back that is open. */
  textBefore(editor: TextEditor): string {
    const changes = this.openIn(editor).map(({ hunk }) => ({ range: hunk.range, newText: hunk.oldText }));
    return compose(editor.document.getText(), changes);
  }

  dispose(): void {
    for (const timer of this.waiting.values()) clearTimeout(timer);
    for (const one of [...this.listeners, this.added, this.gap, this.removed, this.unasked]) one.dispose();
  }

  private moved(edit: OpenEdit, version: number): void {
    const document = workspace.textDocuments.find((one) => one.uri.toString() === edit.uri);
    if (document === undefined) return;
    if (version >= document.version) {
      this.update(edit);
      return;
    }
    // The editor has carried its marks along with what was typed, so nothing is wrong on the screen meanwhile.
    clearTimeout(this.waiting.get(edit.editId));
    this.waiting.set(
      edit.editId,
      setTimeout(() => this.update(edit), settleMs),
    );
  }

  private openIn(editor: TextEditor): Found[] {
    const uri = editor.document.uri.toString();
    return [...this.edits.values()]
      .filter((edit) => edit.uri === uri)
      .flatMap(({ editId, hunks }) => hunks.filter(isUndecided).map((hunk) => ({ editId, hunk })))
      .sort((a, b) => a.hunk.range.start.line - b.hunk.range.start.line);
  }

  private forget(uri: string): void {
    for (const edit of [...this.edits.values()]) if (edit.uri === uri) this.edits.delete(edit.editId);
    this.draw();
  }

  private clear(): void {
    this.edits.clear();
    this.draw();
  }

  private draw(): void {
    for (const editor of window.visibleTextEditors) this.drawIn(editor);
    const active = window.activeTextEditor;
    const open = active !== undefined && this.openIn(active).length > 0;
    void commands.executeCommand('setContext', 'editsvc.hunksOpen', open);
  }

  private drawIn(editor: TextEditor): void {
    const added: DecorationOptions[] = [];
    const gaps: DecorationOptions[] = [];
    const removed: DecorationOptions[] = [];
    const unasked: DecorationOptions[] = [];
    const { document } = editor;
    const bottom = document.lineCount - 1;
    for (const { editId, hunk } of this.openIn(editor)) {
      const first = Math.min(hunk.range.start.line, bottom);
      const range = new Range(first, 0, Math.min(lastLine(hunk.range), bottom), 0);
      if (hunk.mark === 'unexplained') unasked.push({ range: new Range(first, 0, first, 0) });
      const nothingLeft = isEmpty(hunk.range);
      (nothingLeft ? gaps : added).push({ range, hoverMessage: explained(editId, hunk) });
      const shown = nothingLeft ? [] : linesOf(document.getText(document.validateRange(whole(range))));
      removed.push(
        ...beside(first, shown, linesOf(hunk.oldText)).map((one) => besideText(document, one, '−')),
      );
    }
    editor.setDecorations(this.added, added);
    editor.setDecorations(this.gap, gaps);
    editor.setDecorations(this.removed, removed);
    editor.setDecorations(this.unasked, unasked);
  }
}

function isUndecided({ state }: Hunk): boolean {
  return state === 'open' || state === 'edited';
}

function whole(range: Range): Range {
  return new Range(range.start.line, 0, range.end.line + 1, 0);
}

function explained(editId: string, hunk: Hunk): MarkdownString {
  const lines = [
    ...linesOf(hunk.oldText).map((line) => `-${line}`),
    ...linesOf(hunk.newText).map((line) => `+${line}`),
  ];
  const link = (title: string, command: string) =>
    `[${title}](command:${command}?${encodeURIComponent(JSON.stringify({ editId, hunkId: hunk.id }))})`;
  const words = new MarkdownString().appendCodeblock(lines.join('\n'), 'diff');
  words.isTrusted = { enabledCommands: [serverCommand.acceptHunk, serverCommand.rejectHunk] };
  if (hunk.mark === 'unexplained') words.appendMarkdown('The instruction does not explain this change.\n\n');
  for (const finding of hunk.findings) words.appendText(finding).appendMarkdown('\n\n');
  const accept = link('Accept', serverCommand.acceptHunk);
  return hunk.state === 'edited'
    ? words.appendMarkdown(`${accept} · You have typed in it, so it can't be rejected any more.`)
    : words.appendMarkdown(`${accept} · ${link('Reject', serverCommand.rejectHunk)}`);
}
