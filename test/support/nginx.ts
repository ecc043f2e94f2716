import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { projectRoot } from '../../src/config/project.js';
import { readText } from './examples.js';
import { installed } from './programs.js';
import { freePort, startProcess } from './store.js';
import { within } from './waiting.js';

const EXAMPLE = 'examples/nginx-static';

/**
 * Where nginx is installed; null where it is not.
 * @throws Error where it is not and CI is set
 */
export const nginxAvailable = () => installed('nginx');

/** nginx as `examples/nginx-static` has it. */
export interface NginxSite extends AsyncDisposable {
  readonly url: string;
}

/** What the example leads to, and where it is itself. */
export interface NginxPorts {
  readonly site: number;
  readonly doorstep: number;
  readonly product: number;
}

/** Starts the example in a copy of its folder, by the commands that its README shows. */
export async function startNginx(ports: NginxPorts): Promise<NginxSite> {
  const folder = mkdtempSync(path.join(tmpdir(), 'doorstep-nginx-'));
  // As root its workers are somebody else.
  chmodSync(folder, 0o755);
  cpSync(path.join(projectRoot, EXAMPLE), folder, { recursive: true });
  const env = {
    PATH: process.env.PATH,
    SITE_PORT: String(ports.site),
    DOORSTEP_PORT: String(ports.doorstep),
    PRODUCT_PORT: String(ports.product),
  };
  const run = (command: string) => execFileSync('bash', ['-c', command], { cwd: folder, env, stdio: 'pipe' });
  run(commandWith('sed '));
  const child = await startProcess(
    'bash',
    ['-c', commandWith('mkdir -p run')],
    { cwd: folder, env },
    /start worker process \d/,
  );
  return {
    url: `http://localhost:${ports.site}`,
    async [Symbol.asyncDispose]() {
      const exited = once(child, 'exit');
      run(commandWith('-s stop'));
      await within(exited, 'the end of nginx');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The one block of commands in the README that has this text. */
function commandWith(text: string): string {
  const blocks = [...readText(`${EXAMPLE}/README.md`).matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block = '']) => block);
  const [found, ...more] = blocks.filter((block) => block.includes(text));
  if (found === undefined || more.length > 0) throw new Error(`the README has not one command with '${text}'`);
  return found;
}

/** Ports that nothing listens on. */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  while (ports.length < count) {
    const port = await freePort();
    if (!ports.includes(port)) ports.push(port);
  }
  return ports;
}
