/** The inputs that wait for an answer; knows no editor. What shows itself unasked would take the keyboard from them. */
export class Questions {
  private readonly open = new Set<PromiseLike<unknown>>();

  /** Count a question as open until it has its answer. */
  async during<T>(answer: PromiseLike<T>): Promise<T> {
    this.open.add(answer);
    try {
      return await answer;
    } finally {
      this.open.delete(answer);
    }
  }

  /** Comes once no question is open. */
  async over(): Promise<void> {
    while (this.open.size > 0) await Promise.allSettled(this.open);
  }
}
