import type { InferEntity } from '@mikro-orm/core';
import { AccountRow } from '../accounts/account.entity.js';
import { defineEntity, p } from '../sql/table.js';

export const platforms = ['ANDROID', 'IOS', 'WINDOWS', 'MACOS', 'LINUX', 'WEB', 'OTHER'] as const;
export type PlatformName = (typeof platforms)[number];

/** A device that has signed in to an account. Whether it is trusted is decided in SQL, see `isTrusted` in devices.ts. */
export const DeviceRow = defineEntity({
  name: 'DeviceRow',
  tableName: 'device',
  indexes: [{ properties: ['accountId'] }],
  properties: {
    id: p.uuid().primary().defaultRaw('gen_random_uuid()'),
    accountId: () => p.manyToOne(AccountRow).mapToPk().fieldName('account_id').deleteRule('cascade'),
    name: p.text(),
    model: p.text().nullable(),
    platform: p.text().$type<PlatformName>(),
    osVersion: p.text().nullable(),
    appVersion: p.text().nullable(),
    notificationsEnabled: p.boolean(),
    /** Its owner's choice: whether it shows codes while it is trusted. */
    receivesCodes: p.boolean().default(true),
    trustedAt: p.datetime().columnType('timestamptz').nullable(),
    /** Whether it was trusted when the password was reset: codes by mail stay open to it while they are held for others. */
    trustedAtReset: p.boolean().default(false),
    lastSeenAt: p.datetime().columnType('timestamptz').defaultRaw('clock_timestamp()'),
    lastIpAddress: p.text(),
    createdAt: p.datetime().columnType('timestamptz').defaultRaw('clock_timestamp()'),
    removedAt: p.datetime().columnType('timestamptz').nullable(),
  },
});
export type DeviceRow = InferEntity<typeof DeviceRow>;

/** One of the secrets that name a device. Those issued from one token are equally good until one of them is used. */
export const DeviceTokenRow = defineEntity({
  name: 'DeviceTokenRow',
  tableName: 'device_token',
  indexes: [{ properties: ['deviceId'] }],
  properties: {
    /** SHA-256 of the token. */
    hash: p.blob().primary(),
    deviceId: () => p.manyToOne(DeviceRow).mapToPk().fieldName('device_id').deleteRule('cascade'),
    /** The token that was presented when this one was issued; null for the first. */
    parentHash: p.blob().nullable(),
    issuedAt: p.datetime().columnType('timestamptz').defaultRaw('clock_timestamp()'),
    usedAt: p.datetime().columnType('timestamptz').nullable(),
    retiredAt: p.datetime().columnType('timestamptz').nullable(),
  },
});
export type DeviceTokenRow = InferEntity<typeof DeviceTokenRow>;

/**
 * By which a push service wakes a device (RFC 8030): where, and what the message is encrypted with (RFC 8291). It is the
 * session's that registered it, and good for as long as that is live and the device trusted, see `hasPush`.
 */
export const PushSubscriptionRow = defineEntity({
  name: 'PushSubscriptionRow',
  tableName: 'push_subscription',
  indexes: [
    { properties: ['sessionId'] },
    { properties: ['origin', 'keyId', 'acceptedAt'] },
    { properties: ['checkedAt'] },
  ],
  properties: {
    deviceId: () => p.manyToOne(DeviceRow).mapToPk().fieldName('device_id').deleteRule('cascade').primary(),
    /** Of the device, and of no table here: sessions are above devices. Where its row is gone, so is this. */
    sessionId: p.uuid(),
    endpoint: p.text().unique(),
    /** The push service: the endpoint's origin. */
    origin: p.text(),
    /** The public key of the subscription, 65 bytes, and its secret, 16 bytes. */
    p256dh: p.blob(),
    auth: p.blob(),
    /** The key of `VAPID_KEYS` that it was made under: the push service takes messages under no other. */
    keyId: p.text(),
    createdAt: p.datetime().columnType('timestamptz').defaultRaw('clock_timestamp()'),
    /** When it was last looked at whether it lapsed, as it does with its session. */
    checkedAt: p.datetime().columnType('timestamptz').defaultRaw('clock_timestamp()'),
    /** When the push service last took a message for it. */
    acceptedAt: p.datetime().columnType('timestamptz').nullable(),
    /** Since when it refuses what is sent, though it may be that this server is at fault. */
    refusedAt: p.datetime().columnType('timestamptz').nullable(),
  },
});
export type PushSubscriptionRow = InferEntity<typeof PushSubscriptionRow>;

/** That a device holds an open subscription on a server. */
export const PresenceRow = defineEntity({
  name: 'PresenceRow',
  tableName: 'presence',
  indexes: [{ properties: ['serverId'] }],
  properties: {
    deviceId: () => p.manyToOne(DeviceRow).mapToPk().fieldName('device_id').deleteRule('cascade').primary(),
    serverId: p.uuid().primary(),
    /** Infinity: it is there for as long as its server is. Servers of older versions renew each row, and know no other. */
    renewedAt: p.datetime().columnType('timestamptz').defaultRaw('clock_timestamp()'),
  },
});
export type PresenceRow = InferEntity<typeof PresenceRow>;

/** A server that holds subscriptions; void, and all that are present there, when it was not renewed for a while. */
export const ApiServerRow = defineEntity({
  name: 'ApiServerRow',
  tableName: 'api_server',
  properties: {
    id: p.uuid().primary(),
    renewedAt: p.datetime().columnType('timestamptz').defaultRaw('clock_timestamp()'),
  },
});
export type ApiServerRow = InferEntity<typeof ApiServerRow>;
