/** Where commands print: their result on standard output, everything else beside it. */
export class Terminal {
  /** Whether results are printed as JSON: one object, and nothing else on standard output. */
  isJson = false;

  /** The result of a command, as an object or in words. */
  result(json: object, lines: readonly string[]): void {
    process.stdout.write(`${this.isJson ? JSON.stringify(json) : lines.join('\n')}\n`);
  }

  /** Something that the person should know, and a program need not. */
  note(line: string): void {
    process.stderr.write(`${line}\n`);
  }
}

/** Rows under their head, each column as wide as its widest cell. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => (row[column] ?? '').length)));
  return all.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
