import { createContext, type PropsWithChildren, useContext, useMemo, useState } from 'react';

interface TypedEmail {
  /** Null until something was typed. */
  readonly email: string | null;
  readonly setEmail: (email: string) => void;
}

const TypedEmailContext = createContext<TypedEmail>({ email: null, setEmail: () => undefined });

/** Carries the typed address from one page before the door to the next, for as long as nobody signs in or out. */
export function TypedEmailProvider({ children }: PropsWithChildren) {
  const [email, setEmail] = useState<string | null>(null);
  const typed = useMemo(() => ({ email, setEmail }), [email]);
  return <TypedEmailContext value={typed}>{children}</TypedEmailContext>;
}

/**
 * The address as it was typed last, on whichever page.
 * @param known what stands there before anything was typed
 */
export function useTypedEmail(known: string): [email: string, setEmail: (email: string) => void] {
  const { email, setEmail } = useContext(TypedEmailContext);
  const [atFirst] = useState(known);
  return [email ?? atFirst, setEmail];
}
