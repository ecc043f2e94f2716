import { useCallback, useEffect, useState } from 'react';
import { useClient } from 'urql';
import {
  ActivityDocument,
  type ActivityFieldsFragment,
  type ActivityType,
  NewActivityDocument,
} from '../../api/operations.ts';
import { useStore } from '../../api/store.ts';
import { useFaultText } from '../../api/use-fault-text.ts';
import { useSession } from '../../session/session.tsx';

const PAGE = 20;

interface Pages {
  /** The newest first, each once. */
  readonly entries: readonly ActivityFieldsFragment[];
  /** Where the next page begins; null after the last. */
  readonly next: string | null;
}

/** The sign-in activity as far as it was asked for, growing as things happen. */
export interface ActivityList {
  /** Null until it is known. */
  readonly pages: Pages | null;
  readonly fault: string | null;
  readonly isLoading: boolean;
  /** What has just happened, while this was in sight. */
  readonly latest: ActivityFieldsFragment | null;
  /** Reads the next page. */
  more(): void;
  /** Reads the first page anew. */
  refresh(): void;
}

/**
 * Reads the activity, and keeps it current.
 * @param types those to show, the same array each time; null: all
 */
export function useActivity(types: readonly ActivityType[] | null): ActivityList {
  const client = useClient();
  const { api } = useSession();
  const faultText = useFaultText();
  const connections = useStore(api.connections);
  const [pages, setPages] = useState<Pages | null>(null);
  const [latest, setLatest] = useState<ActivityFieldsFragment | null>(null);
  const [fault, setFault] = useState<string | null>(null);
  const [isLoading, setLoading] = useState(false);

  const load = async (after: string | null) => {
    setLoading(true);
    setFault(null);
    const { data, error } = await client
      .query(ActivityDocument, { first: PAGE, after, types }, { requestPolicy: 'network-only' })
      .toPromise();
    setLoading(false);
    if (error) return setFault(faultText(error));
    const page = data?.viewer?.loginActivity;
    if (!page) return;
    const { hasNextPage, endCursor } = page.pageInfo;
    const read = { entries: page.edges.map(({ node }) => node), next: hasNextPage ? endCursor : null };
    setPages((known) => (after === null ? underNewest(known, read) : joined(known, read)));
  };

  // biome-ignore lint/correctness/useExhaustiveDependencies: what was read before the line came back may be old
  useEffect(() => void load(null), [client, types, connections]);

  const take = useCallback(
    (entry: ActivityFieldsFragment) => {
      if (types && !types.includes(entry.type)) return;
      setLatest(entry);
      setPages((known) => known && { ...known, entries: united([entry], known.entries) });
    },
    [types],
  );
  useEffect(() => {
    const { unsubscribe } = client
      .subscription(NewActivityDocument, { after: null })
      .subscribe(({ data }) => data && take(data.loginActivity));
    return unsubscribe;
  }, [client, take]);

  return {
    pages,
    fault,
    isLoading,
    latest,
    more: () => void load(pages?.next ?? null),
    refresh: () => void load(null),
  };
}

/** The newest page over what was known: only that where so much has happened that nothing joins them. */
function underNewest(known: Pages | null, newest: Pages): Pages {
  const joins = known?.entries.some(({ id }) => newest.entries.some((entry) => entry.id === id));
  return known && joins ? { entries: united(newest.entries, known.entries), next: known.next } : newest;
}

function joined(known: Pages | null, older: Pages): Pages {
  return { entries: united(older.entries, known?.entries ?? []), next: older.next };
}

/** Each entry once, as it was read last; entries of one moment stay in the order in which they were read. */
function united(read: readonly ActivityFieldsFragment[], known: readonly ActivityFieldsFragment[]) {
  const ids = new Set(read.map(({ id }) => id));
  return [...read, ...known.filter(({ id }) => !ids.has(id))].sort(
    (one, other) => Date.parse(other.occurredAt) - Date.parse(one.occurredAt),
  );
}
