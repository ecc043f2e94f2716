/// <reference lib="webworker" />

/** The worker itself; TypeScript takes it for any worker. */
export const worker = globalThis as unknown as ServiceWorkerGlobalScope;

/** Where the server is: what the worker may be asked for begins with it. Ends in a slash. */
export const scope = new URL('./', worker.location.href);

/** Before the path of every page, as in the page's own api/base-path.ts. */
export const basePath = scope.pathname.slice(0, -1);
