/** What the tests read of the API's objects: the shapes that `operations.ts` asks for. */
export interface Challenge {
  readonly __typename: 'Challenge';
  readonly id: string;
  readonly token: string;
  readonly purpose: string;
  readonly state: string;
  readonly method: 'APP' | 'EMAIL';
  readonly availableMethods: readonly string[];
  readonly sentTo: string;
  readonly codeLength: number;
  readonly expiresAt: string;
  readonly attemptsRemaining: number;
  readonly resendAt: string | null;
  readonly deliveries: readonly Delivery[];
  readonly help: readonly string[];
}

export interface Delivery {
  readonly id: string;
  readonly method: 'APP' | 'EMAIL';
  readonly state: string;
  readonly changedAt: string;
  readonly devicesReached: number | null;
  readonly reason: string | null;
  readonly hint: string | null;
}

export interface DeviceFields {
  readonly id: string;
  readonly name: string;
  readonly isCurrent: boolean;
  readonly isTrusted: boolean;
  readonly isOnline: boolean;
  readonly notificationsEnabled: boolean;
}

export interface LoginRequest {
  readonly id: string;
  readonly state: string;
  readonly code: string | null;
  readonly deviceName: string;
  readonly device: { readonly id: string } | null;
  readonly sentAt: string | null;
  readonly expiresAt: string;
}

export interface Account {
  readonly id: string;
  readonly email: string;
  readonly twoStep: { readonly enabled: boolean; readonly enabledAt: string | null; readonly defaultMethod: string };
  readonly currentDevice: DeviceFields;
  readonly devices: readonly DeviceFields[];
  readonly trustedDevices: readonly { readonly id: string }[];
  readonly loginRequests: readonly LoginRequest[];
}

export interface SignedIn {
  readonly __typename: 'SignedIn';
  readonly account: { readonly id: string; readonly email: string };
  readonly device: DeviceFields;
  readonly session: { readonly id: string };
  readonly sessionToken: string;
  readonly sessionExpiresAt: string;
  readonly deviceToken: string;
  readonly receipt: string | null;
}

interface Refusal<Name extends string> {
  readonly __typename: Name;
  readonly message: string;
}

/** Every member of the result unions that these tests meet. */
export type Outcome =
  | SignedIn
  | Challenge
  | { readonly __typename: 'TwoStepEnabled'; readonly account: Account; readonly sessionsEnded: number }
  | (Refusal<'InvalidCredentials'> & { readonly retryAt: string | null })
  | (Refusal<'TemporarilyLocked'> & { readonly retryAt: string | null })
  | (Refusal<'WeakPassword'> & { readonly suggestions: readonly string[] })
  | (Refusal<'WrongCode'> & { readonly attemptsRemaining: number })
  | (Refusal<'ChallengeClosed'> & { readonly state: string })
  | (Refusal<'ResendTooSoon'> & { readonly retryAt: string })
  | Refusal<'SendLimitReached'>
  | (Refusal<'MethodUnavailable'> & { readonly availableMethods: readonly string[] })
  | Refusal<'TwoStepAlreadyEnabled'>;

/** The id under which a trusted device sees a challenge. */
export function promptId({ id }: { readonly id: string }): string {
  return `req_${id}`;
}

/** The outcome as the member that it must be; anything else fails the test and is shown. */
export function asA<Name extends Outcome['__typename']>(
  name: Name,
  outcome: Outcome,
): Extract<Outcome, { __typename: Name }> {
  if (outcome.__typename !== name) throw new Error(`expected ${name}: ${JSON.stringify(outcome)}`);
  return outcome as Extract<Outcome, { __typename: Name }>;
}

/** How often each member came among many outcomes. */
export function tally(outcomes: readonly { readonly __typename: string }[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { __typename } of outcomes) counts[__typename] = (counts[__typename] ?? 0) + 1;
  return counts;
}
