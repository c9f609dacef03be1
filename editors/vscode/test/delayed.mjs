// A window and its extension host, each of which hears of the other late, as VS Code 1.139 has them. Time is virtual.
//
// The window (quickInput.ts, quickInputTree.ts) filters and sorts by itself while somebody types, puts the focus on
// the first row then and when a list arrives, and names rows by their index. The host (extHostQuickOpen.ts) looks an
// index up in the list that it has set last.

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

export function delayedQuickPick(clock, delayMs) {
  const toWindow = line(clock, delayMs);
  const toHost = line(clock, delayMs);
  const host = new Host(toWindow);
  const windowSide = new Window(toHost, host);
  host.window = windowSide;
  return { pick: host, window: windowSide };
}

class Host {
  value = '';
  activeItems = [];
  selectedItems = [];
  matchOnDescription = false;
  #items = [];
  #shown = false;
  #listeners = { value: [], active: [], accept: [], button: [], hide: [] };

  constructor(send) {
    this.send = send;
  }

  get items() {
    return this.#items;
  }

  set items(items) {
    this.#items = [...items];
    const rows = this.#items.map((item, handle) => ({ ...item, handle }));
    if (this.#shown) this.send(() => this.window.list(rows));
  }

  onDidChangeValue(listener) {
    this.#listeners.value.push(listener);
  }
  onDidChangeActive(listener) {
    this.#listeners.active.push(listener);
  }
  onDidAccept(listener) {
    this.#listeners.accept.push(listener);
  }
  onDidTriggerItemButton(listener) {
    this.#listeners.button.push(listener);
  }
  onDidHide(listener) {
    this.#listeners.hide.push(listener);
  }

  show() {
    this.#shown = true;
    const rows = this.#items.map((item, handle) => ({ ...item, handle }));
    this.send(() => this.window.open(rows, this.matchOnDescription));
  }

  heard(what, event) {
    if (what === 'value') this.value = event;
    if (what === 'active') this.activeItems = this.#named(event);
    if (what === 'selection') this.selectedItems = this.#named(event);
    const told = what === 'button' ? { item: this.#items[event] } : undefined;
    for (const listener of this.#listeners[what] ?? []) listener(told);
  }

  #named(handles) {
    return handles.map((handle) => this.#items[handle]).filter((item) => item !== undefined);
  }
}

class Window {
  value = '';
  isOpen = false;
  focus = undefined;
  #rows = [];
  #shown = [];

  constructor(send, host) {
    this.send = (what, event) => send(() => host.heard(what, event));
  }

  open(rows, matchOnDescription) {
    this.isOpen = true;
    this.matchOnDescription = matchOnDescription;
    this.list(rows);
  }

  list(rows) {
    this.#rows = rows;
    this.#filter();
    this.#focusOn(this.#shown[0]);
  }

  // --- the user ---

  type(letters) {
    this.value += letters;
    this.#filter();
    this.#focusOn(this.#shown[0]);
    this.send('value', this.value);
  }

  move(step) {
    const index = this.#shown.indexOf(this.focus);
    const count = this.#shown.length;
    if (count) this.#focusOn(this.#shown[(index + step + count) % count]);
  }

  enter() {
    if (this.focus) this.send('selection', [this.focus.handle]);
    this.send('accept');
  }

  click(row) {
    this.#focusOn(row);
    this.enter();
  }

  clickButton(row) {
    this.send('button', row.handle);
  }

  /** The rows on the screen, from top to bottom. */
  get shown() {
    return this.#shown;
  }

  // --- quickInputTree.ts ---

  #focusOn(row) {
    if (row === this.focus) return;
    this.focus = row;
    this.send('active', row ? [row.handle] : []);
  }

  #filter() {
    const query = this.value.trim().toLowerCase();
    const items = this.#rows.filter((row) => row.kind !== -1);
    if (!query) {
      this.#shown = items;
      return;
    }
    const inLabel = (row) => fuzzy(query, row.label.replaceAll(/\$\([^)]*\)/g, ''));
    const found = (row) => inLabel(row) || (this.matchOnDescription && fuzzy(query, row.description ?? ''));
    // A match in the label goes first, and of two such the more exact one; all others keep their order.
    this.#shown = items
      .filter((row) => row.alwaysShow || found(row))
      .sort((a, b) => {
        if (inLabel(a) !== inLabel(b)) return inLabel(a) ? -1 : 1;
        return inLabel(a) ? distance(query, a.label) - distance(query, b.label) : 0;
      });
  }
}

function fuzzy(query, text) {
  let from = 0;
  const lower = text.toLowerCase();
  for (const letter of query) {
    from = lower.indexOf(letter, from) + 1;
    if (from === 0) return false;
  }
  return true;
}

function distance(query, label) {
  const lower = label.toLowerCase();
  return lower === query ? 0 : lower.startsWith(query) ? 1 : 2;
}
