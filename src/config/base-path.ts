/** What this server has at the root of a path of its own: below one of these, nobody could tell which of two is meant. */
const ownNames: readonly string[] = [
  '.well-known',
  'about',
  'account',
  'assets',
  'backend',
  'forward-auth',
  'graphql',
  'hand-over',
  'inbox',
  'introspect',
  'livez',
  'metrics',
  'playground',
  'readyz',
  'reset-password',
  'sign-up',
];

const SEGMENT = /^(?!\.{1,2}$)[\w.~-]+$/;
const LENGTH_MOST = 128;

/**
 * The path below which the server is found on a host that it shares.
 * @returns without a slash at its end: `/` is empty
 * @throws RangeError if it is none, or if the server itself has something there
 */
export function readBasePath(text: string): string {
  const path = text.replace(/\/$/, '');
  if (path === '') return path;
  const [nothing, ...segments] = path.split('/');
  if (nothing !== '' || path.length > LENGTH_MOST || !segments.every((segment) => SEGMENT.test(segment))) {
    throw new RangeError("must have a path such as /auth, of letters, digits, '-', '_', '.' and '~'");
  }
  if (ownNames.includes(segments[0] ?? ''))
    throw new RangeError(`cannot begin with /${segments[0]}: that is a path of ours`);
  return path;
}

/**
 * The address of a request as this server has it: without the base path, whether or not a proxy in front took it off.
 * @param url as a request names it, from its first slash on
 */
export function withoutBasePath(url: string, basePath: string): string {
  if (basePath === '' || !url.startsWith(basePath)) return url;
  const rest = url.slice(basePath.length);
  if (rest === '' || rest.startsWith('?')) return `/${rest}`;
  return rest.startsWith('/') ? rest : url;
}
