import { groupedBy } from '../grouping.js';
import type { Check, Violation } from '../violation.js';

/** What one send may take, whatever the mail server does: the three times of the site, one after the other. */
const SEND_MS = 60_000;

/** How often a mail server may have a mail that it does not say it has. */
const SENDS_AT_MOST = 2;

/** Every mail that was to leave has left or was given up; those that left twice are the same. */
export const checkMails: Check = ({ history, tables }) => {
  const taken = groupedBy(
    history.mails.filter(({ isTaken }) => isTaken),
    ({ deliveryId }) => deliveryId,
  );
  return [
    ...[...taken].flatMap(([deliveryId, mails]): Violation[] => {
      if (mails.length <= SENDS_AT_MOST) return [];
      const what = `mail ${deliveryId} was taken ${mails.length} times`;
      return [{ promise: 'a mail whose fate is unknown is sent once more', what, about: [deliveryId], at: null }];
    }),
    ...tables.rows('delivery').flatMap((delivery): Violation[] => {
      if (delivery.method !== 'EMAIL' || delivery.isWithheld) return [];
      const about = [delivery.id, delivery.challengeId ?? ''];
      if (delivery.state !== 'SENT' && delivery.state !== 'FAILED') {
        return [
          {
            promise: 'every mail is sent or given up',
            what: `mail ${delivery.id} is ${delivery.state}`,
            about,
            at: null,
          },
        ];
      }
      if (delivery.state === 'FAILED' || taken.has(delivery.id)) return [];
      return [{ promise: 'a mail that was sent was taken', what: `nobody took mail ${delivery.id}`, about, at: null }];
    }),
    ...history.mails.flatMap(({ deliveryId, code, at, isTaken }): Violation[] => {
      const delivery = tables.row('delivery', deliveryId);
      const challenge = delivery?.challengeId ? tables.row('challenge', delivery.challengeId) : null;
      const about = [deliveryId, challenge?.id ?? ''];
      if (!delivery) {
        return [{ promise: 'what was answered has happened', what: `mail ${deliveryId} has no row`, about, at }];
      }
      const right = challenge ? tables.codes.get(challenge.id) : null;
      // A sign-up for an address that is taken is told so, without a code.
      const isSame = code === right || (challenge?.purpose === 'SIGN_UP' && code === null);
      if (!isSame) {
        return [
          { promise: 'a mail sent twice is the same mail', what: `mail ${deliveryId} has the code ${code}`, about, at },
        ];
      }
      const overAt = challenge
        ? Math.min(challenge.endedAt ?? Number.POSITIVE_INFINITY, challenge.expiresAt)
        : Number.POSITIVE_INFINITY;
      const stopped = history.faults.filter((fault) => fault.from < at && fault.to > overAt);
      const pausedMs = stopped.reduce((sum, fault) => sum + fault.to - fault.from, 0);
      if (!isTaken || at <= overAt + SEND_MS + pausedMs) return [];
      const what = `mail ${deliveryId} left ${at - overAt} ms after its challenge was over`;
      return [{ promise: 'no code is mailed for a challenge that is over', what, about, at }];
    }),
  ];
};

/**
 * Processes run until they are told to stop, and then stop cleanly. One that has to wait for a store which is broken gives
 * up within its ten seconds, and says so with its exit code.
 */
export const checkProcesses: Check = ({ history }) =>
  history.exits.flatMap(({ process, at, wasAsked, code, afterMs, lastWords }): Violation[] => {
    const isCalm = !history.faults.some(
      (fault) => !fault.kind.startsWith('replace') && fault.from < at + afterMs && fault.to > at,
    );
    if (wasAsked && (code === 0 || (code === 1 && !isCalm))) return [];
    const why = wasAsked ? `${Math.round(afterMs)} ms after it was told to` : 'by itself';
    const what = `${process} ended with ${code}, ${why}; it said:\n${lastWords}`;
    return [{ promise: 'a process runs until it is told to stop', what, about: [process], at }];
  });
