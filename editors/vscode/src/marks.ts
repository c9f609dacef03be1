/** Open hunks as they are marked in the editor that they are in. */

import {
  MarkdownString,
  OverviewRulerLane,
  Range,
  ThemeColor,
  window,
  type DecorationOptions,
  type Disposable,
  type TextEditor,
} from 'vscode';

import { isEmpty, lastLine, linesOf } from './hunks';
import type { OpenHunks } from './openHunks';
import { serverCommand, type Hunk } from './protocol';
import { newWords } from './words';

export class Marks implements Disposable {
  private readonly added = window.createTextEditorDecorationType({
    isWholeLine: true,
    backgroundColor: new ThemeColor('diffEditor.insertedLineBackground'),
    overviewRulerColor: new ThemeColor('editorOverviewRuler.addedForeground'),
    overviewRulerLane: OverviewRulerLane.Full,
  });
  /** What is new within lines that were kept in part. */
  private readonly words = window.createTextEditorDecorationType({
    backgroundColor: new ThemeColor('diffEditor.insertedTextBackground'),
  });
  /** A line that begins where lines were removed. */
  private readonly gap = window.createTextEditorDecorationType({
    isWholeLine: true,
    borderWidth: '1px 0 0 0',
    borderStyle: 'dashed',
    borderColor: new ThemeColor('editorOverviewRuler.deletedForeground'),
    overviewRulerColor: new ThemeColor('editorOverviewRuler.deletedForeground'),
    overviewRulerLane: OverviewRulerLane.Full,
  });
  /** A hunk that the instruction does not explain. */
  private readonly unasked = window.createTextEditorDecorationType({
    after: {
      contentText: 'not asked for?',
      color: new ThemeColor('editsvc.noteForeground'),
      fontStyle: 'italic',
      margin: '0 0 0 2em',
    },
    overviewRulerColor: new ThemeColor('editorWarning.foreground'),
    overviewRulerLane: OverviewRulerLane.Right,
  });
  private readonly listeners: readonly Disposable[];

  constructor(private readonly hunks: OpenHunks) {
    this.listeners = [
      hunks.onDidChange((uri) => {
        for (const editor of window.visibleTextEditors) if (editor.document.uri.toString() === uri) this.draw(editor);
      }),
      window.onDidChangeVisibleTextEditors((editors) => editors.forEach((editor) => this.draw(editor))),
    ];
  }

  dispose(): void {
    for (const one of [...this.listeners, this.added, this.words, this.gap, this.unasked]) one.dispose();
  }

  private draw(editor: TextEditor): void {
    const added: DecorationOptions[] = [];
    const words: Range[] = [];
    const gaps: DecorationOptions[] = [];
    const unasked: Range[] = [];
    const bottom = editor.document.lineCount - 1;
    for (const { editId, hunk } of isSideOfDiff(editor) ? [] : this.hunks.of(editor.document.uri)) {
      const first = Math.min(hunk.range.start.line, bottom);
      const range = new Range(first, 0, Math.min(lastLine(hunk.range), bottom), 0);
      if (hunk.mark === 'unexplained') unasked.push(new Range(first, 0, first, 0));
      const marked = { range, hoverMessage: explained(editId, hunk) };
      if (isEmpty(hunk.range)) {
        gaps.push(marked);
        continue;
      }
      added.push(marked);
      if (hunk.state === 'open')
        for (const { line, start, end } of newWords(hunk.oldText, hunk.newText))
          words.push(new Range(first + line, start, first + line, end));
    }
    editor.setDecorations(this.added, added);
    editor.setDecorations(this.words, words);
    editor.setDecorations(this.gap, gaps);
    editor.setDecorations(this.unasked, unasked);
  }
}

/** Whether an editor is one side of a diff editor, which colours what differs itself. */
function isSideOfDiff({ viewColumn }: TextEditor): boolean {
  // Only editors that are a tab of their own are in a column.
  return viewColumn === undefined;
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
