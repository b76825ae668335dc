/** What the caller wrote and no worker has taken yet: whoever goes on with the call after a crash is sent it again. */
export class Unheard {
  private texts: string[] = [];

  wrote(text: string): void {
    this.texts.push(text.trim());
  }

  /** A worker has it in its journal. */
  taken(text: string): void {
    const at = this.texts.indexOf(text.trim());
    if (at >= 0) this.texts.splice(at, 1);
  }

  /** In the order in which it was written. */
  get all(): readonly string[] {
    return [...this.texts];
  }
}
