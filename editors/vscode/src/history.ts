/** The instructions of this workspace, the latest first. */

import type { Memento } from 'vscode';

const key = 'editsvc.history';
const most = 50;

export class History {
  constructor(private readonly memory: Memento) {}

  get all(): readonly string[] {
    return this.memory.get<string[]>(key, []);
  }

  async add(instruction: string): Promise<void> {
    const others = this.all.filter((one) => one !== instruction);
    await this.memory.update(key, [instruction, ...others].slice(0, most));
  }

  async remove(instruction: string): Promise<void> {
    await this.memory.update(
      key,
      this.all.filter((one) => one !== instruction),
    );
  }
}
