import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { AccessTokens } from '../access-tokens/access-tokens.js';
import { AccessTokensResolver } from '../access-tokens/access-tokens.resolver.js';
import { KeySet } from '../access-tokens/key-set.js';
import { AccountsResolver } from '../accounts/accounts.resolver.js';
import { Activities } from '../activity/activities.js';
import { AccountActivityResolver, ActivityResolver } from '../activity/activity.resolver.js';
import { ActivityStream } from '../activity/activity-stream.js';
import { SecurityEvents } from '../activity/security-events.js';
import { SignOuts } from '../activity/sign-outs.js';
import { SignOutsResolver } from '../activity/sign-outs.resolver.js';
import { AccountLimits } from '../challenges/account-limits.js';
import { ChallengeCancels } from '../challenges/challenge-cancels.js';
import { ChallengeOpenings } from '../challenges/challenge-openings.js';
import { ChallengeSends } from '../challenges/challenge-sends.js';
import { ChallengeStream } from '../challenges/challenge-stream.js';
import { ChallengeTries } from '../challenges/challenge-tries.js';
import { ChallengeViews } from '../challenges/challenge-views.js';
import { ChallengesResolver, CodeDeliveriesResolver } from '../challenges/challenges.resolver.js';
import { Fallbacks } from '../challenges/fallbacks.js';
import { LostWakeUps } from '../challenges/lost-wake-ups.js';
import { TwoStepSwitch } from '../challenges/two-step-switch.js';
import { Codes } from '../codes/codes.js';
import { VetoCodes } from '../codes/veto-codes.js';
import { issuerOf } from '../config/public-addresses.js';
import { ActionConfirms } from '../confirmations/action-confirms.js';
import { ActionConfirmsResolver } from '../confirmations/action-confirms.resolver.js';
import { AccountConfirmationsResolver, ConfirmationsResolver } from '../confirmations/confirmations.resolver.js';
import { AccountDevicesResolver } from '../devices/account-devices.resolver.js';
import { DeviceLoader } from '../devices/device-loader.js';
import { Devices } from '../devices/devices.js';
import { Presence } from '../devices/presence.js';
import { HandOverCodes } from '../hand-overs/hand-over-codes.js';
import { AccountLoginRequestsResolver, LoginRequestsResolver } from '../login-requests/login-requests.resolver.js';
import { NewPasswords } from '../passwords/new-passwords.js';
import { OwnerPasswords } from '../passwords/owner-passwords.js';
import { PasswordAttempts } from '../passwords/password-attempts.js';
import { PasswordStrength } from '../passwords/password-strength.js';
import { Passwords } from '../passwords/passwords.js';
import { PromptStream } from '../prompts/prompt-stream.js';
import { PromptViews } from '../prompts/prompt-views.js';
import { Prompts } from '../prompts/prompts.js';
import { PushResolver } from '../push/push.resolver.js';
import { PushRegistrations } from '../push/push-registrations.js';
import { TestPushes } from '../push/test-pushes.js';
import { vapidPublicKey } from '../push/vapid.js';
import { RateLimits } from '../rate-limits/rate-limits.js';
import { Returns } from '../returns/returns.js';
import { ReturnsResolver } from '../returns/returns.resolver.js';
import { CodeChoices } from '../security/code-choices.js';
import { DeviceRemovals } from '../security/device-removals.js';
import { PasswordChanges } from '../security/password-changes.js';
import { PasswordResets } from '../security/password-resets.js';
import { ResetRequests } from '../security/reset-requests.js';
import { SecurityResolver } from '../security/security.resolver.js';
import { AccountSessionsResolver } from '../sessions/account-sessions.resolver.js';
import { DevicesResolver } from '../sessions/devices.resolver.js';
import { LiveSessions } from '../sessions/live-sessions.js';
import { Sessions } from '../sessions/sessions.js';
import { SettingsResolver } from '../settings/settings.resolver.js';
import { Settings } from '../settings/settings.types.js';
import { Admissions } from '../sign-in/admissions.js';
import { CodeSignIns } from '../sign-in/code-sign-ins.js';
import { PageOpenings } from '../sign-in/page-openings.js';
import { PageOpeningsResolver } from '../sign-in/page-openings.resolver.js';
import { SecondSteps } from '../sign-in/second-steps.js';
import { SignInResolver } from '../sign-in/sign-in.resolver.js';
import { SignIns } from '../sign-in/sign-ins.js';
import { SignUps } from '../sign-in/sign-ups.js';
import { VerificationBeginnings } from '../sign-in/verification-beginnings.js';
import { Pulse } from '../sql/pulse.js';
import { AddressProofs } from '../subjects/address-proofs.js';
import { DueChanges } from '../subjects/due-changes.js';
import { DueChangesTask } from '../subjects/due-changes-task.js';
import { HeldChangesResolver } from '../subjects/held-changes.resolver.js';
import { Vetoes } from '../subjects/vetoes.js';
import { SupportResolver } from '../support/support.resolver.js';
import { SupportReports } from '../support/support-reports.js';
import { TwoStep } from '../two-step/two-step.js';
import { TwoStepResolver } from '../two-step/two-step.resolver.js';
import { TwoStepEnds } from '../two-step/two-step-ends.js';
import { Contexts } from '../wire/contexts.js';
import { Cookies } from '../wire/cookies.js';
import { documentRules } from '../wire/document-rules.js';
import { createHttpServer } from '../wire/http.js';
import { mountMetrics } from '../wire/metrics.js';
import { SessionDoor } from '../wire/socket-door.js';
import { Sockets } from '../wire/sockets.js';
import { SocketServer } from '../wire/websocket.js';
import { mountWellKnown } from '../wire/well-known.js';
import { createBackendHttp, serveBackend } from './backend-app.js';
import type { Foundation } from './foundation.js';
import { createSchema, resolverOf } from './schema.js';
import { transactionsOf } from './transactions.js';

