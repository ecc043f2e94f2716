// The second step, as the shop's server sees it: it starts a verification, and gets a receipt for it once the person's device
// is through with it. No code and no token of anybody's passes through here.

import { randomUUID } from 'node:crypto';

export class SecondStep {
  #door;
  #users;

  /** @param users says who has been told to Doorstep: `atDoorstep`, a column of the users' table */
  constructor(door, users) {
    this.#door = door;
    this.#users = users;
  }

  /**
   * Read it first, then the row with the password, and compare that: whatever ends somebody's trust meanwhile then shows.
   * @returns null where there is no second step to ask for
   * @throws where Doorstep cannot be asked: nobody is let in by that
   */
  async epochOf(user) {
    return (await this.subjectOf(user))?.epoch ?? null;
  }

  /** As Doorstep knows them. @returns null for who was never told to Doorstep; @throws for who is not there any more */
  async subjectOf(user) {
    if (!user?.atDoorstep) return null;
    const subject = await this.#door.subject(user.id);
    if (!subject) throw new Error(`Doorstep does not know ${user.id} any more`);
    return subject;
  }

  /** Before it is turned on. @returns the epoch */
  async introduce(user) {
    const { epoch } = await this.#door.putSubject({ externalId: user.id, email: user.email });
    // From now on Doorstep is asked at each sign-in.
    this.#users.change(user.id, { atDoorstep: true });
    return epoch;
  }

  /** @param purpose SIGN_IN, ENABLE_TWO_STEP or DISABLE_TWO_STEP, after the password was right */
  async start(user, purpose, epoch, sessionId) {
    if (epoch === null) return { problem: problems.StaleFirstFactor };
    if (purpose === 'DISABLE_TWO_STEP' && !sessionId) return { problem: NOT_AT_DOORSTEP };
    const requestId = randomUUID();
    const options = { requestId, externalId: user.id, epoch, purpose, sessionId };
    return outcomeOf(await this.#door.verify(options), { requestId, purpose });
  }

  /**
   * Something that takes a code of its own.
   * @param sessionId the session at Doorstep of whoever asks; null, where there is no second step, is a `problem`
   */
  async confirm(user, sessionId, title, fields) {
    if (!sessionId) return { problem: NOT_AT_DOORSTEP };
    const requestId = randomUUID();
    const options = { requestId, externalId: user.id, sessionId, title, fields };
    return outcomeOf(await this.#door.confirm(options), { requestId, purpose: 'CONFIRM' });
  }

  /** After it was changed: whoever is signed in elsewhere, or was trusted, has to pass both steps again. */
  async passwordChanged({ id, atDoorstep }, sessionId) {
    if (atDoorstep) await this.#door.graphql(END_TRUST, { externalId: String(id), except: sessionId });
  }

  /**
   * Whoever signs out here does so at Doorstep: its cookies stay in the browser, and the next who sits there would be shown
   * these people's codes. The device stays trusted.
   * @param session the shop's own, before it ends
   */
  async signedOut(session) {
    if (!session?.doorstepId) return;
    await this.#door.graphql(END_SESSION, { id: session.doorstepId }).catch((error) => {
      // It has been over for so long that it is forgotten.
      if (error.code !== 'NOT_FOUND') throw error;
    });
  }

  /**
   * @param session the shop's own, in which it was asked: what the browser says of itself does not count
   * @returns what is proven of the user of that session; null where nothing is
   */
  async redeem({ userId, asked }, receipt) {
    const verified = await this.#door.redeem(asked?.requestId, receipt);
    // Ids are text there, whatever they are here.
    return verified?.externalId === String(userId) ? verified : null;
  }
}

const END_SESSION = 'mutation ($id: ID!) { endSession(sessionId: $id) { sessionsEnded } }';
const END_TRUST = `mutation ($externalId: ID!, $except: ID) {
  endTrust(externalId: $externalId, reason: PASSWORD_CHANGED, exceptSessionId: $except) { sessionsEnded } }`;

/** What a session keeps of it (`asked`), that there is no second step (`isOff`), or what to say (`problem`). */
function outcomeOf(started, { requestId, purpose }) {
  if (started.__typename === 'VerificationStarted') {
    return { asked: { requestId, purpose, challengeToken: started.challengeToken } };
  }
  // It was turned off at Doorstep, with a code; only a sign-in goes on without.
  if (started.__typename === 'TwoStepOff' && purpose === 'SIGN_IN') return { isOff: true };
  const problem = problems[started.__typename];
  // UnknownSubject: Doorstep was told of everybody who is asked for. Who is not there any more is not let in without.
  if (!problem) throw new Error(`Doorstep: ${started.message}`);
  return { problem };
}

const NOT_AT_DOORSTEP = 'Please turn on two-step verification first, or sign in again.';
const problems = {
  TwoStepOff: 'Two-step verification is off.',
  TwoStepAlreadyEnabled: 'Two-step verification is on already.',
  StaleFirstFactor: 'Something has changed meanwhile. Please try again.',
  NoMethod: 'None of your other devices can show a code now.',
  TemporarilyLocked: 'There were too many wrong codes. Please try again later.',
};
