import type { ConnectionOptions, SecureVersion } from 'node:tls';
import { readTlsFiles } from './tls-files.js';
import { type UrlOptions, yesOrNo } from './url-parts.js';

/** The options by which `REDIS_URL` and `SMTP_URL` say how TLS is to be. */
export const tlsOptionNames = [
  'tls.servername',
  'tls.rejectUnauthorized',
  'tls.minVersion',
  'tls.ca',
  'tls.cert',
  'tls.key',
];

const versions: readonly string[] = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'];
const isVersion = (text: string): text is SecureVersion => versions.includes(text);

/**
 * Reads the `tls.*` of a URL; `tls.ca`, `tls.cert` and `tls.key` name files. Null where there is none of them.
 * @throws RangeError if one is wrong, or does not go with another
 */
export function tlsOptionsOf(options: UrlOptions): ConnectionOptions | null {
  if (!tlsOptionNames.some((name) => options.has(name))) return null;
  const [servername, minVersion] = [options.get('tls.servername'), options.get('tls.minVersion')];
  const [ca, cert, key] = [options.get('tls.ca'), options.get('tls.cert'), options.get('tls.key')];
  const rejectUnauthorized = yesOrNo(options, 'tls.rejectUnauthorized') ?? true;
  if (minVersion !== undefined && !isVersion(minVersion)) {
    throw new RangeError(`has the option 'tls.minVersion', which is one of ${versions.join(', ')}`);
  }
  if (!rejectUnauthorized && ca !== undefined) {
    throw new RangeError('has tls.ca, which tls.rejectUnauthorized=false does not look at');
  }
  const files = {
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
  };
  return {
    ...(servername !== undefined && { servername }),
    ...(minVersion !== undefined && { minVersion }),
    ...readTlsFiles(files, { ca: 'tls.ca', cert: 'tls.cert', key: 'tls.key' }),
    rejectUnauthorized,
  };
}
