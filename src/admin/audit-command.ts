import { type Command, InvalidArgumentError } from 'commander';
import { lastActs } from '../audit/audits.js';
import type { Office } from './office.js';
import { type Terminal, table } from './terminal.js';

const MOST = 10_000;

/** `audit`: what was done by the command line, and who did it. */
export function addAuditCommand(program: Command, office: () => Office, terminal: Terminal): void {
  program
    .command('audit')
    .description('shows what was done by this command line, the newest first')
    .option('--limit <number>', 'so many at most', wholeNumber, 100)
    .action(async ({ limit }: { limit: number }) => {
      const acts = await office().read((db) => lastActs(db, limit));
      const rows = acts.map(({ at, actor, act, subject }) => [at.toISOString(), actor, act, subject]);
      const json = acts.map(({ at, actor, act, subject }) => ({ at, actor, act, subject }));
      terminal.result({ acts: json }, table(['AT', 'ACTOR', 'ACT', 'SUBJECT'], rows));
    });
}

function wholeNumber(text: string): number {
  const number = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (number < 1 || number > MOST) throw new InvalidArgumentError(`A whole number from 1 to ${MOST} is wanted.`);
  return number;
}
