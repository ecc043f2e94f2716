import { useQuery } from 'urql';
import { ActivityDocument } from '../../api/operations.ts';
import type { Happening } from './happenings.ts';
import { kindOf } from './kinds.ts';

/** The most that the server gives at once. */
const LATEST = 100;

/** The latest entries of every kind, whatever the list shows. */
export function useLatestActivity() {
  const [{ data, error }] = useQuery({
    query: ActivityDocument,
    variables: { first: LATEST, after: null, types: null },
  });
  const connection = data?.viewer?.loginActivity;
  return { entries: connection?.edges.map(({ node }) => node), hasOlder: connection?.pageInfo.hasNextPage, error };
}

/** Whether a happening is worth a mark as from a new country: the first country of all is no news. */
export function useIsFromNewCountry(): (happening: Happening) => boolean {
  const { entries = [], hasOlder = false } = useLatestActivity();
  return ({ isNewLocation, head }) =>
    isNewLocation &&
    (hasOlder ||
      entries.some(
        ({ type, occurredAt, location: { countryCode } }) =>
          countryCode !== null &&
          countryCode !== head.location.countryCode &&
          kindOf(type) !== 'refused' &&
          Date.parse(occurredAt) < Date.parse(head.occurredAt),
      ));
}
