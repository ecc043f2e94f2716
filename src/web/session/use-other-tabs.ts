import { useCallback, useEffect, useRef } from 'react';
import type { Farewell } from './session.tsx';

const CHANNEL = 'doorstep-session';

/**
 * The tabs of one browser share its cookies, and so who is signed in: each tells the others at once when that changes.
 * @param onChange called with what the other tab says of it: why nobody is signed in any more; null where somebody is
 * @returns tells the other tabs
 */
export function useOtherTabs(onChange: (farewell: Farewell) => void): (farewell: Farewell) => void {
  const channel = useRef<BroadcastChannel>(null);
  useEffect(() => {
    const opened = openChannel();
    if (!opened) return;
    opened.onmessage = ({ data }: MessageEvent<Farewell>) => onChange(data);
    channel.current = opened;
    return () => opened.close();
  }, [onChange]);
  return useCallback((farewell) => channel.current?.postMessage(farewell), []);
}

/** Null where the browser has none, or lets this page have none: then the line to the server tells of it. */
function openChannel(): BroadcastChannel | null {
  try {
    return new BroadcastChannel(CHANNEL);
  } catch {
    return null;
  }
}