/** The part that serves clients. */
export interface ApiApp {
  /** Not listening yet. */
  readonly http: FastifyInstance;
  /** The listener of products' backends, where it is another; not listening yet. */
  readonly backendHttp: FastifyInstance | null;
  close(): Promise<void>;
}

/** Builds the API: every object once, by hand. The tables need not be there yet. */
export async function createApi(foundation: Foundation): Promise<ApiApp> {
  const { config, logger, db, bus } = foundation;
  const rateLimits = new RateLimits(config, logger);
  const strength = new PasswordStrength(config.limits, foundation.texts.productName);
  const sessions = new Sessions(config.limits);
  const codes = new Codes(config.codeKeys);
  const promptViews = new PromptViews(db, bus, codes, sessions, config.limits);
  const keySet = new KeySet(config.signingKeys);
  const accessTokens = new AccessTokens(keySet, issuerOf(config.publicUrl), config.limits);
  const resolver = resolverOf([
    ...(await createResolvers(foundation, rateLimits, strength, promptViews)),
    new AccessTokensResolver(accessTokens),
  ]);
  const schema = await createSchema(resolver);
  const rules = documentRules(config.limits, config.introspection);
  const contexts = new Contexts(db, foundation.texts, resolver, logger);
  const pulse = new Pulse(db, logger);
  const warn = (error: unknown) => logger.warn({ err: error }, 'presence cannot be written now');
  const presence = new Presence(db, bus, randomUUID(), config.limits, warn, pulse);
  const lostWakeUps = new LostWakeUps(db, bus, config.limits, pulse);
  const sockets = new Sockets(promptViews, sessions, bus, lostWakeUps, config.limits, logger, pulse);
  const dueChanges = new DueChangesTask(new DueChanges(transactionsOf(foundation), sessions), db, logger);
  dueChanges.start(pulse);
  const fallbacks = fallbacksOf(foundation);
  fallbacks.start(pulse);
  const { production, limits } = config;
  const cookies = new Cookies(config.publicUrl, limits);
  const door = new SessionDoor({ db, contexts, sessions, sockets, presence, cookies });
  const socketServer = new SocketServer({ schema, rules, contexts, door, sockets, production, limits, logger });
  const http = await createHttpServer({ schema, rules, contexts, sessions, cookies, config, logger, socketServer });
  const backendHttp = config.backendPort === null ? null : await createBackendHttp(config, logger);
  const sharing = { foundation, rateLimits, contexts, pulse, cookies, sockets, accessTokens };
  const backend = await serveBackend(backendHttp ?? http, sharing);
  const listeners = [http, ...(backendHttp ? [backendHttp] : [])];
  await mountMetrics(http, config, () => listeners.reduce((open, one) => open + one.websocketServer.clients.size, 0));
  const wellKnown = { publicUrl: config.publicUrl, hasIntrospection: !backendHttp, keySet: await keySet.published() };
  for (const listener of listeners) mountWellKnown(listener, wellKnown);
  return {
    http,
    backendHttp,
    async close() {
      const stopped = pulse.close();
      sockets.close();
      await Promise.all(listeners.map((listener) => listener.close()));
      backend.close();
      socketServer.close();
      await contexts.close();
      await presence.close();
      await stopped;
      await dueChanges.close();
      await fallbacks.close();
      await rateLimits.close();
      await strength.close();
    },
  };
}

function fallbacksOf(foundation: Foundation): Fallbacks {
  const { logger, config } = foundation;
  const { limits } = config;
  const transactions = transactionsOf(foundation);
  const activities = new Activities(foundation.places);
  const sends = new ChallengeSends(transactions, new ChallengeViews(limits), activities, limits);
  return new Fallbacks(transactions, sends, limits, logger);
}

