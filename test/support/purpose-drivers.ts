import type { Backend } from './backend.js';
import { denyConfirmation } from './confirmations.js';
import type { Handset } from './handset.js';
import type { Challenge, Outcome } from './outcomes.js';
import { codeShownOn } from './owner.js';
import type { Servers } from './servers.js';
import {
  actionCodeShownOn,
  askedToConfirm,
  begun,
  type ConfirmOutcome,
  confirmAction,
  deviceOf,
  enrolled,
  heldPerson,
  type Person,
  type Started,
  signInElsewhere,
  start,
} from './verifications.js';

// Each way in which a code is asked for behind a proven first factor: what holds for one of them holds for all.

/** Somebody whose codes are asked for. */
export interface Owner {
  /** Null: the account is their own. */
  readonly person: Person | null;
  /** The trusted device; where there is none yet, one that is not signed in. */
  readonly phone: Handset;
  /** The device whose session asks, where one does. */
  readonly asking: Handset | null;
  readonly email: string;
}

/** A code that is asked for, and the right one. */
export interface Asked {
  readonly owner: Owner;
  readonly device: Handset;
  readonly challenge: Challenge;
  readonly code: string;
  /** Null: no backend asks for it. */
  readonly started: Started | null;
}

/** One way in which codes are asked for. */
export interface PurposeDriver {
  readonly name: string;
  /** What the right code ends in. */
  readonly right: 'SignedIn' | 'Confirmed';
  /** How many sessions that opens. */
  readonly opens: 0 | 1;
  /** Whether wrong codes add up on the account, and in which column; null: they do not. */
  readonly failures: 'code_failures' | 'confirm_failures' | null;
  /** Whether it is shown on trusted devices, so that it can be denied. */
  readonly isPrompt: boolean;
  /** Whether it turns two-step verification on or off, so that it comes about once. */
  readonly isLasting: boolean;
  owner(): Promise<Owner>;
  ask(owner?: Owner, name?: string): Promise<Asked>;
  /** Types a code, over one server or another. */
  type(asked: Asked, code: string, nth?: number): Promise<Outcome | ConfirmOutcome>;
  /** @returns the state that the phone is told */
  deny(asked: Asked): Promise<string>;
}

/** All of them, on servers and with a backend that are there when a test runs. */
export function purposeDrivers(servers: () => Servers, shop: () => Backend): readonly PurposeDriver[] {
  const at = (handset: Handset, nth = 0) => handset.twin(servers().client(nth % 2));
  const verified = {
    right: 'SignedIn',
    opens: 1,
    type: ({ device, challenge }: Asked, code: string, nth = 0) => at(device, nth).verify(challenge, code),
  } as const;
  const held = async (): Promise<Owner> => {
    const { person, phone } = await enrolled(servers(), shop());
    return { person, phone, asking: null, email: person.email };
  };
  const atDesk = async (): Promise<Owner> => {
    const owner = await held();
    const desk = await signInElsewhere(servers(), owner.person as Person, owner.phone, 'Desk', { trustDevice: false });
    return { ...owner, asking: desk.device };
  };
  const asking = (purpose: 'CONFIRM' | 'DISABLE_TWO_STEP'): PurposeDriver => ({
    name: purpose,
    right: 'Confirmed',
    opens: 0,
    failures: 'confirm_failures',
    isPrompt: true,
    isLasting: purpose === 'DISABLE_TWO_STEP',
    owner: atDesk,
    async ask(given) {
      const owner = given ?? (await this.owner());
      const device = owner.asking as Handset;
      const { started, challenge } = await askedToConfirm(servers(), owner.person as Person, device, { purpose });
      return { owner, device, challenge, started, code: await actionCodeShownOn(owner.phone, challenge) };
    },
    type: ({ device, challenge }, code, nth = 0) => confirmAction(at(device, nth), challenge, code),
    deny: async ({ owner, challenge }) => (await denyConfirmation(owner.phone, `cnf_${challenge.id}`)).state,
  });
  return [
    {
      ...verified,
      name: 'SIGN_IN',
      failures: 'code_failures',
      isPrompt: true,
      isLasting: false,
      async owner() {
        const phone = await servers().trusted();
        return { person: null, phone, asking: null, email: phone.owner.email };
      },
      async ask(given, name = 'Laptop') {
        const owner = given ?? (await this.owner());
        const device = owner.phone.another(name);
        const challenge = await device.challenged();
        return { owner, device, challenge, started: null, code: await codeShownOn(owner.phone, challenge) };
      },
      deny: async ({ owner, challenge }) => (await owner.phone.deny(challenge)).state,
    },
    {
      ...verified,
      name: 'SIGN_IN by a backend',
      failures: 'code_failures',
      isPrompt: true,
      isLasting: false,
      owner: held,
      async ask(given, name = 'Laptop') {
        const owner = given ?? (await this.owner());
        const device = owner.phone.another(name);
        const started = await start(servers(), owner.person as Person);
        const challenge = await begun(device, started);
        return { owner, device, challenge, started, code: await codeShownOn(owner.phone, challenge) };
      },
      deny: async ({ owner, challenge }) => (await owner.phone.deny(challenge)).state,
    },
    {
      ...verified,
      name: 'ENABLE_TWO_STEP by a backend',
      failures: null,
      isPrompt: false,
      isLasting: true,
      async owner() {
        const person = await heldPerson(servers(), shop());
        return { person, phone: deviceOf(servers(), person), asking: null, email: person.email };
      },
      async ask(given, name = 'Phone') {
        const owner = given ?? (await this.owner());
        const device = owner.phone.another(name);
        const started = await start(servers(), owner.person as Person, { purpose: 'ENABLE_TWO_STEP' });
        const challenge = await begun(device, started);
        return { owner, device, challenge, started, code: await servers().mailbox.code(owner.email) };
      },
      deny: () => Promise.reject(new Error('it is shown nowhere')),
    },
    asking('CONFIRM'),
    asking('DISABLE_TWO_STEP'),
  ];
}
