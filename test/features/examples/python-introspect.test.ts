import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Backend } from '../../support/backend.js';
import { FaultProxy } from '../../support/fault-proxy.js';
import { Handset, newOwner, PASSWORD } from '../../support/handset.js';
import { installed } from '../../support/programs.js';
import { Servers } from '../../support/servers.js';
import { freePort } from '../../support/store.js';
import { commandsIn, Terminal } from '../../support/terminal.js';

// examples/python-introspect as its README has it; the addresses of the example are those of the test.

const folder = 'examples/python-introspect';
const commands = commandsIn(`${folder}/README.md`);
const onPython = installed('python3') ? test : test.skip;

let servers: Servers;
let proxy: FaultProxy;
let keychain: string;
let env: Record<string, string>;
beforeAll(async () => {
  servers = await Servers.start();
  proxy = await FaultProxy.start(servers.client().url);
  const shop = await Backend.add(servers, { ownAccounts: true, scopes: ['check'] });
  keychain = mkdtempSync(path.join(tmpdir(), 'doorstep-phone-'));
  env = {
    DOORSTEP_URL: proxy.url.replace(/\/$/, ''),
    DOORSTEP_KEY: shop.key,
    PHONE_FILE: path.join(keychain, 'phone.json'),
    PORT: String(await freePort()),
  };
});
afterAll(async () => {
  rmSync(keychain, { recursive: true, force: true });
  proxy[Symbol.dispose]();
  await servers[Symbol.asyncDispose]();
});

function run(command = 'false', where = folder): Terminal {
  return Terminal.run(command.replaceAll('127.0.0.1:5001', `127.0.0.1:${env.PORT}`), where, env);
}

const ask = () => run(commands.get('ask'), 'examples/phone').end();

onPython('lets in who is signed in, and nobody else', async () => {
  await using service = run(commands.get('service'));
  await service.says('A service at');
  const refused = await run(commands.get('refused')).end();
  expect(refused.match(/^HTTP\/1.1 401 /gm)).toHaveLength(2);
  const owner = newOwner();
  const phone = run(`node phone.js sign-up ${owner.email}`, 'examples/phone');
  await phone.says('Password: ');
  phone.type(PASSWORD);
  await phone.says('digits sent to');
  phone.type(await servers.mailbox.code(owner.email));
  await phone.end();
  const laptop = new Handset(servers.client(), servers.mailbox, owner, 'Laptop');
  await laptop.signIn();
  const account = (await laptop.viewer())?.id;
  expect(JSON.parse((await ask()).replace('200 ', ''))).toEqual({ account, session: expect.any(String) });

  // Neither signed in nor signed out.
  proxy.refuse();
  proxy.cut();
  expect(await ask()).toMatch(/^503 /);
  await proxy.heal();
  expect(await ask()).toMatch(/^200 /);
  await run('node phone.js sign-out', 'examples/phone').end();
  expect(await ask()).toMatch(/^401 /);
});
