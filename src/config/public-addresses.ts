/** What names this server in what it signs and says of itself: `PUBLIC_URL` without a slash at its end (RFC 8414, 2). */
export function issuerOf(publicUrl: URL): string {
  return `${publicUrl.origin}${pathOf(publicUrl)}`;
}

/** Where others find something of this server. @param path from the root of what it serves, with a slash before it */
export function publicAddress(publicUrl: URL, path: string): string {
  return `${issuerOf(publicUrl)}${path}`;
}

/** Where others look for what an issuer says of itself: a path of its own comes after the well-known one (RFC 8414, 3.1). */
export function metadataPath(publicUrl: URL): string {
  return `/.well-known/oauth-authorization-server${pathOf(publicUrl)}`;
}

function pathOf({ pathname }: URL): string {
  return pathname.replace(/\/+$/, '');
}
