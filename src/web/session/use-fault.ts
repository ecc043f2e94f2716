import type { CombinedError } from '@urql/core';
import { useState } from 'react';
import { useStore } from '../api/store.ts';
import { useFaultText } from '../api/use-fault-text.ts';
import { useSession } from './session.tsx';

interface Fault {
  readonly text: string;
  /** How often the line had come to life when the server could not be reached; null where that was not what was wrong. */
  readonly connections: number | null;
}

/** What went wrong with the last request; that the server could not be reached is said until the line is back. */
export function useFault() {
  const { api } = useSession();
  const faultText = useFaultText();
  const connections = useStore(api.connections);
  const [fault, setFault] = useState<Fault | null>(null);
  const isOver = fault === null || (fault.connections !== null && fault.connections < connections);
  return {
    fault: isOver ? null : fault.text,
    /** Shows an error. */
    refuse(error: CombinedError): void {
      setFault({ text: faultText(error), connections: error.networkError ? api.connections.get() : null });
    },
    /** Shows a refusal of the server, which says itself what is to be done; null where there is none any more. */
    say(text: string | null): void {
      setFault(text === null ? null : { text, connections: null });
    },
  };
}
