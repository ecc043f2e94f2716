import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';

/** Which files an option of a URL names, by what they are to TLS. */
export interface TlsFiles {
  /** Whose certificates are taken, instead of those that Node.js knows. */
  readonly ca?: string;
  /** What this side shows of itself. */
  readonly cert?: string;
  readonly key?: string;
}

/**
 * Reads the files that TLS needs, and tries them.
 * @param files their paths, by what they are
 * @param names what the URL calls each of them
 * @throws RangeError if one cannot be read or used
 */
export function readTlsFiles(files: TlsFiles, names: Required<TlsFiles>): TlsFiles {
  if ((files.cert === undefined) !== (files.key === undefined)) {
    throw new RangeError(`has ${names.cert} or ${names.key}, which go together`);
  }
  const content = (what: keyof TlsFiles) => {
    const file = files[what];
    return file === undefined ? {} : { [what]: contentOf(names[what], file) };
  };
  const read: TlsFiles = { ...content('ca'), ...content('cert'), ...content('key') };
  // TLS itself would pass over what is no certificate, and then trust nobody.
  if (read.ca !== undefined) usable(names.ca, () => new X509Certificate(read.ca ?? ''));
  usable(`${names.cert}' and '${names.key}`, () => createSecureContext({ ...read }));
  return read;
}

function contentOf(option: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new RangeError(`has the option '${option}', whose file cannot be read (${code})`);
  }
}

function usable(options: string, use: () => unknown): void {
  try {
    use();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new RangeError(`has the option '${options}', whose content is of no use to TLS (${code})`);
  }
}
