import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import type { AccessTokens } from '../access-tokens/access-tokens.js';
import { Activities } from '../activity/activities.js';
import { SecurityEvents } from '../activity/security-events.js';
import { SessionEndsResolver } from '../activity/session-ends.resolver.js';
import { SignOuts } from '../activity/sign-outs.js';
import type { Callers } from '../api/caller.js';
import { AccountLimits } from '../challenges/account-limits.js';
import { ChallengeViews } from '../challenges/challenge-views.js';
import { Checks } from '../checks/checks.js';
import { ChecksResolver } from '../checks/checks.resolver.js';
import { Introspections } from '../checks/introspections.js';
import { Visitors } from '../checks/visitors.js';
import { ClientKeys } from '../clients/client-keys.js';
import { Codes } from '../codes/codes.js';
import type { Config } from '../config/config.js';
import { issuerOf } from '../config/public-addresses.js';
import { Devices } from '../devices/devices.js';
import { Feed } from '../feed/feed.js';
import { FeedResolver } from '../feed/feed.resolver.js';
import { HandOverCodes } from '../hand-overs/hand-over-codes.js';
import type { RateLimits } from '../rate-limits/rate-limits.js';
import { ReturnRedemptionsResolver } from '../returns/return-redemptions.resolver.js';
import { Returns } from '../returns/returns.js';
import { DeviceRemovals } from '../security/device-removals.js';
import { TrustEnds } from '../security/trust-ends.js';
import { TrustEndsResolver } from '../security/trust-ends.resolver.js';
import { LiveSessions } from '../sessions/live-sessions.js';
import { Sessions } from '../sessions/sessions.js';
import type { Pulse } from '../sql/pulse.js';
import { DueChanges } from '../subjects/due-changes.js';
import { SubjectDeletions } from '../subjects/subject-deletions.js';
import { Subjects } from '../subjects/subjects.js';
import { SubjectsResolver } from '../subjects/subjects.resolver.js';
import { PersonDeliveriesResolver, PersonsResolver } from '../support/persons.resolver.js';
import { Receipts } from '../verifications/receipts.js';
import { Verifications } from '../verifications/verifications.js';
import { VerificationsResolver } from '../verifications/verifications.resolver.js';
import { mountBackend } from '../wire/backend-http.js';
import type { Contexts } from '../wire/contexts.js';
import type { Cookies } from '../wire/cookies.js';
import { documentRules } from '../wire/document-rules.js';
import { mountForwardAuth } from '../wire/forward-auth.js';
import { takeSockets } from '../wire/http.js';
import { mountIntrospection } from '../wire/introspection-http.js';
import { KeyDoor } from '../wire/key-door.js';
import { createListener } from '../wire/listener.js';
import type { Sockets } from '../wire/sockets.js';
import { SocketServer } from '../wire/websocket.js';
import type { Foundation } from './foundation.js';
import { createBackendSchema, resolverOf } from './schema.js';
import { transactionsOf } from './transactions.js';

/** What the API of products' backends shares with that of people. */
export interface BackendSharing {
  readonly foundation: Foundation;
  readonly rateLimits: RateLimits;
  readonly contexts: Contexts;
  readonly pulse: Pulse;
  /** For `/forward-auth` alone. */
  readonly cookies: Cookies;
  /** Sockets that nobody is known on yet count together. */
  readonly sockets: Sockets;
  readonly accessTokens: AccessTokens;
}

/** A listener for backends alone: nothing but their API will be there. */
export async function createBackendHttp(config: Config, logger: Logger): Promise<FastifyInstance> {
  const app = await createListener(config, logger);
  await takeSockets(app, config, logger);
  return app;
}

/** Serves backends at a listener. @returns ends what it does by itself */
export async function serveBackend(
  app: FastifyInstance,
  { foundation, rateLimits, contexts, pulse, cookies, sockets, accessTokens }: BackendSharing,
): Promise<{ close(): void }> {
  const { config, logger, db, texts } = foundation;
  const { limits, production } = config;
  const callers = new ClientKeys(rateLimits);
  const checks = new Checks(new LiveSessions(limits), new Sessions(limits), accessTokens);
  const resolver = resolverOf(createBackendResolvers(foundation, callers, checks));
  const schema = await createBackendSchema(resolver);
  const rules = documentRules(limits, config.introspection);
  const door = new KeyDoor({ db, callers, texts, resolver, limits }, pulse);
  const socketServer = new SocketServer({ schema, rules, contexts, door, sockets, production, limits, logger });
  await mountBackend(app, { schema, rules, config, logger, db, callers, contexts, door, socketServer });
  mountForwardAuth(app, { db, visitors: new Visitors(new Sessions(limits), limits), cookies, config });
  const introspections = new Introspections(checks, issuerOf(config.publicUrl));
  await mountIntrospection(app, { db, callers, contexts, introspections });
  return socketServer;
}

function createBackendResolvers(foundation: Foundation, callers: Callers, checks: Checks): object[] {
  const { limits, returnOrigins, codeKeys } = foundation.config;
  const transactions = transactionsOf(foundation);
  const devices = new Devices(limits);
  const sessions = new Sessions(limits);
  const liveSessions = new LiveSessions(limits);
  const activities = new Activities(foundation.places);
  const removals = new DeviceRemovals(transactions, sessions, devices, new SecurityEvents(activities));
  const returns = new Returns(transactions, new HandOverCodes(limits), sessions, liveSessions, returnOrigins);
  const codes = new Codes(codeKeys);
  const verifications = new Verifications(
    transactions,
    codes,
    new AccountLimits(limits),
    sessions,
    liveSessions,
    limits,
  );
  const receipts = new Receipts(transactions, sessions, liveSessions, limits);
  const due = new DueChanges(transactions, sessions);
  const trustEnds = new TrustEnds(transactions, sessions, devices, activities, limits);
  return [
    new ChecksResolver(checks),
    new FeedResolver(new Feed(foundation.bus, callers, limits)),
    new PersonDeliveriesResolver(),
    new PersonsResolver(devices, liveSessions, new ChallengeViews(limits), new AccountLimits(limits)),
    new ReturnRedemptionsResolver(returns),
    new SessionEndsResolver(new SignOuts(transactions, sessions, activities)),
    new SubjectsResolver(
      new Subjects(transactions, due, codes.currentKeyId, limits),
      new SubjectDeletions(transactions, due, codes.currentKeyId, limits),
    ),
    new TrustEndsResolver(trustEnds, removals),
    new VerificationsResolver(verifications, receipts),
  ];
}
