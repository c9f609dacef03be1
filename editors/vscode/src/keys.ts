/**
 * The user's own keys for commands, as far as they can be known: VS Code tells extensions nothing about keys.
 *
 * The user's keybindings.json is read where the extension can reach it: beside its own storage, where both run on one
 * machine, or by the scheme of user data, in a browser. Elsewhere, such as over SSH, the keys that the extension brings
 * are named.
 */

import { Uri, workspace, type ExtensionContext } from 'vscode';

import { inWords, keyOf, type Binding } from './bindings';

export class Keys {
  private text = '';
  private readonly own: readonly Binding[];
  private readonly places: readonly Uri[];
  private readonly isMac = process.platform === 'darwin';

  constructor({ extension, globalStorageUri }: ExtensionContext) {
    this.own = (extension.packageJSON as { contributes: { keybindings: Binding[] } }).contributes.keybindings;
    this.places = [
      Uri.joinPath(globalStorageUri, '..', '..', 'keybindings.json'),
      Uri.from({ scheme: 'vscode-userdata', path: '/User/keybindings.json' }),
    ];
  }

  /** Read the user's keys as they are by now. */
  async load(): Promise<void> {
    for (const place of this.places) {
      try {
        this.text = new TextDecoder().decode(await workspace.fs.readFile(place));
        return;
      } catch {
        // It is not there, or not to be read from here.
      }
    }
  }

  /** The key for a command, as people read it; empty if it has none. */
  of(command: string): string {
    const key = keyOf(command, this.own, this.text, this.isMac);
    return key === undefined ? '' : inWords(key, this.isMac);
  }
}
