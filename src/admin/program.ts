import { Command, CommanderError } from 'commander';
import { StartFault } from '../config/start-fault.js';
import { addAuditCommand } from './audit-command.js';
import { addClientCommands } from './client-commands.js';
import { addKeyCommands } from './key-commands.js';
import { officeOf } from './office.js';
import { Terminal } from './terminal.js';
import { addWebhookCommands } from './webhook-commands.js';

/**
 * `npm run admin -- ...`: what operators do by the command line. Each file beside this one holds a group of commands.
 * @param argv as Node has it
 * @returns the exit code: 0, or 1 where something is wrong, which is said on standard error
 */
export async function runAdmin(argv: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const terminal = new Terminal();
  const program = new Command('npm run admin --')
    .description(
      'Acts on the database of DATABASE_URL, or on the embedded one of DATA_DIR, also while a server runs on it.',
    )
    .option('--json', 'print one JSON object')
    .hook('preAction', (command) => {
      terminal.isJson = command.opts<{ json?: boolean }>().json ?? false;
    })
    .exitOverride()
    .showHelpAfterError('(--help tells more)');
  // Made when a command runs: help needs no database.
  const office = () => officeOf(env, terminal);
  addKeyCommands(program, office, terminal);
  addClientCommands(program, office, terminal);
  addWebhookCommands(program, office, terminal);
  addAuditCommand(program, office, terminal);
  try {
    await program.parseAsync([...argv]);
    return 0;
  } catch (error) {
    // The library has said what was wrong with the command line, or printed its help.
    if (error instanceof CommanderError) return error.exitCode;
    terminal.note(error instanceof StartFault ? error.message : `The database cannot be used: ${messageOf(error)}`);
    return 1;
  }
}

function messageOf(error: unknown): string {
  const { message, code } = error as { message?: string; code?: string };
  return message || code || String(error);
}
