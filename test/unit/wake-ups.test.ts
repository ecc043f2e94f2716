import { describe, expect, test } from '@jest/globals';
import { type FeedEvent, type WakeUp, type Webhook, wakeUpOf } from '../../packages/server/dist/index.js';

// Which devices a product's backend wakes, with its own keys for push.

const [LOGIN, CONFIRMATION] = ['req_5b1f8b8e-9d0d-4a2e-8a53-0f6b7c1d2e3f', 'cnf_5b1f8b8e-9d0d-4a2e-8a53-0f6b7c1d2e3f'];
const at = Date.parse('2026-11-30T12:00:00.000Z');
const inMinutes = (minutes: number) => new Date(at + minutes * 60_000).toISOString();

function event(fields: Partial<FeedEvent>): FeedEvent {
  return {
    ...{ id: 'event', cursor: 'cursor', type: 'LOGIN_REQUESTED', occurredAt: inMinutes(0), accountId: 'ada' },
    ...{ externalId: null, sessionId: null, deviceId: 'laptop', deviceIds: ['phone', 'tablet'], promptId: LOGIN },
    ...{ requestId: null, purpose: null, expiresAt: inMinutes(10) },
    ...fields,
  };
}

const over = (fields: Partial<FeedEvent> = {}) => event({ type: 'CODE_OVER', expiresAt: null, ...fields });

describe('the devices that may show a code are woken', () => {
  const shown = { deviceIds: ['phone', 'tablet'], accountId: 'ada', externalId: null, ttlSeconds: 600 };
  test.each<[string, FeedEvent, Partial<WakeUp>]>([
    ['for a sign-in', event({}), { action: 'SHOW', kind: 'LOGIN', promptId: LOGIN }],
    [
      'for a sign-in that your backend started',
      event({ purpose: 'SIGN_IN', requestId: 'r', externalId: 'user-7' }),
      { action: 'SHOW', kind: 'LOGIN', promptId: LOGIN, externalId: 'user-7' },
    ],
    [
      'for an action',
      event({ type: 'CONFIRMATION_REQUESTED', promptId: CONFIRMATION, purpose: 'CONFIRM' }),
      { action: 'SHOW', kind: 'CONFIRMATION', promptId: CONFIRMATION },
    ],
    ['once it is over', over(), { action: 'TAKE_DOWN', kind: 'LOGIN', promptId: LOGIN }],
    [
      'once an action is over',
      over({ promptId: CONFIRMATION, purpose: 'DISABLE_TWO_STEP' }),
      { action: 'TAKE_DOWN', kind: 'CONFIRMATION', promptId: CONFIRMATION },
    ],
  ])('%s', (_when, told, wakeUp) => {
    expect(wakeUpOf(told, at)).toEqual({ ...shown, expiresAt: at / 1000 + 600, ...wakeUp });
  });

  test('by a webhook as by the feed', () => {
    const told = event({});
    const webhook: Webhook = {
      ...{ id: told.id, type: told.type, timestamp: told.occurredAt },
      data: { ...told, sequence: 7 },
    };
    expect(wakeUpOf(webhook, at)).toEqual(wakeUpOf(told, at));
  });

  test('for as long as the code lives from now on, and for no longer than it ever did', () => {
    const ttlAfter = (seconds: number) => wakeUpOf(event({}), at + seconds * 1000)?.ttlSeconds ?? null;
    expect([0, 30, 598, 599.5, 600, 86_400].map(ttlAfter)).toEqual([600, 570, 2, null, null, null]);
    // A clock that is behind.
    expect(ttlAfter(-86_400)).toBe(600);
  });
});

describe('nobody is woken', () => {
  test.each<[string, FeedEvent]>([
    ['by another event', event({ type: 'LOGIN_DENIED' })],
    ['by a heartbeat', event({ type: 'HEARTBEAT', accountId: null, deviceIds: null, promptId: null })],
    ['where no device may show the code', event({ deviceIds: [] })],
    ['where none is named', event({ deviceIds: null })],
    ['by what names no prompt', event({ promptId: null })],
    ['by what has no end', event({ expiresAt: null })],
  ])('%s', (_what, told) => {
    expect(wakeUpOf(told, at)).toBeNull();
  });
});

test('a wake-up holds ids, times and nothing else', () => {
  expect(Object.keys(wakeUpOf(event({}), at) ?? {})).toEqual([
    ...['action', 'kind', 'promptId', 'deviceIds', 'accountId', 'externalId', 'ttlSeconds', 'expiresAt'],
  ]);
});
