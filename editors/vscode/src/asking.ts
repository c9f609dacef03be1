/**
 * What the input lists, and what Enter means; knows no editor.
 *
 * The window and the extension are two programs, and each hears of the other late. The window names a row by its
 * index, and puts the focus on the first row whenever somebody types or a list arrives. So the first row stands for
 * the text that is typed, and no row ever moves: an index means the same row in every list, whichever of them the
 * window had when a key was pressed.
 */

import type { EditArgument } from './protocol';

/** What the server offers at a place: a preset, or an instruction in a comment. */
export interface Offer {
  readonly title: string;
  readonly argument: EditArgument;
}

/** What the user decided on; `offer` is set for what the server offered. */
export interface Choice {
  readonly instruction: string;
  readonly offer?: Offer;
}

export interface Row<Button = unknown> {
  readonly label: string;
  readonly description?: string;
  readonly detail?: string;
  readonly kind?: number;
  readonly alwaysShow?: boolean;
  readonly buttons?: readonly Button[];
  readonly choice?: Choice;
}

/** The part of an editor's QuickPick that is used here. */
export interface Input<R> {
  readonly value: string;
  items: readonly R[];
  readonly activeItems: readonly R[];
  readonly selectedItems: readonly R[];
  onDidChangeActive(listener: () => void): unknown;
  onDidAccept(listener: () => void): unknown;
  onDidTriggerItemButton(listener: (event: { readonly item: R }) => void): unknown;
  onDidHide(listener: () => void): unknown;
  show(): void;
}

const separator = -1;

/**
 * Rows that keep their places.
 *
 * Their words are descriptions, because the window moves a row to the top whose label matches what is typed.
 */
export class Rows<Button> {
  private readonly rows: Row<Button>[];

  /** `forget` is the button that takes an instruction out of the history. */
  constructor(history: readonly string[], forget: Button) {
    this.rows = [{ label: '$(edit)', description: 'Carry out what is typed', alwaysShow: true }];
    if (history.length) this.rows.push({ label: 'recent', kind: separator });
    for (const instruction of history) {
      const buttons = [forget];
      this.rows.push({ label: '$(history)', description: instruction, buttons, choice: { instruction } });
    }
  }

  get all(): readonly Row<Button>[] {
    return [...this.rows];
  }

  /** Whether a row is the one for the text that is typed, as it is when no row is. */
  isTyped(row: Row<Button> | undefined): boolean {
    return row === undefined || row === this.rows[0];
  }

  /** Append offers. */
  add(offers: readonly Offer[]): void {
    if (offers.length) this.rows.push({ label: 'presets', kind: separator });
    for (const offer of offers) {
      const { instruction } = offer.argument;
      this.rows.push({
        label: '$(sparkle)',
        description: offer.title,
        detail: offer.title.endsWith(instruction) ? '' : instruction,
        choice: { instruction, offer },
      });
    }
  }

  /** Take a row away; a separator keeps its place. */
  remove(row: Row<Button>): void {
    const index = this.rows.indexOf(row);
    if (index <= 0) return;
    const above = this.rows[index - 1];
    // Of separators that follow each other the window shows the last.
    this.rows[index] = { label: above?.kind === separator ? above.label : '', kind: separator };
  }

  /** What Enter means with `typed` in the input and `row` chosen; undefined if it means nothing. */
  decide(typed: string, row: Row<Button> | undefined): Choice | undefined {
    if (!this.isTyped(row)) return row?.choice;
    const instruction = typed.trim();
    return instruction ? { instruction } : undefined;
  }
}

/** Ask until something is decided on; undefined if the user changes their mind. Enter that means nothing does nothing. */
export function ask<Button>(
  input: Input<Row<Button>>,
  rows: Rows<Button>,
  offers: Promise<readonly Offer[]>,
  forget: (instruction: string) => void,
): Promise<Choice | undefined> {
  return new Promise((resolve) => {
    let open = true;
    let waiting: readonly Offer[] = [];
    const show = () => {
      // A list that arrives takes the focus back to the first row, so it waits for whoever is on another.
      if (!open || waiting.length === 0 || !rows.isTyped(input.activeItems[0])) return;
      rows.add(waiting);
      waiting = [];
      input.items = rows.all;
    };
    const end = (choice: Choice | undefined) => {
      open = false;
      resolve(choice);
    };
    input.items = rows.all;
    input.onDidChangeActive(show);
    input.onDidTriggerItemButton(({ item }) => {
      if (item.choice === undefined) return;
      forget(item.choice.instruction);
      rows.remove(item);
      input.items = rows.all;
    });
    input.onDidAccept(() => {
      const choice = rows.decide(input.value, input.selectedItems[0]);
      if (choice !== undefined) end(choice);
    });
    input.onDidHide(() => end(undefined));
    input.show();
    void offers.then((found) => {
      waiting = found;
      show();
    });
  });
}
