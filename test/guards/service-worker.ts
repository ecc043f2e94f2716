import type { Guard } from './guard.js';

/** Of the web client's service worker: what stands on a locked screen, and whose pages it answers for. */
export const serviceWorkerGuards: readonly Guard[] = [
  {
    name: 'code-in-a-notification',
    keeps: 'a notification holds a code only where its owner chose so',
    edits: [
      {
        file: 'web/worker/notices.ts',
        find: 'const code = withCode && request.code ?',
        replace: 'const code = request.code ?',
      },
    ],
    noticedBy: [
      'service-worker',
      'says in %s which device asks, from where, and its code only where its owner chose so',
    ],
  },
  {
    name: 'pages-of-others',
    keeps: 'the worker answers for no page of a host that it shares but its own',
    edits: [
      {
        file: 'web/worker/own-pages.ts',
        find: ' && pages.test(pathname.slice(basePath.length))',
        replace: '',
      },
    ],
    noticedBy: ['service-worker', 'the pages that the server has, and for nothing else of its host'],
  },
];
