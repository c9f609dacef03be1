/**
 * What is asked for, and what Enter means; knows no editor.
 *
 * The window and the extension are two programs, and each hears of the other late. So the text in the box is all that
 * Enter runs, and nothing changes it but the user: a box that is shown is never written into. The history and the
 * presets put their text into a new box, which takes the place of the old one; what was on its way to that one, keys or
 * an Enter, is nobody's. And a list is filled once: the window names a row by its index.
 */

import type { EditArgument } from './protocol';

/** What the server offers at a place: a preset, or an instruction in a comment. */
export interface Offer {
  readonly title: string;
  readonly argument: EditArgument;
}

/** What the user decided on; `offer` is set for what the server offered, if its text was left as it was. */
export interface Choice {
  readonly instruction: string;
  readonly offer?: Offer;
}

export interface Row {
  readonly instruction: string;
  /** What the row says; the instruction, if it is absent. */
  readonly title?: string;
  readonly offer?: Offer;
}

/** The input for a text, as it is used here. */
export interface Box {
  readonly value: string;
  onDidAccept(listener: () => void): unknown;
  onDidHide(listener: () => void): unknown;
  show(): void;
  dispose(): void;
}

/** A list to choose a row from. */
export interface List {
  /** Hears of the row that was chosen. */
  onDidChoose(listener: (row: Row) => void): unknown;
  /** Hears of a row that is to be forgotten. */
  onDidForget(listener: (row: Row) => void): unknown;
  /** Hears that the user wants to go back to the text. */
  onDidGoBack(listener: () => void): unknown;
  onDidHide(listener: () => void): unknown;
  show(): void;
  dispose(): void;
}

/** What an editor has to show. */
export interface Inputs {
  box(value: string): Box;
  /** A list of `rows`, which may still be on their way. */
  list(kind: ListKind, rows: readonly Row[] | Promise<readonly Row[]>): List;
}

export type ListKind = 'history' | 'presets';

export interface Sources {
  /** The instructions before, the latest first. */
  readonly history: () => readonly string[];
  readonly offers: Promise<readonly Offer[]>;
  readonly forget: (instruction: string) => void;
}

/** One question, from the first box to the decision. */
export class Asking {
  /** What the user decided on; undefined if they changed their mind. */
  readonly decided: Promise<Choice | undefined>;
  private decide!: (choice: Choice | undefined) => void;
  private current: Box | List | undefined;
  private readonly shown: (Box | List)[] = [];
  private box: Box | undefined;
  /** Where in the history the text is from; -1 is what the user typed. */
  private at = -1;
  private typed = '';
  private offer: Offer | undefined;

  private readonly inputs: Inputs;
  private readonly sources: Sources;

  constructor(inputs: Inputs, sources: Sources, text = '') {
    this.inputs = inputs;
    this.sources = sources;
    this.decided = new Promise((resolve) => {
      this.decide = resolve;
    });
    this.ask(text);
  }

  /** What was in the box last. */
  get text(): string {
    return this.box?.value ?? this.typed;
  }

  /** Whether the text is asked for, and no list is shown. */
  get isText(): boolean {
    return this.box !== undefined && this.current === this.box;
  }

  /** The instruction before, in a new box. */
  earlier(): void {
    this.go(1);
  }

  /** The instruction after, or what was typed. */
  later(): void {
    this.go(-1);
  }

  /** Let the user choose from a list what is to stand in the box. */
  choose(kind: ListKind): void {
    if (!this.isText) return;
    this.typed = this.text;
    this.open(kind);
  }

  private open(kind: ListKind): void {
    const rows =
      kind === 'history'
        ? this.sources.history().map((instruction) => ({ instruction }))
        : this.sources.offers.then((offers) => offers.map(rowOf));
    const list = this.inputs.list(kind, rows);
    list.onDidChoose(({ instruction, offer }) => this.while(list, () => this.ask(instruction, offer)));
    list.onDidGoBack(() => this.while(list, () => this.ask(this.typed)));
    list.onDidForget(({ instruction }) =>
      this.while(list, () => {
        this.sources.forget(instruction);
        this.open(kind);
      }),
    );
    this.show(list);
  }

  private go(step: 1 | -1): void {
    if (!this.isText) return;
    const history = this.sources.history();
    const next = this.at + step;
    if (next < -1 || next >= history.length) return;
    if (this.at === -1) this.typed = this.text;
    this.at = next;
    this.ask(next === -1 ? this.typed : history[next]!);
  }

  private ask(text: string, offer?: Offer): void {
    this.offer = offer;
    const box = this.inputs.box(text);
    box.onDidAccept(() =>
      this.while(box, () => {
        const instruction = box.value.trim();
        if (!instruction) return;
        const offered = this.offer?.argument.instruction === instruction ? this.offer : undefined;
        this.end({ instruction, ...(offered && { offer: offered }) });
      }),
    );
    this.box = box;
    this.show(box);
  }

  private show(next: Box | List): void {
    next.onDidHide(() => this.while(next, () => this.end(undefined)));
    // The one before hears that it is hidden, and no longer counts.
    this.current = next;
    this.shown.push(next);
    next.show();
  }

  /** Do something if `input` is the one that counts. */
  private while(input: Box | List, work: () => void): void {
    if (this.current === input) work();
  }

  private end(choice: Choice | undefined): void {
    this.current = undefined;
    this.decide(choice);
    for (const one of this.shown) one.dispose();
  }
}

function rowOf(offer: Offer): Row {
  return { instruction: offer.argument.instruction, title: offer.title, offer };
}
