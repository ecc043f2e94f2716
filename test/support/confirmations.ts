import type { ActionText } from '../../src/api/action-text.js';
import type { Handset } from './handset.js';
import type { Subscription } from './subscription.js';

const CONFIRMATION = `id state purpose productName action { title fields { label value } } code deviceName platform ipAddress
  location { label } requestedAt requestedSecondsAgo sentAt expiresAt expiresInSeconds`;

export const CONFIRMATIONS = `subscription { confirmations { ${CONFIRMATION} } }`;
export const PENDING_CONFIRMATIONS = `query { result: viewer { confirmations { ${CONFIRMATION} } } }`;
export const ACKNOWLEDGE_CONFIRMATION = `mutation ($id: ID!) { result: acknowledgeConfirmation(id: $id) { ${CONFIRMATION} } }`;
export const DENY_CONFIRMATION = `mutation ($id: ID!) { result: denyConfirmation(id: $id) { ${CONFIRMATION} } }`;

/** An action that waits to be confirmed, as a trusted device sees it. */
export interface Confirmation {
  readonly id: string;
  readonly state: string;
  readonly purpose: string;
  readonly productName: string;
  readonly action: ActionText;
  readonly code: string | null;
  readonly deviceName: string;
  readonly requestedAt: string;
  readonly sentAt: string | null;
  readonly [field: string]: unknown;
}

export const transfer: ActionText = {
  title: 'Transfer 250.00 € to Ana Müller',
  fields: [
    { label: 'Amount', value: '250.00 €' },
    { label: 'Reference', value: '“Rent” & more' },
  ],
};

/** The actions that wait, as a device is told of them. */
export async function confirmationsSeenBy(handset: Handset): Promise<readonly Confirmation[]> {
  const viewer = await handset.ask<{ confirmations: readonly Confirmation[] } | null>(PENDING_CONFIRMATIONS);
  return viewer?.confirmations ?? [];
}

/** The live actions, on a socket of its own. */
export function confirmationsOn(handset: Handset): Subscription<Confirmation> {
  return handset.client.subscribe(CONFIRMATIONS, {}, { token: handset.sessionToken });
}

export function denyConfirmation(handset: Handset, id: string): Promise<Confirmation> {
  return handset.ask(DENY_CONFIRMATION, { id });
}

export function acknowledgeConfirmation(handset: Handset, id: string): Promise<Confirmation> {
  return handset.ask(ACKNOWLEDGE_CONFIRMATION, { id });
}
