import { execFile } from 'node:child_process';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { projectRoot } from '../../src/config/project.js';
import { TestDatabase } from '../support/database.js';

const compiled = (file: string) => pathToFileURL(path.join(import.meta.dirname, '../../src', file)).href;

// A row that PostgreSQL refuses comes back in the error, with whatever was to be written.
test('a row that the database refuses is not written to the log', async () => {
  await using database = await TestDatabase.create();
  const script = `
    const { openPool } = await import('${compiled('wiring/database.js')}');
    const { createLogger } = await import('${compiled('wiring/logging.js')}');
    const logger = createLogger('trace');
    const pool = openPool('${database.url}', logger);
    const write = (email) => pool.query('insert into account (email, password_hash) values ($1, $2)', [email, '$argon2id$of-a-person']);
    try {
      await write('someone@example.com');
      await write('someone@example.com').catch((err) => logger.error({ err }, 'twice'));
      await write(null).catch((err) => logger.error({ err: new Error('outer', { cause: err }) }, 'without an address'));
    } finally {
      await pool.end();
    }`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script], {
    cwd: projectRoot,
  });
  expect(stdout).toContain('account_email_unique');
  expect(stdout).toContain('violates check constraint');
  expect(stdout).not.toContain('someone@example.com');
  expect(stdout).not.toContain('argon2id');
});

test('a secret that reaches the log under its name is taken out', async () => {
  const script = `
    const { createLogger } = await import('${compiled('wiring/logging.js')}');
    const logger = createLogger('trace');
    const names = ['password', 'newPassword', 'currentPassword', 'token', 'challengeToken', 'deviceToken', 'sessionToken', 'code', 'authorization', 'cookie'];
    for (const name of names) {
      logger.info({ [name]: 'hunter2' }, 'at the top');
      logger.info({ input: { [name]: 'hunter2' } }, 'one level down');
      logger.info({ req: { headers: { [name]: 'hunter2' } } }, 'two levels down');
    }
    const secret = Object.assign(new Error('refused'), { variables: { password: 'hunter2' }, input: 'hunter2' });
    logger.error({ err: secret }, 'with an error');`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script], {
    cwd: projectRoot,
  });
  expect(stdout.trim().split('\n')).toHaveLength(31);
  expect(stdout).not.toContain('hunter2');
});

test('of a mail server that cannot be reached the log tells the code of the fault, which is no secret', async () => {
  const script = `
    const { createLogger } = await import('${compiled('wiring/logging.js')}');
    const { loadConfig } = await import('${compiled('config/config.js')}');
    const { MailTransport } = await import('${compiled('mail/transport.js')}');
    const config = loadConfig({ SMTP_URL: 'smtp://ann:hunter2@127.0.0.1:1' });
    const transport = new MailTransport(config, createLogger('trace'));
    const mail = { to: 'ann@example.com', messageId: '<1@example.com>', subject: 'S', text: 't', html: 'h', locale: 'en' };
    await transport.send(mail).catch(() => undefined);
    transport.close();`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script], {
    cwd: projectRoot,
  });
  expect(stdout).toContain('"errorCode":"ESOCKET"');
  expect(stdout).not.toMatch(/\[secret\]|hunter2|ann@/);
});
