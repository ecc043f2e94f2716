import path from 'node:path';
import { parseArgs } from 'node:util';
import { projectRoot } from '../src/config/project.js';
import { measurements } from './measurements/all.js';
import type { Effort } from './measurements/measurement.js';
import { type StoreName, storesHere } from './site/site.js';

/** What was asked for. */
export type Order =
  | { readonly do: 'measure'; readonly only: readonly string[]; readonly effort: Effort; readonly json: string | null }
  | { readonly do: 'fill'; readonly share: number; readonly effort: Effort; readonly json: string | null }
  | { readonly do: 'docs' }
  | { readonly do: 'known-unknown'; readonly samples: number };

export const usage = `npm run bench -- [OPTIONS]            measures everything, and prints a table
npm run bench -- --fill[=SHARE]       grows the database to a million accounts, or that share of it
npm run bench -- --docs               writes docs/speed.md of what bench/results/ keeps
npm run bench -- known-unknown [200]  whether the time of an answer tells who has an account

  --only NAME,...      of ${measurements.map(({ name }) => name).join(', ')}
  --rounds 5           counted rounds of each; one more comes before them
  --seconds 5          of a round
  --at-once 8          operations under way at the same time
  --people 304         accounts that take part
  --sockets 8000       subscriptions that are held
  --idle-seconds 30    for how long nothing happens
  --store NAME         redis or postgres alone; else both, where there is a Redis
  --project DIR        measures dist/ of another checkout, which has to be built
  --json FILE          keeps the figures`;

/** @throws Error that says what is wrong */
export function readOptions(args: readonly string[]): Order {
  const { values, positionals } = parseArgs({
    // parseArgs knows no option that may have a value.
    args: args.map((arg) => (arg === '--fill' ? '--fill=1' : arg)),
    allowPositionals: true,
    options: {
      only: { type: 'string' },
      rounds: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '5' },
      'at-once': { type: 'string', default: '8' },
      people: { type: 'string', default: '304' },
      sockets: { type: 'string', default: '8000' },
      'idle-seconds': { type: 'string', default: '30' },
      store: { type: 'string' },
      project: { type: 'string', default: projectRoot },
      json: { type: 'string' },
      fill: { type: 'string' },
      docs: { type: 'boolean', default: false },
    },
  });
  const [word, samples = '200', ...more] = positionals;
  if (word === 'known-unknown' && more.length === 0) return { do: word, samples: positive('samples', samples) };
  if (word !== undefined) throw new Error(`'${word}' is no option`);
  if (values.docs) return { do: 'docs' };

  const atOnce = positive('--at-once', values['at-once']);
  const effort: Effort = {
    project: path.resolve(values.project),
    stores: storesOf(values.store),
    rounds: positive('--rounds', values.rounds),
    seconds: positive('--seconds', values.seconds),
    atOnce,
    // Lanes share nobody.
    people: Math.ceil(positive('--people', values.people) / atOnce) * atOnce,
    sockets: positive('--sockets', values.sockets),
    idleSeconds: positive('--idle-seconds', values['idle-seconds']),
  };
  const json = values.json ?? null;
  if (values.fill !== undefined) {
    const share = Number(values.fill);
    if (!(share > 0 && share <= 1)) throw new Error(`--fill is a share from 0 to 1, not '${values.fill}'`);
    return { do: 'fill', share, effort, json };
  }
  const names = measurements.map(({ name }) => name);
  const only = values.only?.split(',') ?? names;
  const unknown = only.find((name) => !names.includes(name));
  if (unknown !== undefined) throw new Error(`nothing is named '${unknown}'; there are ${names.join(', ')}`);
  return { do: 'measure', only, effort, json };
}

const storeNames: Readonly<Record<string, StoreName>> = { redis: 'Redis', postgres: 'PostgreSQL alone' };

function storesOf(word: string | undefined): Effort['stores'] {
  if (word === undefined) return storesHere;
  const store = storeNames[word];
  if (!store || !storesHere.includes(store)) throw new Error(`there is no '${word}' here`);
  return [store];
}

function positive(name: string, text: string): number {
  if (!/^[1-9]\d{0,6}$/.test(text)) throw new Error(`${name} is a number from 1 on, not '${text}'`);
  return Number(text);
}
