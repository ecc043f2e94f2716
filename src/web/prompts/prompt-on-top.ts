import { useEffect } from 'react';
import { Store } from '../api/store.ts';

/** Whether a sign-in is before the person: what is to be confirmed waits behind it, so that no two codes are in sight. */
export const signInOnTop = new Store(false);

/** Says so for as long as it is. */
export function useSignInOnTop(isOnTop: boolean): void {
  useEffect(() => {
    signInOnTop.set(isOnTop);
    return () => signInOnTop.set(false);
  }, [isOnTop]);
}
