/** Work that must not run beside other work; knows no editor. */

/** Runs one thing after the other, whatever becomes of those before. */
export class Turns {
  private last: Promise<unknown> = Promise.resolve();

  after<T>(work: () => Promise<T>): Promise<T> {
    const result = this.last.then(work);
    this.last = result.catch(() => undefined);
    return result;
  }
}
