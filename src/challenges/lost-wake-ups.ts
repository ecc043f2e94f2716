import type { TopicMarks } from '../api/session.js';
import type { Bus, Topic } from '../bus/bus.js';
import type { Limits } from '../config/limits.js';
import { batched } from '../sql/batches.js';
import type { Sql } from '../sql/database.js';
import type { Pulse } from '../sql/pulse.js';
import { rowsOf } from '../sql/rows.js';
import { constant, type Fragment, sql } from '../sql/statement.js';
import { stateNow } from './challenge-rules.js';
import { accountNow, pushedNow, shownNow } from './challenge-views.js';
import { isPrompt } from './prompt-kinds.js';

/** What is listened to here, and how that stood when it was looked at last: a text that is another after each change. */
type Marks = Map<Topic, string>;

/** For how long topics are collected that are noted at the same time. */
const COLLECT_MS = 4;

interface Marked {
  readonly topic: Topic;
  readonly mark: string;
}

/**
 * Finds wake-ups that got lost, with the server that should have sent them or on their way: looks now and then which of the
 * topics that somebody listens to here have changed, in one statement, and wakes those. What was woken meanwhile is woken
 * once more by that; what time alone changes, such as the presence of a killed server, is found by it too.
 */
export class LostWakeUps implements TopicMarks {
  private readonly marks: Marks = new Map();
  private readonly read = batched(async (topics: readonly Topic[]) => {
    const unmarked = of('account', new Map(topics.map((topic) => [topic, ''])));
    const found = await rowsOf<Marked>(this.db, changedAccounts(this.limits, unmarked));
    const marks = new Map(found.map(({ topic, mark }) => [topic, mark]));
    return topics.map((topic) => marks.get(topic));
  }, COLLECT_MS);

  constructor(
    private readonly db: Sql,
    private readonly bus: Pick<Bus, 'topics' | 'listenersOn' | 'wakeHere'>,
    private readonly limits: Limits,
    pulse: Pick<Pulse, 'add'>,
  ) {
    pulse.add({
      what: 'changes cannot be looked for',
      everySeconds: limits.WS_RECHECK_SECONDS,
      isIdle() {
        for (const _topic of bus.topics) return false;
        return true;
      },
      run: (db) => this.look(db),
    });
  }

  /** Without its mark a topic is woken at the next look: nobody knows what has changed before that. */
  async note(topic: Topic, isListening: () => boolean): Promise<void> {
    if (this.marks.has(topic)) return;
    // Nothing is lost by it where that cannot be read now.
    const mark = await this.read(topic).catch(() => undefined);
    // Whoever else listens may have read its rows before that.
    const isAlone = isListening() && this.bus.listenersOn(topic) === 1;
    if (mark !== undefined && isAlone) this.marks.set(topic, mark);
  }

  private async look(db: Sql): Promise<void> {
    const { bus, marks } = this;
    for (const topic of marks.keys()) if (bus.listenersOn(topic) === 0) marks.delete(topic);
    const listened: Marks = new Map();
    for (const topic of bus.topics) listened.set(topic, marks.get(topic) ?? '');
    for (const { topic, mark } of await changes(db, this.limits, listened)) {
      marks.set(topic, mark);
      bus.wakeHere(topic);
    }
  }
}

/** What listens to accounts is by far the most. */
function changedAccounts(limits: Limits, { ids, marks }: Listened): Fragment {
  return sql`select 'account:' || k.id as topic, now.mark
        from unnest(${ids}::uuid[], ${marks}::text[]) as k (id, mark) join account a on a.id = k.id
        cross join lateral (
          select concat_ws(' ', a.activity_count, a.epoch,
            (select string_agg(concat_ws(' ', c.id, ${stateNow()}, c.last_app_send_at), ' ' order by c.id) from challenge c
             where c.account_id = a.id and ${isPrompt('c')} and c.expires_at > clock_timestamp()
               -- For the index: of the ended ones there may be many.
               and c.created_at > clock_timestamp() - make_interval(secs => ${constant(limits.CHALLENGE_SECONDS)}))) as mark) now
        where now.mark <> k.mark`;
}

function changes(db: Sql, limits: Limits, marks: Marks): Promise<Marked[]> {
  const challenges = of('challenge', marks);
  return rowsOf(
    db,
    sql`${changedAccounts(limits, of('account', marks))}
        union all
        select 'challenge:' || k.id, now.mark
        from unnest(${challenges.ids}::uuid[], ${challenges.marks}::text[]) as k (id, mark) join challenge c on c.id = k.id
        ${accountNow(limits)} ${shownNow()} ${pushedNow()}
        cross join lateral (
          select concat_ws(' ', c.state, c.tries, c.sends, c.method, trusted, shown, push,
            (select string_agg(concat_ws(' ', de.id, de.changed_at), ' ' order by de.id) from delivery de
             where de.challenge_id = c.id)) as mark) now
        where now.mark <> k.mark`,
  );
}

/** What is listened to of a kind: ids, and how each stood. */
interface Listened {
  readonly ids: string[];
  readonly marks: string[];
}

function of(kind: 'account' | 'challenge', all: Marks): Listened {
  const ids: string[] = [];
  const marks: string[] = [];
  for (const [topic, mark] of all) {
    if (!topic.startsWith(`${kind}:`)) continue;
    ids.push(topic.slice(kind.length + 1));
    marks.push(mark);
  }
  return { ids, marks };
}
