import { styleText } from 'node:util';

const TIME_WIDTH = 6;
const WHO_WIDTH = 8;

/** Where the story is told: a line for each step, with the milliseconds since the start and since the line before. */
export class Screen {
  private readonly startedAt = performance.now();
  private lastAt = this.startedAt;

  constructor(private readonly out: NodeJS.WriteStream) {}

  title(text: string): void {
    this.write(`\n${this.styled('bold', text)}\n`);
  }

  heading(text: string): void {
    const times = `${'ms'.padStart(TIME_WIDTH)} ${'step'.padStart(TIME_WIDTH)}`;
    this.write(`\n${this.styled('dim', times)}   ${this.styled('bold', text)}\n`);
  }

  /** @param marked a part of the text that stands out, such as a code */
  step(who: string, text: string, marked = ''): void {
    const now = performance.now();
    const total = (now - this.startedAt).toFixed(0).padStart(TIME_WIDTH);
    const step = `+${(now - this.lastAt).toFixed(0)}`.padStart(TIME_WIDTH);
    this.lastAt = now;
    const said = marked ? text.replace(marked, this.styled(['bold', 'green'], marked)) : text;
    this.write(`${this.styled('dim', `${total} ${step}`)}   ${this.styled('cyan', who.padEnd(WHO_WIDTH))} ${said}\n`);
  }

  /** What the server says to people about the step before. */
  aside(text: string): void {
    const indent = ' '.repeat(2 * TIME_WIDTH + WHO_WIDTH + 5);
    this.write(`${indent}${this.styled('dim', text)}\n`);
  }

  /** Plain text below the steps. */
  note(text: string): void {
    this.write(`${text}\n`);
  }

  /** Colours where they can be seen and NO_COLOR does not forbid them: styleText looks at the stream and at both. */
  private styled(format: Parameters<typeof styleText>[0], text: string): string {
    return styleText(format, text, { stream: this.out });
  }

  private write(text: string): void {
    this.out.write(text);
  }
}
