import { useEffect, useState } from 'react';

/**
 * A prompt comes unasked: whatever is pressed or clicked in this time was meant for what was there before it. People
 * need about half a second to see that something else is there now, and to stop.
 */
const UNNOTICED_MS = 700;

/** Whether what has just appeared has been in sight so long that an answer is meant for it. */
export function useIsNoticed(): boolean {
  const [isNoticed, setNoticed] = useState(false);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const begin = () => {
      clearTimeout(timer);
      setNoticed(false);
      if (document.visibilityState === 'visible') timer = setTimeout(() => setNoticed(true), UNNOTICED_MS);
    };
    begin();
    document.addEventListener('visibilitychange', begin);
    return () => {
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', begin);
    };
  }, []);
  return isNoticed;
}
