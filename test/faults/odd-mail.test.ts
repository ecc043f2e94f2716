import { expect, test } from '@jest/globals';
import { asA } from '../support/outcomes.js';
import { backEnds, Servers } from '../support/servers.js';
import { startMailServer } from '../support/smtp.js';
import { until } from '../support/waiting.js';

test.each(backEnds)(
  'a mail whose send hangs as its worker ends is sent by another one, on $name',
  async ({ redis }) => {
    const begun: (() => void)[] = [];
    await using mailServer = await startMailServer({
      onData(stream, _session, done) {
        // The first is never answered.
        stream.on('end', () => (begun.push(done) > 1 ? done() : undefined)).resume();
      },
    });
    const env = { SMTP_URL: `smtp://127.0.0.1:${mailServer.port}` };
    await using servers = await Servers.start({ redis, worker: false, env });
    const worker = await servers.add({ api: false, worker: true });
    asA('Challenge', await servers.stranger().signUp());
    await until(() => begun.length === 1, 'the first send');
    await worker.close();
    // The process may end now.
    const { state, claimed_until } = await servers.database.row('select state, claimed_until from delivery');
    expect({ state, claimed_until }).toEqual({ state: 'RETRYING', claimed_until: null });
    await servers.add({ api: false, worker: true });
    await until(() => begun.length === 2, 'the second send');
    await until(async () => (await servers.database.count('delivery', "state = 'SENT'")) === 1, 'its end');
    expect(await servers.database.row('select attempts from delivery')).toEqual({ attempts: 2 });
  },
);
