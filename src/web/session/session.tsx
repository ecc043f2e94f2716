import {
  createContext,
  type PropsWithChildren,
  useCallback,
  useContext,
  useEffect,
  useMemo,
  useRef,
  useState,
} from 'react';
import { useTranslation } from 'react-i18next';
import { Provider, useClient, useQuery } from 'urql';
import { Api } from '../api/api.ts';
import { serverAddress } from '../api/base-path.ts';
import { ViewerDocument, type ViewerQuery } from '../api/operations.ts';
import { useOtherTabs } from './use-other-tabs.ts';

/** The account that is signed in here, as its session sees it. */
export type Viewer = NonNullable<ViewerQuery['viewer']>;

/** What the server says of itself to everybody: its name, and what a password needs. */
export type Settings = ViewerQuery['settings'];

/**
 * Why nobody is signed in, where there is something to say about it. `notKept`: the server let somebody in, but the
 * browser has not kept the cookie that says so.
 */
export type Farewell = 'notKept' | 'endedElsewhere' | 'leftInAnotherTab' | 'leftToProduct' | 'passwordReset' | null;

interface SessionValue {
  readonly api: Api;
  /** Whether the server has not said yet who is signed in. */
  readonly isLoading: boolean;
  /** The server could not be asked who is signed in. */
  readonly isUnreachable: boolean;
  /** Null until the server has answered. */
  readonly settings: Settings | null;
  readonly viewer: Viewer | null;
  readonly farewell: Farewell;
  /** The server has just let this browser in. */
  entered(): void;
  /**
   * Does what ends this very session, such as signing out: that the session is over is then no surprise.
   * @param work whether it was done; if not, all stays as it was
   * @returns whether it was done
   */
  leave(work: () => Promise<boolean>, farewell?: Farewell): Promise<boolean>;
  /** Asks again who is signed in, and how its account stands: resolves once that is shown, or could not be asked. */
  refresh(): Promise<void>;
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

/** What the server says of itself, for what is shown once it has answered. */
export function useSettings(): Settings {
  const { settings } = useSession();
  if (!settings) throw new Error('useSettings is for pages that are shown once the server has answered');
  return settings;
}

/** Lets everything below talk to the server, and know who is signed in. */
export function SessionProvider({ language, children }: PropsWithChildren<{ language: () => string }>) {
  const [farewell, setFarewell] = useState<Farewell>(null);
  const [anotherAccounts, setAnotherAccounts] = useState(0);
  const isLeaving = useRef(false);
  const begun = useRef<(reason: Farewell) => void>(() => {});
  const [api] = useState(() => {
    // At once: what another tab says of the end a moment later tells more, and must come after it.
    const onSessionEnd = () => !isLeaving.current && begun.current('endedElsewhere');
    const onAnotherAccount = () => setAnotherAccounts((times) => times + 1);
    return new Api({ address: serverAddress, language, onSessionEnd, onAnotherAccount });
  });
  const [life, setLife] = useState({ nth: 0, client: api.client });
  const begin = useCallback(
    (reason: Farewell) => {
      setFarewell(reason);
      // At once, not when React gets to it: what still comes for the life that is over would be taken for news of this one.
      const client = api.renew();
      setLife(({ nth }) => ({ nth: nth + 1, client }));
    },
    [api],
  );
  useEffect(() => {
    begun.current = begin;
  }, [begin]);
  useEffect(() => {
    if (anotherAccounts > 0) begin(null);
  }, [anotherAccounts, begin]);
  const tellOtherTabs = useOtherTabs(begin);
  const entered = useCallback(() => {
    // Said only where nobody is signed in after all.
    begin('notKept');
    tellOtherTabs(null);
  }, [begin, tellOtherTabs]);
  const { i18n } = useTranslation();
  useEffect(() => {
    const speakAnew = () => api.speakAnew();
    i18n.on('languageChanged', speakAnew);
    return () => i18n.off('languageChanged', speakAnew);
  }, [api, i18n]);
  const leave = useCallback(
    async (work: () => Promise<boolean>, reason: Farewell = null) => {
      isLeaving.current = true;
      try {
        if (!(await work())) return false;
        begin(reason);
        tellOtherTabs(reason ?? 'leftInAnotherTab');
        return true;
      } finally {
        isLeaving.current = false;
      }
    },
    [begin, tellOtherTabs],
  );
  return (
    <Provider value={life.client}>
      {/* A new life for all that is below: nothing that one account has seen is shown to the next. */}
      <SessionReader key={life.nth} api={api} farewell={farewell} entered={entered} leave={leave}>
        {children}
      </SessionReader>
    </Provider>
  );
}

interface ReaderProps {
  readonly api: Api;
  readonly farewell: Farewell;
  readonly entered: () => void;
  readonly leave: SessionValue['leave'];
}

function SessionReader({ api, farewell, entered, leave, children }: PropsWithChildren<ReaderProps>) {
  const client = useClient();
  const [{ data, error }] = useQuery({ query: ViewerDocument });
  // Once it could not be asked, it stays so until it answers: a page that asks again and again does not flicker.
  const [isUnreachable, setUnreachable] = useState(false);
  if (error && !data && !isUnreachable) setUnreachable(true);
  if (data && isUnreachable) setUnreachable(false);
  const refresh = useCallback(async () => {
    await client.query(ViewerDocument, {}, { requestPolicy: 'network-only' }).toPromise();
  }, [client]);
  const value = useMemo<SessionValue>(
    () => ({
      api,
      isLoading: !data && !isUnreachable,
      isUnreachable,
      settings: data?.settings ?? null,
      viewer: data?.viewer ?? null,
      farewell,
      entered,
      leave,
      refresh,
    }),
    [api, data, isUnreachable, farewell, entered, leave, refresh],
  );
  return <SessionContext value={value}>{children}</SessionContext>;
}
