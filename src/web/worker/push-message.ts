/** What a push tells: ids alone, since it passes through a service of somebody else. All that is shown is asked for. */
export interface PushMessage {
  readonly kind: 'LOGIN' | 'CONFIRMATION' | 'TEST' | 'UNKNOWN';
  /** Of the prompt; empty where it is about none. */
  readonly id: string;
}

const unknown: PushMessage = { kind: 'UNKNOWN', id: '' };

/** Reads a push. A newer server may send what this worker does not know: then it is a reason to open the page. */
export function pushMessageOf(text: string): PushMessage {
  try {
    const { kind, id }: { readonly kind?: unknown; readonly id?: unknown } = JSON.parse(text);
    if (kind === 'TEST') return { kind, id: '' };
    if (typeof id !== 'string') return unknown;
    // The id says what it is of.
    if (id.startsWith('req_')) return { kind: 'LOGIN', id };
    return id.startsWith('cnf_') ? { kind: 'CONFIRMATION', id } : unknown;
  } catch {
    return unknown;
  }
}
