import type { Bus, Topic } from '../bus/bus.js';
import type { Limits } from '../config/limits.js';
import type { Sql } from '../sql/database.js';
import type { Pulse } from '../sql/pulse.js';
import { rowsOf } from '../sql/rows.js';
import { constant, sql } from '../sql/statement.js';
import { stateNow } from './challenge-rules.js';
import { accountNow, pushedNow, shownNow } from './challenge-views.js';
import { isPrompt } from './prompt-kinds.js';

/** What is listened to here, and how that stood when it was looked at last: a text that is another after each change. */
type Marks = Map<Topic, string>;

/**
 * Finds wake-ups that got lost, with the server that should have sent them or on their way: looks now and then which of the
 * topics that somebody listens to here have changed, in one statement, and wakes those. What was woken meanwhile is woken
 * once more by that; what time alone changes, such as the presence of a killed server, is found by it too.
 */
export function findLostWakeUps(
  bus: Pick<Bus, 'topics' | 'wakeHere'>,
  limits: Limits,
  pulse: Pick<Pulse, 'add'>,
): void {
  let marks: Marks = new Map();
  pulse.add({
    what: 'changes cannot be looked for',
    everySeconds: limits.WS_RECHECK_SECONDS,
    isIdle() {
      for (const _topic of bus.topics) return false;
      return true;
    },
    async run(db) {
      const listened: Marks = new Map();
      for (const topic of bus.topics) listened.set(topic, marks.get(topic) ?? '');
      const changed = await changes(db, limits, listened);
      for (const { topic, mark } of changed) {
        listened.set(topic, mark);
        bus.wakeHere(topic);
      }
      marks = listened;
    },
  });
}

function changes(db: Sql, limits: Limits, marks: Marks): Promise<{ topic: Topic; mark: string }[]> {
  const accounts = of('account', marks);
  const challenges = of('challenge', marks);
  return rowsOf(
    db,
    sql`select 'account:' || k.id as topic, now.mark
        from unnest(${accounts.ids}::uuid[], ${accounts.marks}::text[]) as k (id, mark) join account a on a.id = k.id
        cross join lateral (
          select concat_ws(' ', a.activity_count, a.epoch,
            (select string_agg(concat_ws(' ', c.id, ${stateNow()}, c.last_app_send_at), ' ' order by c.id) from challenge c
             where c.account_id = a.id and ${isPrompt('c')} and c.expires_at > clock_timestamp()
               -- For the index: of the ended ones there may be many.
               and c.created_at > clock_timestamp() - make_interval(secs => ${constant(limits.CHALLENGE_SECONDS)}))) as mark) now
        where now.mark <> k.mark
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

function of(kind: 'account' | 'challenge', all: Marks): { ids: string[]; marks: string[] } {
  const ids: string[] = [];
  const marks: string[] = [];
  for (const [topic, mark] of all) {
    if (!topic.startsWith(`${kind}:`)) continue;
    ids.push(topic.slice(kind.length + 1));
    marks.push(mark);
  }
  return { ids, marks };
}
