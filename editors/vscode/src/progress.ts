/** How far an edit is, beside the line that it was asked for at. */

import { ThemeColor, window, workspace, type Disposable } from 'vscode';

import { behindLine } from './draw';
import { carried, lineChange, type LineChange } from './hunks';
import type { Keys } from './keys';

interface Place {
  readonly uri: string;
  readonly line: number;
  readonly changes: LineChange[];
  message: string;
}

export class InPlaceProgress implements Disposable {
  private readonly places = new Map<string, Place>();
  private readonly type = window.createTextEditorDecorationType({
    after: { color: new ThemeColor('editsvc.noteForeground'), margin: '0 0 0 3em', fontStyle: 'italic' },
  });
  private readonly listeners = [
    workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
      for (const place of this.places.values()) {
        if (place.uri !== document.uri.toString()) continue;
        place.changes.push(...contentChanges.map(lineChange));
      }
    }),
    window.onDidChangeVisibleTextEditors(() => this.draw()),
  ];

  constructor(private readonly keys: Keys) {}

  /** An edit of a document begins; `line` is where it is told. */
  begin(key: string, uri: string, line: number): void {
    this.places.set(key, { uri, line, changes: [], message: 'asking …' });
    this.draw();
  }

  report(key: string, message: string): void {
    const place = this.places.get(key);
    if (place === undefined) return;
    place.message = message;
    this.draw();
  }

  end(key: string): void {
    this.places.delete(key);
    this.draw();
  }

  dispose(): void {
    for (const one of [...this.listeners, this.type]) one.dispose();
  }

  private draw(): void {
    const key = this.keys.of('editsvc.stop');
    for (const editor of window.visibleTextEditors) {
      const uri = editor.document.uri.toString();
      const here = [...this.places.values()].filter((place) => place.uri === uri);
      editor.setDecorations(
        this.type,
        here.map(({ line, changes, message }) => {
          const kept = carried({ start: { line, character: 0 }, end: { line: line + 1, character: 0 } }, changes);
          return behindLine(editor.document, kept?.start.line ?? line, `editsvc: ${message}${key ? ` (${key} cancels)` : ''}`);
        }),
      );
    }
  }
}
