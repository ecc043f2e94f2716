import { accessSync, constants } from 'node:fs';
import path from 'node:path';

/**
 * The path of the first of these programs that is installed; null where there is none.
 * @throws Error where there is none and CI is set: there, the tests that need it are not to be skipped
 */
export function installed(...names: readonly string[]): string | null {
  const folders = (process.env.PATH ?? '').split(path.delimiter);
  const found = folders.flatMap((folder) => names.map((name) => path.join(folder, name))).find(isExecutable);
  if (!found && process.env.CI) throw new Error(`CI needs ${names.join(' or ')} on the PATH`);
  return found ?? null;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
