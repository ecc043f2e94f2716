import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Backend } from '../support/backend.js';
import type { Handset } from '../support/handset.js';
import { ACKNOWLEDGE, DENY } from '../support/operations.js';
import { asA, type Challenge } from '../support/outcomes.js';
import { codeShownOn, requestReset, resetPassword } from '../support/owner.js';
import { type PurposeDriver, purposeDrivers } from '../support/purpose-drivers.js';
import { Servers } from '../support/servers.js';
import { proveAddress, putSubject, someAddress, startAddressProof, subjectOf } from '../support/subjects.js';
import { confirmAction } from '../support/verifications.js';

const NEW_PASSWORD = 'velvet-harbour-57-kettle';

let servers: Servers;
let shop: Backend;

beforeAll(async () => {
  servers = await Servers.start({ count: 2 });
  shop = await Backend.add(servers);
});
afterAll(() => servers[Symbol.asyncDispose]());

/** A challenge with its right code, and whose it is. */
interface Started {
  readonly asker: Handset;
  readonly challenge: Challenge;
  readonly code: string;
}

const [signIn, enable, confirm, disable] = purposeDrivers(
  () => servers,
  () => shop,
).slice(1);

/** One that a backend has started. */
const started = (driver: PurposeDriver | undefined) => async (): Promise<Started> => {
  if (!driver) throw new Error('there is no such driver');
  const { device: asker, challenge, code } = await driver.ask();
  return { asker, challenge, code };
};

const purposes: Record<string, () => Promise<Started>> = {
  SIGN_UP: async () => {
    const asker = servers.stranger();
    const challenge = asA('Challenge', await asker.signUp());
    return { asker, challenge, code: await servers.mailbox.code(asker.owner.email) };
  },
  SIGN_IN: async () => {
    const phone = await servers.trusted();
    const asker = phone.another('Laptop');
    const challenge = await asker.challenged();
    return { asker, challenge, code: await codeShownOn(phone, challenge) };
  },
  ENABLE_TWO_STEP: async () => {
    const asker = await servers.signedUp();
    const challenge = asA('Challenge', await asker.startTwoStepSetup());
    return { asker, challenge, code: await servers.mailbox.code(asker.owner.email) };
  },
  RESET_PASSWORD: async () => {
    const asker = await servers.signedUp();
    const challenge = await requestReset(asker);
    return { asker, challenge, code: await servers.mailbox.code(asker.owner.email) };
  },
  "a backend's SIGN_IN": started(signIn),
  "a backend's ENABLE_TWO_STEP": started(enable),
  CONFIRM: started(confirm),
  DISABLE_TWO_STEP: started(disable),
  PROVE_ADDRESS: async () => {
    const subject = await subjectOf(servers, shop);
    const email = someAddress();
    await putSubject(shop, { externalId: subject.externalId, email });
    const challenge = await startAddressProof(subject);
    return { asker: subject.phone, challenge, code: await servers.mailbox.code(email) };
  },
};

type Field = (handset: Handset, challenge: Challenge, code: string) => Promise<{ readonly __typename: string }>;

/** The fields that take codes, with what each ends in and the challenges that it is for. */
const fields: Record<string, { readonly type: Field; readonly ends: string; readonly takes: readonly string[] }> = {
  verifyCode: {
    type: (handset, challenge, code) => handset.verify(challenge, code),
    ends: 'SignedIn',
    takes: ['SIGN_UP', 'SIGN_IN', "a backend's SIGN_IN", "a backend's ENABLE_TWO_STEP"],
  },
  enableTwoStep: {
    type: (handset, challenge, code) => handset.enableTwoStep(challenge, code),
    ends: 'TwoStepEnabled',
    takes: ['ENABLE_TWO_STEP'],
  },
  resetPassword: {
    type: (handset, challenge, code) => resetPassword(handset, challenge, code, NEW_PASSWORD),
    ends: 'PasswordReset',
    takes: ['RESET_PASSWORD'],
  },
  confirmAction: {
    type: (handset, challenge, code) => confirmAction(handset, challenge, code),
    ends: 'Confirmed',
    takes: ['CONFIRM', 'DISABLE_TWO_STEP'],
  },
  proveAddress: {
    type: (phone, challenge, code) => proveAddress({ phone }, challenge, code),
    ends: 'AddressProven',
    takes: ['PROVE_ADDRESS'],
  },
};

