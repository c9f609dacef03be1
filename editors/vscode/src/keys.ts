/**
 * The user's own keys for commands, as far as they can be known: VS Code tells extensions nothing about keys.
 *
 * The user's keybindings.json is read where the extension can reach it: beside its own storage, where both run on one
 * machine, or by the scheme of user data, in a browser. Elsewhere, such as over SSH, the keys that the extension brings
 * are named.
 */

import { EventEmitter, Uri, env, window, workspace, type Disposable, type ExtensionContext } from 'vscode';

import { inWords, keyOf, type Binding } from './bindings';

export class Keys implements Disposable {
  private text = '';
  private readonly changed = new EventEmitter<void>();
  private readonly listener: Disposable;
  private readonly own: readonly Binding[];
  private readonly places: readonly Uri[];
  // Over a network the window may be on any system.
  private readonly isMac = process.platform === 'darwin' && env.remoteName === undefined;

  /** The user's keys are others than before. */
  readonly onDidChange = this.changed.event;

  constructor({ extension, globalStorageUri }: ExtensionContext) {
    this.own = (extension.packageJSON as { contributes: { keybindings: Binding[] } }).contributes.keybindings;
    this.places = [
      Uri.joinPath(globalStorageUri, '..', '..', 'keybindings.json'),
      Uri.from({ scheme: 'vscode-userdata', path: '/User/keybindings.json' }),
    ];
    // Whoever has changed keys comes back from the list of keys to an editor.
    this.listener = window.onDidChangeActiveTextEditor(() => void this.load());
    void this.load();
  }

  /** Read the user's keys as they are by now. */
  async load(): Promise<void> {
    const text = await this.contents();
    if (text === this.text) return;
    this.text = text;
    this.changed.fire();
  }

  /** The key for a command, as people read it; empty if it has none. */
  of(command: string): string {
    const key = keyOf(command, this.own, this.text, this.isMac);
    return key === undefined ? '' : inWords(key, this.isMac);
  }

  /** ` Shift+Alt+Y`, to follow the name of a command; empty if it has no key. */
  after(command: string): string {
    const key = this.of(command);
    return key && ` ${key}`;
  }

  dispose(): void {
    this.listener.dispose();
    this.changed.dispose();
  }

  private async contents(): Promise<string> {
    for (const place of this.places) {
      try {
        return new TextDecoder().decode(await workspace.fs.readFile(place));
      } catch {
        // It is not there, or not to be read from here.
      }
    }
    return '';
  }
}
