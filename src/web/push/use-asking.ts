import { useState } from 'react';
import { notificationPermission } from '../prompts/notifications.ts';
import { Kept } from '../session/kept.ts';
import { useSettings, useViewer } from '../session/session.tsx';
import { canBeWoken } from './browser.ts';

/** Kept by the browser: somebody has put off the question here. */
const later = new Kept('localStorage', 'doorstep-push-later');

/**
 * Whether this is the moment to ask: the device shows codes, could be woken for them, and nobody has decided about it here.
 * That is so on the first page after it came to be trusted.
 */
export function useAsking() {
  const { isTrusted, receivesCodes, hasPush } = useViewer().currentDevice;
  const { pushKey } = useSettings();
  const [isUndecided] = useState(
    () =>
      isTrusted &&
      receivesCodes &&
      !hasPush &&
      pushKey !== null &&
      canBeWoken() &&
      notificationPermission() === 'default' &&
      later.read() === null,
  );
  const [isPutOff, setPutOff] = useState(false);
  const putOff = () => {
    later.write('yes');
    setPutOff(true);
  };
  return { isAsking: isUndecided, putOff: isUndecided && !isPutOff ? putOff : undefined };
}
