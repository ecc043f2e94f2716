/**
 * What the browser keeps for the client under one name. Where its owner lets pages keep nothing, or there is no room,
 * the page remembers it itself until it is loaded again.
 */
export class Kept {
  private remembered: string | null = null;

  constructor(
    /** `localStorage`: for good; `sessionStorage`: for the tab. */
    private readonly storage: 'localStorage' | 'sessionStorage',
    private readonly name: string,
  ) {}

  read(): string | null {
    try {
      return window[this.storage].getItem(this.name) ?? this.remembered;
    } catch {
      return this.remembered;
    }
  }

  write(value: string): void {
    this.remembered = value;
    try {
      window[this.storage].setItem(this.name, value);
      // Whoever clears the storage clears all of it.
      this.remembered = null;
    } catch {
      // Blocked, absent or full: it is remembered.
    }
  }

  forget(): void {
    this.remembered = null;
    try {
      window[this.storage].removeItem(this.name);
    } catch {
      // Then nothing is kept.
    }
  }
}
