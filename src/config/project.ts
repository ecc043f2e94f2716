import { existsSync } from 'node:fs';
import path from 'node:path';

/** The folder that holds `package.json`, `migrations/`, `templates/` and `locales/`, wherever the build was put. */
export const projectRoot = findRoot(import.meta.dirname);

function findRoot(folder: string): string {
  if (existsSync(path.join(folder, 'package.json'))) return folder;
  const parent = path.dirname(folder);
  if (parent === folder) throw new Error('package.json was not found above the running code');
  return findRoot(parent);
}

/** What makes and changes the tables, in order. */
export const migrationsFolder = path.join(projectRoot, 'migrations');
