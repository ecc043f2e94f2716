import { useEffect } from 'react';
import { useStore } from '../api/store.ts';
import { useSession } from './session.tsx';

/** No event says that a device comes online or goes: it is looked up again. */
const LOOK_AGAIN_MS = 20_000;

/**
 * Has what depends on who is online read again: when the line comes to life, when the page comes into sight, and from
 * time to time while it is in sight.
 * @param look the same function at each render
 */
export function useLookAgain(look: () => void): void {
  const { api } = useSession();
  const connections = useStore(api.connections);
  // biome-ignore lint/correctness/useExhaustiveDependencies: what was read before the line came to life may be old
  useEffect(() => {
    const lookIfSeen = () => {
      if (document.visibilityState === 'visible') look();
    };
    lookIfSeen();
    document.addEventListener('visibilitychange', lookIfSeen);
    const timer = setInterval(lookIfSeen, LOOK_AGAIN_MS);
    return () => {
      document.removeEventListener('visibilitychange', lookIfSeen);
      clearInterval(timer);
    };
  }, [look, connections]);
}
