import type { Session, SessionChecks, Standing } from '../api/session.js';
import type { Bus } from '../bus/bus.js';
import { ChallengeRow, type State } from '../challenges/challenge.entity.js';
import { type SeenNow, seenNow, stateNow } from '../challenges/challenge-rules.js';
import { giving } from '../challenges/challenge-states.js';
import { showing } from '../challenges/displays.js';
import { askedIn, isForDevice, isPrompt, type PromptKind, promptKindOf } from '../challenges/prompt-kinds.js';
import { productName } from '../clients/product-names.js';
import type { Codes } from '../codes/codes.js';
import type { Limits } from '../config/limits.js';
import { isTrusted } from '../devices/trust.js';
import { isLive, isUsable, standingOf } from '../sessions/session-rules.js';
import type { Sessions } from '../sessions/sessions.js';
import { batched } from '../sql/batches.js';
import { msUntil } from '../sql/clock.js';
import type { Sql } from '../sql/database.js';
import { isTheOne, oneByOne } from '../sql/one-by-one.js';
import { rowOf, rowsOf } from '../sql/rows.js';
import { columns, sql } from '../sql/statement.js';
import { unindexed } from '../sql/unindexed.js';

/** What waits for a code or did so, as a trusted device sees it: with the code while there is something to type. */
export interface PromptView {
  readonly row: ChallengeRow;
  readonly kind: PromptKind;
  readonly state: State;
  /** Until it expires, by the database's clock. */
  readonly msLeft: number;
  /** Since it was asked for, by the same clock. */
  readonly msOld: number;
  /** Whether the device shows codes. */
  readonly mayBeShown: boolean;
  readonly code: string | null;
  /** What the product is called whose backend asks; null where none does. */
  readonly productName: string | null;
}

/** What a session is looked at for. */
export interface Asked {
  readonly session: Session;
  /** Ids of challenges to see also past their time. Null: no prompts are asked for. */
  readonly told: readonly string[] | null;
}

/** How a session stands, and the prompts that its device may see; all of one moment. */
export interface Seen {
  readonly standing: Standing;
  /**
   * Those whose time is not over, in whatever state, the newest first; none where the device is not trusted. Where it shows
   * no codes, none but those that were told before, and without their code.
   */
  readonly prompts: readonly PromptView[];
  /** Before it was read, by `performance.now()`. */
  readonly checkedAt: number;
}

/** A row of the look at a session; the challenge's columns are null where there is none. */
type SeenRow = ChallengeRow &
  SeenNow &
  Pick<Session, 'isTrusted'> &
  Pick<PromptView, 'productName' | 'mayBeShown'> & { readonly nth: number; readonly msUntilAsked: number };

/** Reads what waits for a code, for the trusted devices of its account. */
export class PromptViews implements SessionChecks {
  /** One look serves all who ask about a session in the same turn: its sockets and its subscriptions. */
  readonly see = batched((asked: readonly Asked[]) => this.seeAll(this.db, asked));

  constructor(
    private readonly db: Sql,
    private readonly bus: Pick<Bus, 'publish'>,
    private readonly codes: Codes,
    private readonly sessions: Sessions,
    private readonly limits: Limits,
  ) {}

  check(session: Session): Promise<Seen> {
    return this.see({ session, told: null });
  }

  /** What is seen at once, for a request. */
  async seeNow(db: Sql, session: Session, told: readonly string[] = []): Promise<Seen> {
    const [seen] = await this.seeAll(db, [{ session, told }]);
    if (!seen) throw new Error('a look found nothing');
    return seen;
  }

  private async seeAll(db: Sql, asked: readonly Asked[]): Promise<Seen[]> {
    const checkedAt = performance.now();
    const once = new Map<string, Asked>();
    for (const one of asked) once.set(keyOf(one.session), merge(one, once.get(keyOf(one.session))));
    const [rows, live] = await this.read(db, [...once.values()]);
    const lost = [...once].filter(([key]) => !rows.has(key) && !live.has(key)).map(([, { session }]) => session);
    const renewed = new Map((await this.sessions.check(db, byId(lost))).map((session) => [session.id, session]));
    const seen = new Map<string, Seen>();
    for (const [key, { session }] of once) {
      const own = rows.get(key) ?? [];
      const standing = standingOf(session, live.get(key) ?? asLive(session, own) ?? renewed.get(session.id));
      seen.set(key, { standing, prompts: own.flatMap((row) => this.viewOf(row)), checkedAt });
    }
    return asked.map(({ session }) => seen.get(keyOf(session)) ?? { standing: 'OVER', prompts: [], checkedAt });
  }

