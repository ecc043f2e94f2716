import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { asA } from './support/outcomes.js';
import { Servers } from './support/servers.js';

describe('signing in', () => {
  let servers: Servers;

  beforeAll(async () => {
    servers = await Servers.start();
  });
  afterAll(() => servers[Symbol.asyncDispose]());

  test('a new device types the code that a trusted one shows live, and from then on needs none', async () => {
    const phone = await servers.trusted();
    await using requests = phone.loginRequests();
    const laptop = phone.another('Laptop');
    const challenge = await laptop.challenged();
    const { code } = await requests.next();
    asA('SignedIn', await laptop.verify(challenge, code ?? ''));
    asA('SignedIn', await laptop.signIn());
    expect((await laptop.viewer())?.trustedDevices).toHaveLength(2);
  });
});
