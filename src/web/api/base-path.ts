/** Before the path of every page, as the server has written it into the document; empty where it has its host to itself. */
export const basePath = document.querySelector<HTMLMetaElement>('meta[name="base-path"]')?.content ?? '';

/** Where the server is found: `https://doorstep.example`, `https://shop.example/auth`. */
export const serverAddress = `${location.origin}${basePath}`;

/** The path of the page that is shown, among the client's own. */
export function pagePath(): string {
  return location.pathname.slice(basePath.length) || '/';
}
