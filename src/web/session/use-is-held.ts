import { useViewer } from './session.tsx';

/** Whether a product holds the account: whoever it is of signs in there, and has no password here. */
export function useIsHeld(): boolean {
  return useViewer().externalId !== null;
}
