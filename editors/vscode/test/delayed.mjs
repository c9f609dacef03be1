// A window and its extension host, each of which hears of the other late, as VS Code 1.139 has them. Time is virtual.
//
// The window (quickInput.ts, quickInputTree.ts) shows one input at a time: showing another hides the one before. It
// takes keys by itself, and tells the host of them later: what is in a box, an Enter, and rows by their index. The host
// (extHostQuickOpen.ts) looks an index up in the list that it has set last, and what it sets reaches the window later.

export class Clock {
  now = 0;
  #due = [];
  #count = 0;

  at(time, work) {
    this.#due.push({ time: Math.max(time, this.now), order: (this.#count += 1), work });
  }

  /** Do everything that is due, and what comes of it; promises are kept before the next thing is due. */
  async run() {
    while (this.#due.length) {
      this.#due.sort((a, b) => a.time - b.time || a.order - b.order);
      const { time, work } = this.#due.shift();
      this.now = time;
      work();
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

/** What arrives is in order, and late. */
function line(clock, delayMs) {
  return (work) => clock.at(clock.now + delayMs, work);
}

/** What an extension has to ask with, and the window of whoever is asked. */
export function delayedInputs(clock, delayMs) {
  const window = new Window(line(clock, delayMs));
  const send = line(clock, delayMs);
  return {
    window,
    inputs: {
      box: (value) => new HostBox(window, send, value),
      list: (_kind, rows) => new HostList(window, send, rows),
    },
  };
}

class HostInput {
  listeners = { accept: [], hide: [], choose: [], forget: [], back: [] };

  constructor(window, send) {
    this.window = window;
    this.send = send;
    this.id = window.newId();
  }

  onDidAccept(listener) {
    this.listeners.accept.push(listener);
  }
  onDidHide(listener) {
    this.listeners.hide.push(listener);
  }
  dispose() {}

  heard(what, event) {
    for (const listener of this.listeners[what]) listener(event);
  }
}

class HostBox extends HostInput {
  #value;

  constructor(window, send, value) {
    super(window, send);
    this.#value = value;
  }

  get value() {
    return this.#value;
  }

  /** Writes into a box that may be shown; nothing here does so. */
  set value(value) {
    this.#value = value;
    this.send(() => this.window.write(this.id, value));
  }

  show() {
    const value = this.#value;
    this.send(() => this.window.open({ id: this.id, host: this, kind: 'box', value }));
  }

  heard(what, event) {
    if (what === 'value') this.#value = event;
    else super.heard(what, event);
  }
}

class HostList extends HostInput {
  constructor(window, send, rows) {
    super(window, send);
    this.given = rows;
    this.rows = [];
  }

  onDidChoose(listener) {
    this.listeners.choose.push(listener);
  }
  onDidForget(listener) {
    this.listeners.forget.push(listener);
  }
  onDidGoBack(listener) {
    this.listeners.back.push(listener);
  }

  show() {
    this.send(() => this.window.open({ id: this.id, host: this, kind: 'list', value: '', rows: [] }));
    const fill = (rows) => {
      this.rows = rows;
      this.send(() => this.window.fill(this.id, rows));
    };
    if (this.given instanceof Promise) void this.given.then(fill);
    else fill(this.given);
  }

  heard(what, event) {
    if (what === 'choose' || what === 'forget') {
      const row = this.rows[event];
      if (row) super.heard(what, row);
    } else if (what !== 'value') super.heard(what, event);
  }
}

export class Window {
  /** What is shown: `{id, host, kind, value, rows?, focus?}`. */
  shown = undefined;
  /** What stood in the box at each Enter, with the input that it was pressed in. */
  entered = [];
  #ids = 0;

  constructor(send) {
    this.send = (host, what, event, heard) =>
      send(() => {
        heard?.();
        host.heard(what, event);
      });
  }

  newId() {
    return (this.#ids += 1);
  }

  // --- what the host has set ---

  open(input) {
    const before = this.shown;
    this.shown = { ...input, focus: 0 };
    if (before) this.send(before.host, 'hide');
  }

  fill(id, rows) {
    if (this.shown?.id === id) this.shown.rows = rows.map((row, handle) => ({ ...row, handle }));
  }

  write(id, value) {
    if (this.shown?.id === id) this.shown.value = value;
  }

  // --- the user ---

  type(letters) {
    if (!this.shown) return;
    this.shown.value += letters;
    this.shown.focus = 0;
    this.send(this.shown.host, 'value', this.shown.value);
  }

  clear() {
    if (!this.shown) return;
    this.shown.value = '';
    this.send(this.shown.host, 'value', '');
  }

  move(step) {
    const { length } = this.rows;
    if (length) this.shown.focus = (this.shown.focus + step + length) % length;
  }

  /** The rows on the screen. */
  get rows() {
    const query = this.shown?.value.trim().toLowerCase() ?? '';
    return (this.shown?.rows ?? []).filter((row) => (row.title ?? row.instruction).toLowerCase().includes(query));
  }

  enter(heard) {
    const { shown } = this;
    if (!shown) return;
    if (shown.kind === 'list') {
      const row = this.rows[shown.focus];
      if (row) this.send(shown.host, 'choose', row.handle);
      return;
    }
    const pressed = { text: shown.value };
    this.entered.push(pressed);
    this.send(shown.host, 'accept', undefined, () => heard?.(pressed));
  }

  forget() {
    const row = this.rows[this.shown?.focus];
    if (row) this.send(this.shown.host, 'forget', row.handle);
  }

  back() {
    if (this.shown?.kind === 'list') this.send(this.shown.host, 'back');
  }

  escape() {
    if (!this.shown) return;
    this.send(this.shown.host, 'hide');
    this.shown = undefined;
  }

  /** A key that is bound to a command: the host hears of it as late as of everything else. */
  key(command) {
    this.send({ heard: command }, 'key');
  }
}
