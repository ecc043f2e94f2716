import { describe, expect, jest, test } from '@jest/globals';
import { Handset, newOwner } from '../../support/handset.js';
import { asA } from '../../support/outcomes.js';
import { Process } from '../../support/processes.js';
import { backEnds, Servers } from '../../support/servers.js';

// Real processes start here, each of them two seconds of work.
jest.setTimeout(90_000);

describe.each(backEnds)('real processes on $name', ({ redis }) => {
  test('a server and a worker sign somebody up', async () => {
    await using stores = await Servers.start({ redis, count: 0 });
    await using server = await Process.server(stores.environment());
    await using worker = await Process.worker(stores.environment());
    const phone = new Handset(server.client, stores.mailbox, newOwner());
    const challenge = asA('Challenge', await phone.signUp());
    asA('SignedIn', await phone.verify(challenge, await stores.mailbox.code(phone.owner.email)));
    for (const process of [server, worker]) {
      const { code, afterMs } = await process.terminate();
      expect({ code, log: process.log.filter((line) => line.includes('"level":50')) }).toEqual({ code: 0, log: [] });
      expect(afterMs).toBeLessThan(5000);
    }
  });
});
