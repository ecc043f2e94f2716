import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { projectRoot } from '../../src/config/project.js';

/** What the Dockerfile says of a container, as far as it counts here. */
interface ImageConfig {
  readonly User: string;
  readonly Env: readonly string[];
  readonly Cmd: readonly string[];
  readonly WorkingDir: string;
  readonly Healthcheck: { readonly Test: readonly string[] };
}

type Environment = Readonly<Record<string, string>>;

/** How a command in a container ended. */
export interface Ended {
  readonly code: number | null;
  readonly output: string;
}

const script = (name: string) => path.join(projectRoot, 'scripts', 'image', name);

/** The image of the Dockerfile, laid out as files: see scripts/image. */
export class Image implements Disposable {
  private readonly config: ImageConfig;
  private readonly rootfs: string;

  private constructor(private readonly folder: string) {
    const described = readFileSync(path.join(folder, 'image.json'), 'utf8');
    this.config = (JSON.parse(described) as { Docker: { config: ImageConfig } }).Docker.config;
    this.rootfs = path.join(folder, 'rootfs');
  }

  /** Builds it, which takes some minutes and room in the temporary folder. */
  static build(): Image {
    const parent = mkdtempSync(path.join(tmpdir(), 'doorstep-image-'));
    const folder = path.join(parent, 'image');
    const { status, error } = spawnSync(script('build.sh'), [folder], { stdio: 'inherit' });
    if (status === 0) return new Image(folder);
    rmSync(parent, { recursive: true, force: true });
    throw error ?? new Error('the image does not build; see above');
  }

  get environment(): Record<string, string> {
    return Object.fromEntries(
      this.config.Env.map((line) => [line.split('=', 1)[0], line.slice(line.indexOf('=') + 1)]),
    );
  }

  /** What it runs unless it is told something else. */
  get program(): readonly string[] {
    return this.config.Cmd;
  }

  /** What runs a command in it on this machine: as its user, and read-only. */
  command(args: readonly string[]): readonly [file: string, ...args: string[]] {
    return [script('run.sh'), this.rootfs, this.config.User, this.config.WorkingDir, ...args];
  }

  /** Runs a command in it to its end. */
  run(args: readonly string[], env: Environment = this.environment): Ended {
    const [file, ...rest] = this.command(args);
    const { status, stdout, stderr, error } = spawnSync(file, rest, { env, encoding: 'utf8' });
    if (error) throw error;
    return { code: status, output: `${stdout}${stderr}` };
  }

  /** Whether a container with this environment would be found healthy. */
  isHealthy(env: Environment): boolean {
    const [kind, ...rest] = this.config.Healthcheck.Test;
    return this.run(kind === 'CMD-SHELL' ? ['/bin/sh', '-c', ...rest] : rest, env).code === 0;
  }

  /** How much room a folder of it takes, in MB (of 1024 * 1024 bytes). */
  megabytesOf(folder: string): number {
    const target = path.join(this.rootfs, folder);
    if (!existsSync(target)) throw new Error(`the image has no ${folder}`);
    const { stdout } = spawnSync('du', ['--summarize', '--block-size=1M', target], { encoding: 'utf8' });
    return Number.parseInt(stdout, 10);
  }

  [Symbol.dispose](): void {
    rmSync(path.dirname(this.folder), { recursive: true, force: true });
  }
}