async function createResolvers(
  foundation: Foundation,
  rateLimits: RateLimits,
  strength: PasswordStrength,
  promptViews: PromptViews,
): Promise<object[]> {
  const { config, bus, db, places } = foundation;
  const { limits } = config;
  const transactions = transactionsOf(foundation);
  const codes = new Codes(config.codeKeys);
  const passwords = new Passwords(limits);
  const newPasswords = new NewPasswords(strength, passwords);
  const attempts = new PasswordAttempts(limits);
  const devices = new Devices(limits);
  const sessions = new Sessions(limits);
  const activities = new Activities(places);
  const events = new SecurityEvents(activities);
  const accountLimits = new AccountLimits(limits);
  const views = new ChallengeViews(limits);
  const sends = new ChallengeSends(transactions, views, activities, limits);
  const openings = new ChallengeOpenings(codes, sends, views, limits);
  const tries = new ChallengeTries(transactions, codes, views, accountLimits, activities, events, limits);
  const admissions = new Admissions(devices, sessions, activities, limits);
  const secondSteps = new SecondSteps(
    transactions,
    admissions,
    openings,
    accountLimits,
    sessions,
    devices,
    events,
    limits,
  );
  const signIns = new SignIns(transactions, passwords, attempts, rateLimits, secondSteps, activities);
  const signUps = new SignUps(transactions, newPasswords, rateLimits, openings);
  const twoStepSwitch = new TwoStepSwitch(sessions, devices, events);
  const codeSignIns = new CodeSignIns(tries, admissions, twoStepSwitch, activities, events, limits);
  const beginnings = new VerificationBeginnings(transactions, secondSteps, views, rateLimits, limits);
  const twoStep = new TwoStep(
    transactions,
    openings,
    tries,
    accountLimits,
    sessions,
    devices,
    activities,
    events,
    twoStepSwitch,
  );
  const prompts = new Prompts(transactions, promptViews, events, sessions, limits);
  const promptStream = new PromptStream(bus, promptViews);
  const ownerPasswords = new OwnerPasswords(passwords, attempts);
  const removals = new DeviceRemovals(transactions, sessions, devices, events);
  const changes = new PasswordChanges(transactions, ownerPasswords, newPasswords, sessions, devices, events);
  const resetRequests = new ResetRequests(transactions, openings, rateLimits);
  const resets = new PasswordResets(transactions, tries, newPasswords, sessions, events, limits);
  const twoStepEnds = new TwoStepEnds(transactions, ownerPasswords, sessions, twoStepSwitch);
  const signOuts = new SignOuts(transactions, sessions, activities);
  const reports = new SupportReports(transactions, views, devices, sessions, config.supportContact, limits);
  const [newestVapidKey] = config.vapidKeys;
  const settings = new Settings({
    productName: foundation.texts.productName,
    pushKey: newestVapidKey ? vapidPublicKey(newestVapidKey) : null,
    passwordMinLength: limits.PASSWORD_MIN_LENGTH,
    supportContact: config.supportContact,
  });
  const vetoes = new Vetoes(transactions, sessions, new VetoCodes(config.codeKeys), rateLimits);
  const due = new DueChanges(transactions, sessions);
  const proofs = new AddressProofs(transactions, openings, tries, accountLimits, sessions, due);
  const cancels = new ChallengeCancels(transactions, views);
  const loader = new DeviceLoader(devices);
  const handOvers = new HandOverCodes(limits);
  const returns = new Returns(transactions, handOvers, sessions, new LiveSessions(limits), config.returnOrigins);
  const page = new URL('hand-over', config.publicUrl);
  const pageOpenings = new PageOpenings(transactions, handOvers, sessions, devices, activities, page);
  return [
    new AccountActivityResolver(),
    new ActionConfirmsResolver(new ActionConfirms(tries, sessions, twoStepSwitch, limits)),
    new AccountConfirmationsResolver(prompts),
    new AccountDevicesResolver(devices),
    new AccountLoginRequestsResolver(prompts),
    new AccountSessionsResolver(sessions, devices),
    new AccountsResolver(),
    new ActivityResolver(new ActivityStream(db, bus, promptViews), loader, places),
    new ChallengesResolver(views, sends, new ChallengeStream(bus, views), cancels, config.supportContact),
    new CodeDeliveriesResolver(),
    new ConfirmationsResolver(prompts, promptStream, places),
    new DevicesResolver(devices, places, transactions, sessions),
    new HeldChangesResolver(vetoes, proofs),
    new LoginRequestsResolver(prompts, promptStream, loader, places),
    new PageOpeningsResolver(pageOpenings),
    new ReturnsResolver(returns),
    new SettingsResolver(settings),
    new PushResolver(
      new PushRegistrations(transactions, sessions, config),
      new TestPushes(transactions, sessions, config),
      devices,
    ),
    new SecurityResolver(
      removals,
      changes,
      resetRequests,
      resets,
      new CodeChoices(transactions, sessions, devices, events),
    ),
    new SignInResolver(signUps, signIns, codeSignIns, beginnings, signOuts),
    new SignOutsResolver(signOuts),
    new SupportResolver(reports),
    new TwoStepResolver(twoStep, twoStepEnds, limits),
  ];
}
