import { useCallback, useEffect } from 'react';

/**
 * Tells the server, once, that a person can see a prompt: not while the page is in a tab behind others.
 * @param id undefined: none is shown
 */
export function useSeen(id: string | undefined, acknowledge: (variables: { id: string }) => Promise<unknown>): void {
  const tell = useCallback(() => {
    if (id && document.visibilityState === 'visible') void acknowledge({ id });
  }, [id, acknowledge]);
  useEffect(() => {
    tell();
    document.addEventListener('visibilitychange', tell);
    return () => document.removeEventListener('visibilitychange', tell);
  }, [tell]);
}
