/** Help for whoever has no server or no key yet. */

import { commands, window, type Memento, type SecretStorage } from 'vscode';

import { whatWorks } from './failures';
import type { Questions } from './questions';
import { ServerMissing, type Server } from './server';

const secret = 'editsvc.cerebrasApiKey';
const told = 'editsvc.offlineTold';

export class FirstRun {
  constructor(
    private readonly secrets: SecretStorage,
    private readonly memory: Memento,
    private readonly walkthrough: string,
    private readonly questions: Questions,
    private readonly server: () => Server,
    /** Helps whoever has no server. */
    private readonly missing: () => Promise<unknown>,
  ) {}

  /** The key that was stored, if any. */
  readonly apiKey = (): PromiseLike<string | undefined> => this.secrets.get(secret);

  /** Help with an error that means that something is not installed; whether it was one. */
  async explained(error: unknown): Promise<boolean> {
    if (!(error instanceof ServerMissing)) return false;
    void this.missing();
    return true;
  }

  /** Say, until the user has answered, that there is no key, and what is used instead. */
  offline(): void {
    if (this.memory.get(told, false)) return;
    void window
      .showInformationMessage(
        'Edited by the offline engine, because there is no API key: it renames, replaces, removes, documents and ' +
          'sorts. With a key a model does what you say.',
        'Set API key',
        'What works without a key',
      )
      .then(async (chosen) => {
        if (chosen !== undefined) await this.memory.update(told, true);
        if (chosen === 'Set API key') await this.setKey();
        if (chosen === 'What works without a key') await commands.executeCommand(whatWorks);
      });
  }

  /** Ask for the key and store it with the system's secrets; an empty one is forgotten. Whether there is one now. */
  async setKey(): Promise<boolean> {
    const environment = process.env['CEREBRAS_API_KEY']
      ? ' It counts more than CEREBRAS_API_KEY, which is set in the environment.'
      : '';
    const key = await this.questions.during(
      window.showInputBox({
        title: 'editsvc: the API key for Cerebras',
        prompt: `It is kept by VS Code with the secrets of your system, and given to the language server alone.${environment}`,
        placeHolder: 'Leave it empty to forget the stored key',
        password: true,
        ignoreFocusOut: true,
      }),
    );
    if (key === undefined) return false;
    await (key.trim() ? this.secrets.store(secret, key.trim()) : this.secrets.delete(secret));
    // The server has its key from its start on.
    await this.server().restart();
    return key.trim() !== '';
  }

  async guide(): Promise<void> {
    await commands.executeCommand('workbench.action.openWalkthrough', this.walkthrough, false);
  }
}
