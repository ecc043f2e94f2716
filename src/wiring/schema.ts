import 'reflect-metadata';
import type { GraphQLSchema } from 'graphql';
import { buildSchema, type NonEmptyArray } from 'type-graphql';
import { AccountsResolver } from '../accounts/accounts.resolver.js';
import { AccountActivityResolver, ActivityResolver } from '../activity/activity.resolver.js';
import { SignOutsResolver } from '../activity/sign-outs.resolver.js';
import type { Context } from '../api/context.js';
import { DateTime } from '../api/date-time.js';
import { plainTextsIn } from '../api/plain-text.js';
import { ChallengesResolver, CodeDeliveriesResolver } from '../challenges/challenges.resolver.js';
import { AccountDevicesResolver } from '../devices/account-devices.resolver.js';
import { DevicesResolver } from '../devices/devices.resolver.js';
import { AccountLoginRequestsResolver, LoginRequestsResolver } from '../login-requests/login-requests.resolver.js';
import { SecurityResolver } from '../security/security.resolver.js';
import { SettingsResolver } from '../settings/settings.resolver.js';
import { SignInResolver } from '../sign-in/sign-in.resolver.js';
import { SupportResolver } from '../support/support.resolver.js';
import { TwoStepResolver } from '../two-step/two-step.resolver.js';

type ResolverClass = new (...args: never[]) => object;

const resolverClasses: NonEmptyArray<ResolverClass> = [
  AccountActivityResolver,
  AccountDevicesResolver,
  AccountLoginRequestsResolver,
  AccountsResolver,
  ActivityResolver,
  ChallengesResolver,
  CodeDeliveriesResolver,
  DevicesResolver,
  LoginRequestsResolver,
  SecurityResolver,
  SettingsResolver,
  SignInResolver,
  SignOutsResolver,
  SupportResolver,
  TwoStepResolver,
];

/**
 * The GraphQL schema of every resolver.
 * @param resolver the instance that answers for a class
 */
export function createSchema(resolver: Context['resolver']): Promise<GraphQLSchema> {
  return buildSchema({
    resolvers: resolverClasses as NonEmptyArray<ResolverClass>,
    container: { get: (type) => resolver(type as new () => object) },
    scalarsMap: [{ type: Date, scalar: DateTime }],
    // Asked for by the library wherever there are subscriptions, though each of ours brings its own stream.
    pubSub: { publish: noTopics, subscribe: noTopics },
    // Of those whose texts are made plain each is called `input`; the library does not say which argument it is.
    validateFn: (argument) => plainTextsIn(argument),
  });
}

function noTopics(): never {
  throw new Error('subscriptions bring their own streams');
}
