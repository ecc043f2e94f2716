import { basePath } from '../api/base-path.ts';
import { KeptPush } from './kept-push.ts';

/** What the pages and their service worker tell each other. */
export const kept = new KeptPush(basePath);
