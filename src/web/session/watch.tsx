import { useEffect } from 'react';
import { useMutation, useSubscription } from 'urql';
import { NewActivityDocument, UpdateCurrentDeviceDocument } from '../api/operations.ts';
import { useStore } from '../api/store.ts';
import { notificationPermission } from '../prompts/notifications.ts';
import { useSession, useViewer } from './session.tsx';

/**
 * While somebody is signed in: holds the line on which the end of the session is told at once, has what is shown of the
 * account read again when something happened to it, and who is signed in when the line was away.
 */
export function Watch() {
  const { api, refresh } = useSession();
  const connections = useStore(api.connections);
  useSubscription({ query: NewActivityDocument, variables: { after: null }, context: changesTheAccount });
  useEffect(() => {
    if (connections > 1) refresh();
  }, [connections, refresh]);
  useRevokedNotifications();
  return null;
}

/** Whatever is shown of the account is then read again. */
const changesTheAccount = { additionalTypenames: ['Account'] };

/** Who takes the permission back does so in the browser: the server is told at the next visit. */
function useRevokedNotifications(): void {
  const { currentDevice } = useViewer();
  const [, update] = useMutation(UpdateCurrentDeviceDocument);
  const isWrong = currentDevice.notificationsEnabled && notificationPermission() !== 'granted';
  useEffect(() => {
    if (isWrong) void update({ input: { notificationsEnabled: false } });
  }, [isWrong, update]);
}
