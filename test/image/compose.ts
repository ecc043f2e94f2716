import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { projectRoot } from '../../src/config/project.js';

/** A service of docker-compose.yml that runs our image. */
export interface Service {
  /** Undefined: what the image runs. */
  readonly command?: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

interface ComposeFile {
  readonly services: Readonly<Record<string, Service>>;
}

/**
 * A service as `docker compose` would start it.
 * @param values stand in for `${NAME:?...}`
 * @param hosts where on this machine those services listen that others know by their names
 */
export function composeService(
  name: string,
  values: Readonly<Record<string, string>>,
  hosts: Readonly<Record<string, number>>,
): Service {
  const text = readFileSync(path.join(projectRoot, 'docker-compose.yml'), 'utf8');
  const { services } = parse(text, { merge: true }) as ComposeFile;
  const service = services[name];
  if (!service) throw new Error(`docker-compose.yml has no service ${name}`);
  const environment = Object.entries(service.environment).map(([key, value]) => [
    key,
    atHosts(interpolated(value, values), hosts),
  ]);
  return { command: service.command, environment: Object.fromEntries(environment) };
}

function interpolated(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(/\$\{(\w+)[^}]*\}/g, (whole, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`${whole} in docker-compose.yml has no value`);
    return value;
  });
}

/** A URL whose host is a service's name, at the port of this machine; any other text as it is. */
function atHosts(text: string, hosts: Readonly<Record<string, number>>): string {
  if (!URL.canParse(text)) return text;
  const url = new URL(text);
  const port = hosts[url.hostname];
  if (port === undefined) return text;
  url.hostname = '127.0.0.1';
  url.port = String(port);
  return url.href;
}
