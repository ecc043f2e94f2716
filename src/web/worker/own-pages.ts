/** The addresses of the pages below the base path; the server lists the same. On a host that is shared there are others. */
const pages = /^\/(?:(?:sign-up|reset-password|about|hand-over|stop-change|account)\/?|account\/.*)?$/;

/** Whether an address is that of a page of ours. */
export function isOwnPage({ origin, pathname }: URL, ownOrigin: string, basePath: string): boolean {
  return origin === ownOrigin && pathname.startsWith(`${basePath}/`) && pages.test(pathname.slice(basePath.length));
}
