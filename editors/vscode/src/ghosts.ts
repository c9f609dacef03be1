/** The edit that is being written, drawn over a document that it does not touch. */

import {
  Range,
  ThemeColor,
  window,
  workspace,
  type DecorationOptions,
  type Disposable,
  type TextDocument,
  type TextEditor,
} from 'vscode';

import { besideText } from './draw';
import { beside, carried, isEmpty, lineChange, linesOf, type LineChange } from './hunks';
import type { StreamedHunk, StreamParams } from './protocol';

interface Ghost {
  readonly uri: string;
  readonly hunks: StreamedHunk[];
  /** What the user has typed since the version that the hunks are of. */
  readonly changes: LineChange[];
}

export class Ghosts implements Disposable {
  private readonly ghosts = new Map<string, Ghost>();
  private readonly replaced = window.createTextEditorDecorationType({
    isWholeLine: true,
    backgroundColor: new ThemeColor('diffEditor.removedLineBackground'),
    overviewRulerColor: new ThemeColor('editorOverviewRuler.modifiedForeground'),
  });
  private readonly written = window.createTextEditorDecorationType({
    after: { color: new ThemeColor('editsvc.writtenForeground'), margin: '0 0 0 2em' },
  });
  private readonly listeners = [
    workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
      for (const ghost of this.of(document)) {
        ghost.changes.push(...contentChanges.map(lineChange));
      }
    }),
    window.onDidChangeVisibleTextEditors((editors) => editors.forEach((editor) => this.draw(editor))),
  ];

  /** Begin to follow the document of an edit, from the version that it is made for. */
  begin(key: string, uri: string): void {
    this.ghosts.set(key, { uri, hunks: [], changes: [] });
  }

  /** Show hunks that became certain. */
  add(key: string, params: StreamParams): void {
    const ghost = this.ghosts.get(key);
    if (ghost === undefined) return;
    if (params.seq === 0) ghost.hunks.length = 0;
    if (params.hunks.length === 0 && params.seq > 0) return;
    ghost.hunks.push(...params.hunks);
    this.redraw(ghost.uri);
  }

  /** Show nothing of that edit any more. */
  end(key: string): void {
    const ghost = this.ghosts.get(key);
    this.ghosts.delete(key);
    if (ghost !== undefined) this.redraw(ghost.uri);
  }

  dispose(): void {
    for (const one of [...this.listeners, this.replaced, this.written]) one.dispose();
  }

  private of(document: TextDocument): Ghost[] {
    const uri = document.uri.toString();
    return [...this.ghosts.values()].filter((ghost) => ghost.uri === uri);
  }

  private redraw(uri: string): void {
    for (const editor of window.visibleTextEditors) {
      if (editor.document.uri.toString() === uri) this.draw(editor);
    }
  }

  private draw(editor: TextEditor): void {
    const replaced: Range[] = [];
    const written: DecorationOptions[] = [];
    for (const ghost of this.of(editor.document)) {
      for (const hunk of ghost.hunks) {
        const range = carried(hunk.range, ghost.changes);
        if (range === undefined) continue;
        const { start, end } = range;
        if (!isEmpty(range)) replaced.push(new Range(start.line, 0, end.line - 1, 0));
        // What is inserted stands beside the line before it, which stays.
        const first = isEmpty(range) ? Math.max(start.line - 1, 0) : start.line;
        const shown = Array.from({ length: end.line - start.line }, (_, index) =>
          lineAt(editor, first + index),
        );
        for (const one of beside(first, shown, linesOf(hunk.newText))) {
          written.push(besideText(editor.document, one, isEmpty(range) ? '+' : '→'));
        }
      }
    }
    editor.setDecorations(this.replaced, replaced);
    editor.setDecorations(this.written, written);
  }
}

function lineAt(editor: TextEditor, line: number): string {
  return line < editor.document.lineCount ? editor.document.lineAt(line).text : '';
}
