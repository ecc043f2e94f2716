import { offlinePage, SCRIPT, STYLE, script, style } from './offline-page.ts';
import { isOwnPage } from './own-pages.ts';
import { basePath, scope, worker } from './scope.ts';
import type { Words } from './words.ts';

/** No less than the server's own pages are held to. */
const headers = {
  'cache-control': 'no-store',
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

/** What belongs to the offline page is answered here; of all else, only that a page of ours cannot be fetched. */
export function answerOffline(event: FetchEvent, words: () => Promise<Words>): void {
  const { request } = event;
  const url = new URL(request.url);
  if (url.href === new URL(STYLE, scope).href) {
    event.respondWith(text(style, 'text/css'));
  } else if (url.href === new URL(SCRIPT, scope).href) {
    event.respondWith(text(script, 'text/javascript'));
  } else if (request.mode === 'navigate' && request.method === 'GET' && isOwnPage(url, scope.origin, basePath)) {
    event.respondWith(fetchPage(event).catch(async () => unreachable(await words())));
  }
}

/** The browser has asked for the page already, while the worker was being woken. */
async function fetchPage({ request, preloadResponse }: FetchEvent): Promise<Response> {
  return ((await preloadResponse) as Response | undefined) ?? fetch(request);
}

function unreachable(words: Words): Response {
  return text(offlinePage(words, basePath, worker.navigator.onLine), 'text/html', 503);
}

function text(body: string, type: string, status = 200): Response {
  return new Response(body, { status, headers: { ...headers, 'content-type': `${type}; charset=utf-8` } });
}
