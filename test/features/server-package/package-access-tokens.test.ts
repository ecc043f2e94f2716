import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Backend } from '../../support/backend.js';
import { Door } from '../../support/doors.js';
import type { Handset } from '../../support/handset.js';
import { Servers } from '../../support/servers.js';
import { until } from '../../support/waiting.js';

// @doorstep/server: who is signed in by an access token.

let servers: Servers;
let shop: Backend;
beforeAll(async () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const key = privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64');
  servers = await Servers.start({ env: { SIGNING_KEYS: `test:${key}` } });
  shop = await backendOf('orders');
});
afterAll(() => servers[Symbol.asyncDispose]());

/** A backend that has a service of this name. */
async function backendOf(audience: string): Promise<Backend> {
  const backend = await Backend.add(servers, { ownAccounts: true });
  await servers.database.query('update api_client set audiences = $2 where id = $1', [backend.id, [audience]]);
  return backend;
}

async function accessTokenOf(phone: Handset): Promise<string> {
  const { token } = await phone.ask<{ token: string }>(
    'mutation { result: createAccessToken(audience: "orders") { token } }',
  );
  return token;
}

test('it is asked each time, also where answers are kept, so that it ends when it says', async () => {
  await using door = Door.of(shop, { keepChecks: true });
  const phone = await servers.signedUp();
  const token = await accessTokenOf(phone);
  const isKept = async () => (await door.questionsDuring(() => door.its.check(phone.sessionToken))) === 0;
  await until(isKept, 'a kept answer');
  expect(await door.its.check(token)).toMatchObject({ email: phone.owner.email });
  expect(await door.questionsDuring(() => door.its.check(token))).toBe(1);
  await phone.signOut();
  expect(await door.its.check(token)).toBeNull();
});

test('nobody is, by one that is for another service', async () => {
  const other = await backendOf('letters');
  await using door = Door.of(other);
  const token = await accessTokenOf(await servers.signedUp());
  expect(await door.its.check(token)).toBeNull();
});