  /** By session: what is read of those that ask for prompts, and of those that do not. */
  private read(db: Sql, asked: readonly Asked[]): Promise<[Map<string, SeenRow[]>, Map<string, Session>]> {
    const [wanting, bare] = [asked.filter(({ told }) => told), asked.filter(({ told }) => !told)];
    return db.together((connection) =>
      Promise.all([
        wanting.length > 0 ? this.rows(connection, wanting) : new Map(),
        bare.length > 0 ? this.live(connection, bare) : new Map(),
      ]),
    );
  }

  private async live(db: Sql, asked: readonly Asked[]): Promise<Map<string, Session>> {
    const live = await this.sessions.named(
      db,
      asked.map(({ session }) => session),
    );
    return new Map(live.map((session) => [keyOf(session), session]));
  }

  /**
   * In one statement with the check that the device which asks is trusted and its session live under its token, so that a
   * device that was removed reads none.
   */
  private async rows(db: Sql, asked: readonly Asked[]): Promise<Map<string, SeenRow[]>> {
    const rows = await rowsOf<SeenRow>(
      db,
      sql`select asked.nth::int - 1 as nth, found.is_trusted as "isTrusted", ${columns(ChallengeRow, 'c')},
            ${seenNow()}, ${msUntil(sql`c.created_at`)} as "msUntilAsked", found.receives_codes as "mayBeShown",
            ${productName('k')} as "productName"
          from unnest(${asked.map(({ session }) => session.tokenHash)}::bytea[]) with ordinality as asked (token_hash, nth)
          ${oneByOne(sql`select d.id, d.account_id, d.receives_codes, ${isTrusted(this.limits, 'd')} as is_trusted
            from session s join device d on ${isTheOne('d.id', 's.device_id')}
            where s.token_hash = asked.token_hash and ${isUsable(this.limits)}`)}
          -- Of each by itself as well: no other join can be planned around an offset.
          left join lateral (
            select c.* from challenge c
            where found.is_trusted and ${isForDevice(askedIn('c'), 'found')}
              and c.account_id = found.account_id and ${isPrompt('c')}
              and ((c.expires_at > clock_timestamp() and not c.is_silent and found.receives_codes)
                or c.id = any(${asked.flatMap(({ told }) => told ?? [])}::uuid[]))
            offset 0) c on true
          left join api_client k on k.id = c.client_id
          order by c.created_at desc, c.id`,
    );
    const bySession = new Map<string, SeenRow[]>();
    for (const row of rows) {
      const key = keyOf(asked[row.nth]?.session);
      bySession.set(key, [...(bySession.get(key) ?? []), row]);
    }
    return bySession;
  }

  private viewOf(row: SeenRow): PromptView[] {
    // The session has none.
    const kind = row.id ? promptKindOf(row.purpose) : null;
    if (!kind) return [];
    const { seenState: state, msLeft, mayBeShown, productName } = row;
    const code = state === 'PENDING' && mayBeShown && this.codes.knows(row) ? this.codes.of(row) : null;
    return [{ row, kind, state, msLeft, msOld: -row.msUntilAsked, mayBeShown, code, productName }];
  }

  /**
   * Called right before a code is shown: notes that it was given to a channel (until then none is right), and shown on
   * this device. In one statement with the check of what allows it.
   * @returns false if it may not be shown any more
   */
  async show(db: Sql, session: Session, challengeId: string): Promise<boolean> {
    const shown = await rowOf<{ mayBe: boolean; isFirst: boolean }>(
      db,
      sql`with shown as (
            select c.id from challenge c join session s on s.account_id = c.account_id join device d on d.id = s.device_id
            where c.id = ${challengeId} and ${stateNow()} = 'PENDING' and s.id = ${session.id} and s.token_hash = ${session.tokenHash}
              and ${unindexed(isLive(this.limits, 's'))} and ${isTrusted(this.limits, 'd')} and d.receives_codes
              and ${isForDevice(askedIn('c'), 'd')}),
          given as (${giving(challengeId, sql`exists (select 1 from shown)`)}),
          noted as (${showing(sql`select id from shown`, session.deviceId)})
          select exists (select 1 from shown) as "mayBe", exists (select 1 from noted) as "isFirst"`,
    );
    if (shown?.isFirst) this.bus.publish(`challenge:${challengeId}`);
    return shown?.mayBe === true;
  }
}

/** The session under the token that it was named by. */
function keyOf(session: Session | undefined): string {
  return session?.tokenHash ?? '';
}

function byId(sessions: readonly Session[]): string[] {
  return sessions.map(({ id }) => id);
}

function merge(one: Asked, other: Asked | undefined): Asked {
  const told = one.told && other?.told ? [...one.told, ...other.told] : (one.told ?? other?.told ?? null);
  return { session: one.session, told };
}

/** What was read under its token is live. */
function asLive(session: Session, [row]: readonly SeenRow[]): Session | undefined {
  return row && { ...session, isTrusted: row.isTrusted };
}
