import type { AccountRow } from '../accounts/account.entity.js';
import { lockAccount, pauseWhere } from '../accounts/accounts.js';
import type { SecurityEvents } from '../activity/security-events.js';
import type { Context } from '../api/context.js';
import { Forbidden, NotFound, Unauthenticated } from '../api/errors.js';
import type { Session } from '../api/session.js';
import { deny, giveToDevice, isDeniedOften } from '../challenges/challenge-states.js';
import { methodOf } from '../challenges/challenge-tries.js';
import { noteSeen } from '../challenges/displays.js';
import { type PromptKind, promptedChallengeId, promptKinds } from '../challenges/prompt-kinds.js';
import type { Limits } from '../config/limits.js';
import { receivesCodes } from '../devices/devices.js';
import type { Sessions } from '../sessions/sessions.js';
import type { Sql } from '../sql/database.js';
import type { Transactions, Tx } from '../sql/transactions.js';
import type { PromptView, PromptViews } from './prompt-views.js';

/** What waits for a code, for the trusted devices of the account. */
export class Prompts {
  constructor(
    private readonly transactions: Transactions,
    private readonly views: PromptViews,
    private readonly events: SecurityEvents,
    private readonly sessions: Sessions,
    private readonly limits: Limits,
  ) {}

  /** @throws Unauthenticated, Forbidden */
  private async requireTrusted(db: Sql, session: Session | null): Promise<Session> {
    if (!session) throw new Unauthenticated();
    const standing = await this.sessions.standing(db, session);
    if (standing === 'UNTRUSTED') throw new Forbidden();
    if (standing !== 'TRUSTED') throw new Unauthenticated();
    return session;
  }

  /** Those that wait for a code now, which is shown by that. */
  async pending(db: Sql, session: Session, kind: PromptKind): Promise<PromptView[]> {
    const { prompts } = await this.views.seeNow(db, session);
    const shown: PromptView[] = [];
    for (const prompt of prompts.filter((one) => one.kind === kind && one.mayBeShown && one.state === 'PENDING')) {
      if (prompt.code === null || (await this.views.show(db, session, prompt.row.id))) shown.push(prompt);
    }
    return shown;
  }

  /** A prompt of the account by its challenge, also past its time. */
  private async find(db: Sql, session: Session, kind: PromptKind, id: string): Promise<PromptView | undefined> {
    const { prompts } = await this.views.seeNow(db, session, [id]);
    return prompts.find((prompt) => prompt.kind === kind && prompt.row.id === id);
  }

  /**
   * The app on a trusted device says that it shows the code. Of one that is over nothing more is noted.
   * @throws NotFound, Unauthenticated, Forbidden also where the device's owner wants no codes on it
   */
  acknowledge(context: Context, kind: PromptKind, promptId: string): Promise<PromptView> {
    return this.reactTo(context, kind, promptId, async (tx, session, challengeId) => {
      await this.lockTrusted(tx, session);
      if (!(await receivesCodes(tx, session.deviceId))) throw new Forbidden();
      // What it shows was given to it.
      giveToDevice(tx, challengeId);
      await noteSeen(tx, challengeId, session.deviceId);
    });
  }

  /**
   * 'This was not me', 'I did not ask for this': the challenge is over at once, and all who have to know are told. One that
   * is over already comes back unchanged.
   * @throws NotFound, Unauthenticated, Forbidden
   */
  deny(context: Context, kind: PromptKind, promptId: string): Promise<PromptView> {
    return this.reactTo(context, kind, promptId, (tx, session, challengeId) =>
      this.denyOnce(tx, session, kind, challengeId),
    );
  }

  /** @returns the prompt as it is afterwards: while it was looked at it may have ended, and then nothing was done */
  private async reactTo(
    context: Context,
    kind: PromptKind,
    promptId: string,
    reaction: (tx: Tx, session: Session, challengeId: string) => Promise<void>,
  ): Promise<PromptView> {
    const { db } = context;
    const session = await this.requireTrusted(db, context.session);
    const challengeId = promptedChallengeId(kind, promptId);
    const prompt = challengeId && (await this.find(db, session, kind, challengeId));
    if (!prompt) throw new NotFound(promptKinds[kind].name);
    if (prompt.state !== 'PENDING') return prompt;
    await this.transactions.run((tx) => reaction(tx, session, prompt.row.id));
    const afterwards = await this.find(db, session, kind, prompt.row.id);
    if (!afterwards) throw new Unauthenticated();
    return afterwards;
  }

  private async denyOnce(tx: Tx, session: Session, kind: PromptKind, challengeId: string): Promise<void> {
    const account = await this.lockTrusted(tx, session);
    const denied = await deny(tx, challengeId, account.id);
    if (!denied) return;
    // Somebody who has the password keeps asking: after several denials new devices wait.
    if (kind === 'LOGIN_REQUEST') {
      pauseWhere(tx, account.id, this.limits.ACCOUNT_PAUSE_SECONDS, isDeniedOften(account.id, this.limits));
    }
    const { deviceId = null, deviceName, platform, ipAddress, purpose, requestId = null } = denied;
    this.events.tell(tx, account, promptKinds[kind].denied, {
      promptId: challengeId,
      requestId,
      purpose: requestId && purpose,
      deviceId,
      deviceName,
      platform,
      ipAddress,
      method: methodOf(denied),
    });
  }

  /** Locks the account, behind which the device must still be trusted. @throws Unauthenticated */
  private async lockTrusted(tx: Tx, session: Session): Promise<AccountRow> {
    const account = await lockAccount(tx, session.accountId, null);
    if (!account || (await this.sessions.standing(tx, session)) !== 'TRUSTED') throw new Unauthenticated();
    return account;
  }
}
