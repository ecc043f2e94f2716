import type { InferEntity } from '@mikro-orm/core';
import { AccountRow } from '../accounts/account.entity.js';
import { ClientRow } from '../clients/client.entity.js';
import type { BoundAction } from '../codes/codes.js';
import { DeviceRow, type PlatformName } from '../devices/device.entity.js';
import type { Method } from '../outbox/delivery.entity.js';
import { defineEntity, p } from '../sql/table.js';

export const purposes = [
  'SIGN_UP',
  'SIGN_IN',
  'ENABLE_TWO_STEP',
  'RESET_PASSWORD',
  'CONFIRM',
  'DISABLE_TWO_STEP',
  'PROVE_ADDRESS',
] as const;
export type Purpose = (typeof purposes)[number];

export const challengeStates = ['PENDING', 'VERIFIED', 'DENIED', 'EXPIRED', 'LOCKED', 'CANCELLED'] as const;
export type State = (typeof challengeStates)[number];

/** A question that a device answers with a code. The code itself is derived from id, salt and key, and stored nowhere. */
export const ChallengeRow = defineEntity({
  name: 'ChallengeRow',
  tableName: 'challenge',
  indexes: [
    { properties: ['accountId', 'createdAt'] },
    { properties: ['email', 'createdAt'] },
    { properties: ['expiresAt'] },
  ],
  checks: [{ name: 'challenge_request_check', expression: '(client_id is null) = (request_id is null)' }],
  properties: {
    id: p.uuid().primary(),
    /** Null where no account is meant: a sign-up, or a reset for an address that nobody has (a decoy). */
    accountId: () => p.manyToOne(AccountRow).mapToPk().fieldName('account_id').nullable().deleteRule('cascade'),
    purpose: p.text().$type<Purpose>(),
    /** EXPIRED is never stored: it is PENDING past `expiresAt`. */
    state: p.text().$type<Exclude<State, 'EXPIRED'>>().default('PENDING'),
    /** SHA-256 of the token. */
    tokenHash: p.blob().unique(),
    keyId: p.text(),
    salt: p.blob(),
    codeLength: p.smallint(),
    tries: p.integer().default(0),
    /** RESET_PASSWORD: new passwords that were judged for it. */
    judgements: p.integer().default(0),
    sends: p.integer().default(0),
    /** How the code went out last. */
    method: p.text().$type<Method>(),
    lastAppSendAt: p.datetime().columnType('timestamptz').nullable(),
    lastMailSendAt: p.datetime().columnType('timestamptz').nullable(),
    /** When the code was first given to a channel. Before that every code is wrong. */
    codeGivenAt: p.datetime().columnType('timestamptz').nullable(),
    /** When the code was first given to the mail server. */
    mailedAt: p.datetime().columnType('timestamptz').nullable(),
    /** The account's epoch under which a password was proven for it; null where none was. */
    epoch: p.integer().nullable(),
    /** The session that started it, where one did. */
    sessionId: p.uuid().nullable(),
    /** The API client whose backend started it, and that backend's id of it; null: whoever answers it did. */
    clientId: () => p.manyToOne(ClientRow).mapToPk().fieldName('client_id').nullable().deleteRule('restrict'),
    requestId: p.text().nullable(),
    /** What its code stands for besides the challenge itself. */
    action: p.json().columnType('jsonb').$type<BoundAction>().nullable(),
    /** The device that asks, where it is known already. */
    deviceId: () => p.manyToOne(DeviceRow).mapToPk().fieldName('device_id').nullable().deleteRule('set null'),
    /** The device that this challenge signed in. */
    signedInDeviceId: () =>
      p.manyToOne(DeviceRow).mapToPk().fieldName('signed_in_device_id').nullable().deleteRule('set null'),
    /** Where mail goes; as typed where no account was proven. */
    email: p.text(),
    /** SIGN_UP: the new account's password hash; gone as soon as the challenge is over. */
    passwordHash: p.text().nullable().hidden(),
    /** RESET_PASSWORD and SIGN_IN: whether codes by mail are held for this device after a reset. */
    mailHeld: p.boolean().default(false),
    /** Whether trusted devices are not prompted, because too many prompts stand unanswered. */
    isSilent: p.boolean().default(false),
    deviceName: p.text(),
    deviceModel: p.text().nullable(),
    platform: p.text().$type<PlatformName>(),
    osVersion: p.text().nullable(),
    appVersion: p.text().nullable(),
    notificationsEnabled: p.boolean().nullable(),
    ipAddress: p.text(),
    locale: p.text(),
    createdAt: p.datetime().columnType('timestamptz').defaultRaw('clock_timestamp()'),
    expiresAt: p.datetime().columnType('timestamptz'),
    endedAt: p.datetime().columnType('timestamptz').nullable(),
  },
});
export type ChallengeRow = InferEntity<typeof ChallengeRow>;

/** That a challenge's code was written to a trusted device's socket, and whether the app there said that it shows it. */
export const DisplayRow = defineEntity({
  name: 'DisplayRow',
  tableName: 'display',
  properties: {
    challengeId: () => p.manyToOne(ChallengeRow).mapToPk().fieldName('challenge_id').deleteRule('cascade').primary(),
    deviceId: () => p.manyToOne(DeviceRow).mapToPk().fieldName('device_id').deleteRule('cascade').primary(),
    shownAt: p.datetime().columnType('timestamptz').defaultRaw('clock_timestamp()'),
    seenAt: p.datetime().columnType('timestamptz').nullable(),
  },
});
export type DisplayRow = InferEntity<typeof DisplayRow>;
