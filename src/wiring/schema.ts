import 'reflect-metadata';
import type { GraphQLSchema } from 'graphql';
import { buildSchema, type NonEmptyArray } from 'type-graphql';
import { AccessTokensResolver } from '../access-tokens/access-tokens.resolver.js';
import { AccountsResolver } from '../accounts/accounts.resolver.js';
import { AccountActivityResolver, ActivityResolver } from '../activity/activity.resolver.js';
import { SessionEndsResolver } from '../activity/session-ends.resolver.js';
import { SignOutsResolver } from '../activity/sign-outs.resolver.js';
import type { Context } from '../api/context.js';
import { DateTime } from '../api/date-time.js';
import { plainTextsIn } from '../api/plain-text.js';
import { ChallengesResolver, CodeDeliveriesResolver } from '../challenges/challenges.resolver.js';
import { ChecksResolver } from '../checks/checks.resolver.js';
import { ActionConfirmsResolver } from '../confirmations/action-confirms.resolver.js';
import { AccountConfirmationsResolver, ConfirmationsResolver } from '../confirmations/confirmations.resolver.js';
import { AccountDevicesResolver } from '../devices/account-devices.resolver.js';
import { FeedResolver } from '../feed/feed.resolver.js';
import { AccountLoginRequestsResolver, LoginRequestsResolver } from '../login-requests/login-requests.resolver.js';
import { PushResolver } from '../push/push.resolver.js';
import { ReturnRedemptionsResolver } from '../returns/return-redemptions.resolver.js';
import { ReturnsResolver } from '../returns/returns.resolver.js';
import { SecurityResolver } from '../security/security.resolver.js';
import { TrustEndsResolver } from '../security/trust-ends.resolver.js';
import { AccountSessionsResolver } from '../sessions/account-sessions.resolver.js';
import { DevicesResolver } from '../sessions/devices.resolver.js';
import { SettingsResolver } from '../settings/settings.resolver.js';
import { PageOpeningsResolver } from '../sign-in/page-openings.resolver.js';
import { SignInResolver } from '../sign-in/sign-in.resolver.js';
import { HeldChangesResolver } from '../subjects/held-changes.resolver.js';
import { SubjectsResolver } from '../subjects/subjects.resolver.js';
import { PersonDeliveriesResolver, PersonsResolver } from '../support/persons.resolver.js';
import { SupportResolver } from '../support/support.resolver.js';
import { TwoStepResolver } from '../two-step/two-step.resolver.js';
import { VerificationsResolver } from '../verifications/verifications.resolver.js';

type ResolverClass = new (...args: never[]) => object;

const resolverClasses: NonEmptyArray<ResolverClass> = [
  AccessTokensResolver,
  AccountActivityResolver,
  AccountConfirmationsResolver,
  AccountDevicesResolver,
  AccountLoginRequestsResolver,
  AccountSessionsResolver,
  AccountsResolver,
  ActionConfirmsResolver,
  ActivityResolver,
  ChallengesResolver,
  CodeDeliveriesResolver,
  ConfirmationsResolver,
  DevicesResolver,
  HeldChangesResolver,
  LoginRequestsResolver,
  PageOpeningsResolver,
  PushResolver,
  ReturnsResolver,
  SecurityResolver,
  SettingsResolver,
  SignInResolver,
  SignOutsResolver,
  SupportResolver,
  TwoStepResolver,
];

const backendResolverClasses: NonEmptyArray<ResolverClass> = [
  ChecksResolver,
  FeedResolver,
  PersonDeliveriesResolver,
  PersonsResolver,
  ReturnRedemptionsResolver,
  SessionEndsResolver,
  SubjectsResolver,
  TrustEndsResolver,
  VerificationsResolver,
];

/**
 * The GraphQL schema of people's clients.
 * @param resolver the instance that answers for a class
 */
export function createSchema(resolver: Context['resolver']): Promise<GraphQLSchema> {
  return schemaOf(resolverClasses, resolver);
}

/** The GraphQL schema of products' backends. */
export function createBackendSchema(resolver: Context['resolver']): Promise<GraphQLSchema> {
  return schemaOf(backendResolverClasses, resolver);
}

/** The library keeps all classes of the process in one place: what a schema has is what its resolvers lead to. */
function schemaOf(resolvers: NonEmptyArray<ResolverClass>, resolver: Context['resolver']): Promise<GraphQLSchema> {
  return buildSchema({
    resolvers,
    container: { get: (type) => resolver(type as new () => object) },
    scalarsMap: [{ type: Date, scalar: DateTime }],
    // That it is sound, a test holds: at each start the library would ask it for all of itself.
    skipCheck: true,
    // Asked for by the library wherever there are subscriptions, though each of ours brings its own stream.
    pubSub: { publish: noTopics, subscribe: noTopics },
    // Of those whose texts are made plain each is called `input`; the library does not say which argument it is.
    validateFn: (argument) => plainTextsIn(argument),
  });
}

/** Finds among the resolvers that were built the one of a class. */
export function resolverOf(resolvers: readonly object[]): Context['resolver'] {
  return <T>(type: new (...args: never[]) => T): T => {
    const instance = resolvers.find((candidate) => candidate instanceof type);
    if (!instance) throw new Error(`no resolver ${type.name} was built`);
    return instance as T;
  };
}

function noTopics(): never {
  throw new Error('subscriptions bring their own streams');
}
