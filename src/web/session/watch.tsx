import { useEffect } from 'react';
import { useMutation, useSubscription } from 'urql';
import { NewActivityDocument, UpdateCurrentDeviceDocument } from '../api/operations.ts';
import { useStore } from '../api/store.ts';
import { notificationPermission } from '../prompts/notifications.ts';
import { useSession, useViewer } from './session.tsx';

/**
 * While somebody is signed in: holds the line on which the end of the session is told at once, and reads the account
 * again when something happened to it, or when the line was away.
 */
export function Watch() {
  const { api, refresh } = useSession();
  const connections = useStore(api.connections);
  const [{ data }] = useSubscription({ query: NewActivityDocument, variables: { after: null } });
  const latest = data?.loginActivity.id;
  useEffect(() => {
    if (latest || connections > 1) refresh();
  }, [latest, connections, refresh]);
  useRevokedNotifications();
  return null;
}

/** Who takes the permission back does so in the browser: the server is told at the next visit. */
function useRevokedNotifications(): void {
  const { currentDevice } = useViewer();
  const [, update] = useMutation(UpdateCurrentDeviceDocument);
  const isWrong = currentDevice.notificationsEnabled && notificationPermission() !== 'granted';
  useEffect(() => {
    if (isWrong) void update({ input: { notificationsEnabled: false } });
  }, [isWrong, update]);
}
