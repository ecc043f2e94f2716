import { clientGuards } from './clients.js';
import { confirmationGuards } from './confirmations.js';
import { faultGuards } from './faults.js';
import type { Guard } from './guard.js';
import { guessingGuards } from './guessing.js';
import { handOverGuards } from './hand-overs.js';
import { mailGuards } from './mail.js';
import { packageGuards } from './packages.js';
import { proxyGuards } from './proxies.js';
import { pushGuards } from './push.js';
import { requestGuards } from './requests.js';
import { serviceWorkerGuards } from './service-worker.js';
import { storeGuards } from './stores.js';
import { subjectGuards } from './subjects.js';
import { trustGuards } from './trust.js';
import { verificationGuards } from './verifications.js';
import { webhookGuards } from './webhooks.js';

// Not in the list, since what tells that it is gone is time alone, in amounts that no test can measure: the comparison of
// codes and of the metrics token in constant time.

/** Every guard that `npm run guards` takes out. */
export const guards: readonly Guard[] = [
  ...guessingGuards,
  ...trustGuards,
  ...requestGuards,
  ...packageGuards,
  ...clientGuards,
  ...proxyGuards,
  ...handOverGuards,
  ...confirmationGuards,
  ...subjectGuards,
  ...verificationGuards,
  ...mailGuards,
  ...faultGuards,
  ...storeGuards,
  ...webhookGuards,
  ...pushGuards,
  ...serviceWorkerGuards,
];
