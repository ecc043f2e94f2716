import 'reflect-metadata';
import { randomBytes, randomUUID } from 'node:crypto';
import { pino } from 'pino';
import type { ActionText } from '../../src/api/action-text.js';
import type { Purpose } from '../../src/challenges/challenge.entity.js';
import { requested, tellRequested } from '../../src/challenges/prompt-events.js';
import { promptIdOf, promptKindOf } from '../../src/challenges/prompt-kinds.js';
import { newToken, tokenHash } from '../../src/codes/tokens.js';
import { deliverCode } from '../../src/outbox/outbox.js';
import { sql } from '../../src/sql/statement.js';
import { createFoundation, type Foundation } from '../../src/wiring/foundation.js';
import { transactionsOf } from '../../src/wiring/transactions.js';
import { type Backend, sessionOf } from './backend.js';
import type { Handset } from './handset.js';
import type { Servers } from './servers.js';
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

/** What is asked for. */
export interface Asking {
  readonly purpose?: Extract<Purpose, 'SIGN_IN' | 'CONFIRM' | 'DISABLE_TWO_STEP'>;
  readonly action?: ActionText;
  readonly method?: 'APP' | 'EMAIL';
  readonly locale?: string;
}

/** Something that was asked for, and its challenge. */
export interface AskedFor {
  /** As a prompt. */
  readonly id: string;
  readonly challengeId: string;
  readonly requestId: string;
  readonly token: string;
}

/** A product's backend that asks people to confirm what they do in their sessions. */
export class Confirming implements AsyncDisposable {
  private constructor(
    private readonly servers: Servers,
    private readonly foundation: Foundation,
    readonly backend: Backend,
  ) {}

  static async by(servers: Servers, backend: Backend): Promise<Confirming> {
    const foundation = await createFoundation(servers.config(), pino({ level: 'silent' }));
    foundation.readiness.open();
    return new Confirming(servers, foundation, backend);
  }

  /** Something is to be confirmed that the session of this device asks for, or its sign-in. */
  async ask(asking: Handset, wish: Asking = {}): Promise<AskedFor> {
    const { purpose = 'CONFIRM', action = transfer, method = 'APP', locale = 'en' } = wish;
    const { limits, codeKeys } = this.foundation.config;
    const session = await sessionOf(this.servers, asking);
    const challengeId = randomUUID();
    const requestId = `pay-${randomUUID()}`;
    const token = newToken('chl');
    const shown = purpose === 'CONFIRM' ? action : { title: '', fields: [] };
    const bound = purpose === 'SIGN_IN' ? null : JSON.stringify({ client: this.backend.id, purpose, ...shown });
    const kind = promptKindOf(purpose) ?? 'CONFIRMATION';
    await transactionsOf(this.foundation).run(async (tx) => {
      const opened = sql`insert into challenge (id, account_id, purpose, token_hash, key_id, salt, code_length, method, epoch,
          session_id, client_id, request_id, action, device_id, email, device_name, platform, ip_address, locale, sends,
          last_app_send_at, last_mail_send_at, expires_at)
        select ${challengeId}::uuid, a.id, ${purpose}::text, ${tokenHash('chl', token)}::bytea, ${codeKeys[0]?.id ?? ''}::text,
          ${randomBytes(32)}::bytea, ${limits.OPEN_CODE_DIGITS}::int, ${method}::text, a.epoch, ${session.id}::uuid,
          ${this.backend.id}::uuid, ${requestId}::text, ${bound}::jsonb, d.id, coalesce(a.email, a.subject_email), d.name,
          d.platform, '127.0.0.1', ${locale}::text, 1, case ${method}::text when 'APP' then clock_timestamp() end,
          case ${method}::text when 'EMAIL' then clock_timestamp() end,
          clock_timestamp() + make_interval(secs => ${limits.CHALLENGE_SECONDS})
        from account a join device d on d.id = ${session.deviceId}::uuid where a.id = ${session.accountId}::uuid
        returning ${requested}`;
      tx.write(tellRequested(tx, opened, kind, limits));
      const toAddress = method === 'EMAIL' ? asking.owner.email : null;
      deliverCode(tx, { challengeId, method, toAddress, askedFrom: null, locale, isWithheld: false });
      tx.wake(`account:${session.accountId}`);
    });
    return { id: promptIdOf(kind, challengeId), challengeId, requestId, token };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.foundation.close();
  }
}
