import { setTimeout as sleep } from 'node:timers/promises';
import type { Mood } from '../support/moody-mail-server.js';
import type { InjectedFault, Recorder } from './history.js';
import type { Luck } from './random.js';
import type { Post, Site } from './site.js';
import type { Streams } from './streams.js';

/** What is done to one process, and how often. */
const processFaults = {
  killServer: 4,
  pauseServer: 3,
  replaceServer: 3,
  killWorker: 4,
  pauseWorker: 2,
  replaceWorker: 2,
};

/** What is done to PostgreSQL, to the mail server and to the clients' network, and how often. */
const storeFaults = {
  cutPostgres: 4,
  endBackends: 2,
  restartPostgres: 2,
  pausePostgres: 2,
  slowPostgres: 2,
  holdPostgres: 2,
  refusePostgres: 1,
  breakOffPostgres: 2,
  refuseMails: 4,
  holdMails: 3,
  hangMails: 2,
  dropMails: 3,
  dripMails: 1,
  cutMailServer: 2,
  refuseMailServer: 2,
  reconnectClients: 1,
};

/** What is done to Redis besides. */
const redisFaults = { cutRedis: 3, emptyRedis: 3, endRedis: 2, pauseRedis: 3, slowRedis: 2, holdRedis: 2 };

type ProcessFault = keyof typeof processFaults;
type StoreFault = keyof typeof storeFaults | keyof typeof redisFaults;

/** A fault as the seed has it. */
export interface PlannedFault<Kind extends string> {
  readonly kind: Kind;
  /** Since the end of the one before. */
  readonly afterMs: number;
  readonly forMs: number;
  /** Which of several processes, or how hard. */
  readonly nth: number;
}

/** The next fault: the same each time for the same seed. */
export function planFault<Kind extends string>(
  luck: Luck,
  weights: Readonly<Record<Kind, number>>,
  longestPauseMs: number,
): PlannedFault<Kind> {
  return {
    kind: luck.weighted(weights),
    afterMs: luck.number(100, longestPauseMs),
    forMs: luck.number(50, luck.percent(20) ? 4_000 : 1_200),
    nth: luck.number(0, 5),
  };
}

/** Breaks processes one after the other, and beside that stores one after the other. */
export class Faults {
  constructor(
    private readonly site: Site,
    private readonly streams: Streams,
    private readonly recorder: Recorder,
  ) {}

  async breakProcesses(luck: Luck, stop: AbortSignal): Promise<void> {
    await this.goOn(luck, processFaults, 6_000, stop, (fault) => this.breakProcess(fault));
  }

  async breakStores(luck: Luck, stop: AbortSignal): Promise<void> {
    const weights = this.site.redis ? { ...storeFaults, ...redisFaults } : storeFaults;
    await this.goOn<StoreFault>(luck, weights as Record<StoreFault, number>, 2_500, stop, (fault) =>
      this.breakStore(fault),
    );
  }

  private async goOn<Kind extends string>(
    luck: Luck,
    weights: Readonly<Record<Kind, number>>,
    longestPauseMs: number,
    stop: AbortSignal,
    inject: (fault: PlannedFault<Kind>) => Promise<string>,
  ): Promise<void> {
    for (;;) {
      const fault = planFault(luck, weights, longestPauseMs);
      await sleep(fault.afterMs, undefined, { signal: stop }).catch(() => undefined);
      if (stop.aborted) return;
      const noted: InjectedFault = { kind: fault.kind, what: '', from: Date.now(), to: Number.POSITIVE_INFINITY };
      this.recorder.faults.push(noted);
      noted.what = await inject(fault);
      noted.to = Date.now();
    }
  }

  private async breakProcess({ kind, nth, forMs }: PlannedFault<ProcessFault>): Promise<string> {
    const posts = kind.endsWith('Server') ? this.site.servers : this.site.workers;
    const post = posts[nth % posts.length] as Post;
    if (kind.startsWith('kill')) {
      await post.process.kill();
      await sleep(forMs);
      await this.site.reopen(post);
    } else if (kind.startsWith('pause')) {
      post.process.pause();
      await sleep(forMs);
      post.process.resume();
    } else {
      await this.site.replace(post);
    }
    return post.name;
  }

  private async breakStore({ kind, nth, forMs }: PlannedFault<StoreFault>): Promise<string> {
    const { postgres, redis, proxies, mailServer } = this.site;
    const mood = async (next: Mood) => {
      mailServer.refuseAll(next);
      await sleep(forMs);
      mailServer.open();
    };
    const broken = async (proxy: { heal(): Promise<void> } | null, fault: () => void | Promise<void> | undefined) => {
      await fault();
      await sleep(forMs);
      await proxy?.heal();
    };
    switch (kind) {
      case 'cutPostgres':
        proxies.postgres.cut();
        break;
      case 'endBackends':
        await this.site.withDatabase((client) =>
          client.query(
            'select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and backend_type = $1',
            ['client backend'],
          ),
        );
        break;
      case 'restartPostgres':
        await postgres.kill();
        await sleep(forMs / 2);
        await postgres.restart();
        break;
      case 'pausePostgres':
        postgres.pause();
        await sleep(forMs);
        postgres.resume();
        break;
      case 'slowPostgres':
        await broken(proxies.postgres, () => proxies.postgres.delay(10 * (nth + 1)));
        break;
      case 'holdPostgres':
        await broken(proxies.postgres, () => proxies.postgres.blackHole());
        break;
      case 'refusePostgres':
        await broken(proxies.postgres, () => proxies.postgres.refuse());
        break;
      case 'breakOffPostgres':
        await broken(proxies.postgres, () => proxies.postgres.resetAfter(200 + 300 * nth));
        break;
      case 'refuseMails': {
        const replyCode = [421, 451, 452][nth % 3] ?? 451;
        await mood({ command: nth < 3 ? 'DATA' : 'RCPT TO', replyCode, text: '4.3.2 not now' });
        break;
      }
      case 'holdMails':
        mailServer.shut();
        await sleep(forMs);
        mailServer.open();
        break;
      case 'hangMails':
        await mood('hang');
        // Or they would wait for their answer until they give up.
        proxies.mail.cut();
        break;
      case 'dropMails':
        await mood('drop');
        break;
      case 'dripMails':
        await mood('drip');
        proxies.mail.cut();
        break;
      case 'cutMailServer':
        proxies.mail.cut();
        break;
      case 'refuseMailServer':
        proxies.mail.cut();
        await broken(proxies.mail, () => proxies.mail.refuse());
        break;
      case 'reconnectClients':
        this.streams.reconnect();
        break;
      case 'cutRedis':
        proxies.redis?.cut();
        break;
      case 'emptyRedis':
        await redis?.restart();
        break;
      case 'endRedis':
        await redis?.kill();
        await sleep(forMs);
        await redis?.restart();
        break;
      case 'pauseRedis':
        redis?.pause();
        await sleep(forMs);
        redis?.resume();
        break;
      case 'slowRedis':
        await broken(proxies.redis, () => proxies.redis?.delay(10 * (nth + 1)));
        break;
      case 'holdRedis':
        await broken(proxies.redis, () => proxies.redis?.blackHole());
        break;
    }
    return `${forMs} ms`;
  }
}
