/** A text of a catalogue with its places filled in. */
export function fill(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(/{{(\w+)}}/g, (_place, name: string) => values[name] ?? '');
}
