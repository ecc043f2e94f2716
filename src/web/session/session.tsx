import { createContext, type PropsWithChildren, useCallback, useContext, useEffect, useMemo, useState } from 'react';
import { Provider, useQuery } from 'urql';
import { Api } from '../api/api.ts';
import { ViewerDocument, type ViewerQuery } from '../api/operations.ts';

/** The account that is signed in here, as its session sees it. */
export type Viewer = NonNullable<ViewerQuery['viewer']>;

/** Why nobody is signed in, where there is something to say about it. */
export type Farewell = 'endedElsewhere' | 'passwordReset' | null;

interface SessionValue {
  readonly api: Api;
  /** Whether the server has not said yet who is signed in. */
  readonly isLoading: boolean;
  /** The server could not be asked who is signed in. */
  readonly isUnreachable: boolean;
  readonly viewer: Viewer | null;
  readonly farewell: Farewell;
  /** The server has just let this browser in. */
  entered(): void;
  /** This browser has just signed out, or must sign in again. */
  left(farewell?: Farewell): void;
  /** Asks again who is signed in, and how its account stands. */
  refresh(): void;
}

const SessionContext = createContext<SessionValue | null>(null);

/** Who is signed in. */
export function useSession(): SessionValue {
  const session = useContext(SessionContext);
  if (!session) throw new Error('useSession needs a SessionProvider above it');
  return session;
}

/** The account that is signed in, for what is shown only then. */
export function useViewer(): Viewer {
  const { viewer } = useSession();
  if (!viewer) throw new Error('useViewer is for pages of somebody who is signed in');
  return viewer;
}

/** Lets everything below talk to the server, and know who is signed in. */
export function SessionProvider({ language, children }: PropsWithChildren<{ language: () => string }>) {
  const [farewell, setFarewell] = useState<Farewell>(null);
  const [ends, setEnds] = useState(0);
  const [api] = useState(
    () => new Api({ origin: location.origin, language, onSessionEnd: () => setEnds((count) => count + 1) }),
  );
  const [life, setLife] = useState({ nth: 0, client: api.client });
  const begin = useCallback(
    (reason: Farewell) => {
      setFarewell(reason);
      setLife(({ nth }) => ({ nth: nth + 1, client: api.renew() }));
    },
    [api],
  );
  useEffect(() => {
    if (ends > 0) begin('endedElsewhere');
  }, [ends, begin]);
  return (
    <Provider value={life.client}>
      {/* A new life for all that is below: nothing that one account has seen is shown to the next. */}
      <SessionReader key={life.nth} api={api} farewell={farewell} begin={begin}>
        {children}
      </SessionReader>
    </Provider>
  );
}

interface ReaderProps {
  readonly api: Api;
  readonly farewell: Farewell;
  readonly begin: (farewell: Farewell) => void;
}

function SessionReader({ api, farewell, begin, children }: PropsWithChildren<ReaderProps>) {
  const [{ data, error }, ask] = useQuery({ query: ViewerDocument });
  const refresh = useCallback(() => ask({ requestPolicy: 'network-only' }), [ask]);
  const value = useMemo<SessionValue>(
    () => ({
      api,
      isLoading: !data && !error,
      isUnreachable: !data && error !== undefined,
      viewer: data?.viewer ?? null,
      farewell,
      entered: () => begin(null),
      left: (reason = null) => begin(reason),
      refresh,
    }),
    [api, data, error, farewell, begin, refresh],
  );
  return <SessionContext value={value}>{children}</SessionContext>;
}
