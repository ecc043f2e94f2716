import { randomBytes } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type CodeKey, parseCodeKeys } from '../codes/keys.js';
import { newSigningKey, parseSigningKeys, type SigningKey } from '../codes/signing-keys.js';
import { newToken } from '../codes/tokens.js';
import type { Config } from './config.js';

type Place = Pick<Config, 'dataDir'>;

/** Keys for development, made once; whoever reads the file can derive the codes of open challenges. */
export async function developmentKeys({ dataDir }: Place): Promise<CodeKey[]> {
  const make = () => `${newId()}:${randomBytes(32).toString('base64')}`;
  return parseCodeKeys(await kept(codeKeysFile(dataDir), make));
}

/** The same for access tokens: whoever reads the file can sign some. */
export async function developmentSigningKeys({ dataDir }: Place): Promise<SigningKey[]> {
  return parseSigningKeys(await kept(path.join(dataDir, 'signing-keys'), () => newSigningKey(newId())));
}

/** The same for push: whoever reads the file can send to push services in the name of this server, though not encrypt. */
export async function developmentVapidKeys({ dataDir }: Place): Promise<SigningKey[]> {
  return parseSigningKeys(await kept(path.join(dataDir, 'vapid-keys'), () => newSigningKey(newId())));
}

/** Another key is never called the same, whatever became of the file and of the database meanwhile. */
function newId(): string {
  return `dev-${randomBytes(4).toString('hex')}`;
}

/** Those that were made before; null if none were. */
export async function readDevelopmentKeys({ dataDir }: Place): Promise<CodeKey[] | null> {
  try {
    return parseCodeKeys(await readFile(codeKeysFile(dataDir), 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/**
 * The file with the key of an API client for development, made where there is none.
 * @param admit whether a key opens the client; one that does not any more gives way to another
 */
export async function developmentClientKey(
  { dataDir }: Place,
  admit: (key: string) => Promise<boolean>,
): Promise<string> {
  const file = path.join(dataDir, 'client-key');
  const make = () => newToken('key');
  const key = await kept(file, make);
  if (await admit(key)) return file;
  await rm(file, { force: true });
  const another = await kept(file, make);
  if (!(await admit(another))) throw new Error(`the key in ${file} opens nothing`);
  return file;
}

function codeKeysFile(dataDir: string): string {
  return path.join(dataDir, 'code-keys');
}

/** What a file says that only its owner may read; where there is none it is made first. */
async function kept(file: string, make: () => string): Promise<string> {
  try {
    await writeFile(file, `${make()}\n`, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return (await readFile(file, 'utf8')).trim();
}