const cells = Object.keys(purposes).flatMap((purpose) => Object.keys(fields).map((field) => [purpose, field] as const));
const wrongCells = cells.filter(([purpose, field]) => !fields[field]?.takes.includes(purpose));

const ofSubjects = ['CONFIRM', 'DISABLE_TWO_STEP', 'PROVE_ADDRESS'];

/** Whoever has no session of its own, or a subject's, has one of another account: `enableTwoStep` asks for one. */
async function withSession(asker: Handset, purpose: string): Promise<Handset> {
  if (asker.sessionToken && !ofSubjects.includes(purpose)) return asker;
  const twin = asker.twin();
  twin.sessionToken = (await servers.signedUp()).sessionToken;
  return twin;
}

/** A reset ends the sessions of whoever still tries another field with one. */
function sessionOver(error: Error): { readonly __typename: string } {
  expect(error.message).toContain('UNAUTHENTICATED');
  return { __typename: 'Unauthenticated' };
}

const triesOf = async ({ id }: Challenge) =>
  (await servers.database.row<{ tries: number }>('select tries from challenge where id = $1', [id])).tries;

describe('the right code of a challenge', () => {
  test.each(wrongCells)('for %s is nothing to %s, and spends no try there', async (purpose, field) => {
    const { asker, challenge, code } = await (purposes[purpose] as () => Promise<Started>)();
    const handset = await withSession(asker, purpose);
    const outcome = await fields[field]?.type(handset, challenge, code);
    expect(outcome).toMatchObject({ __typename: 'ChallengeClosed', state: 'EXPIRED' });
    expect(await triesOf(challenge)).toBe(0);
    expect((await asker.challenge(challenge)).state).toBe('PENDING');
  });

  test.each(Object.keys(purposes))(
    'for %s ends in its own field, once, while every other field is given it',
    async (purpose) => {
      const { asker, challenge, code } = await (purposes[purpose] as () => Promise<Started>)();
      const stranger = await withSession(asker, purpose);
      const sent = Array.from({ length: 8 }, (_, nth) =>
        Object.values(fields).map(async ({ type, ends, takes }) => {
          const isOwn = takes.includes(purpose);
          const twin = (isOwn ? asker : stranger).twin(servers.client(nth % 2));
          const { __typename } = await type(twin, challenge, code).catch(sessionOver);
          return { isOwn, hasEnded: __typename === ends };
        }),
      );
      const outcomes = await Promise.all(sent.flat());
      expect(outcomes.filter(({ hasEnded, isOwn }) => hasEnded && !isOwn)).toEqual([]);
      expect(outcomes.filter(({ hasEnded }) => hasEnded)).toHaveLength(1);
      const sessions = await servers.database.count('session', 'challenge_id = $1', [challenge.id]);
      expect(sessions).toBe(fields.verifyCode?.takes.includes(purpose) ? 1 : 0);
      expect((await asker.challenge(challenge)).state).toBe('VERIFIED');
    },
  );

  test.each(Object.keys(purposes))('for %s opens no other challenge, not even one of its kind', async (purpose) => {
    const start = purposes[purpose] as () => Promise<Started>;
    const [one, other] = [await start(), await start()];
    const own = Object.values(fields).find(({ takes }) => takes.includes(purpose));
    expect(await own?.type(one.asker, one.challenge, other.code)).toMatchObject({ __typename: 'WrongCode' });
  });
});

test.each(['SIGN_UP', 'ENABLE_TWO_STEP', 'RESET_PASSWORD'])(
  'no trusted device is shown, acknowledges or denies a challenge for %s',
  async (purpose) => {
    const phone = await servers.trusted();
    const { challenge } =
      purpose === 'RESET_PASSWORD'
        ? { challenge: await requestReset(phone) }
        : await (purposes[purpose] as () => Promise<Started>)();
    for (const document of [ACKNOWLEDGE, DENY]) {
      const { errors } = await phone.graphql(document, { id: challenge.id });
      expect(errors).toMatchObject([{ extensions: { code: 'NOT_FOUND' } }]);
    }
    expect((await phone.viewer())?.loginRequests).toEqual([]);
  },
);
