import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { Eta } from 'eta';
import { projectRoot } from '../config/project.js';

const ourFolder = path.join(projectRoot, 'templates', 'mail');

/** The Eta templates of `templates/mail`, each of which a file of the same name in an operator's folder replaces. */
export class TemplateFiles extends Eta {
  /**
   * @param kind `html` escapes what it prints
   * @throws if the operator's folder cannot be read or holds a template that ours do not have
   */
  constructor(
    private readonly kind: 'html' | 'text',
    private readonly overrideFolder: string | null,
  ) {
    super({
      autoEscape: kind === 'html',
      autoTrim: false,
      autoFilter: true,
      filterFunction: present,
      cache: true,
      // Faults name the file and the line.
      debug: true,
    });
    if (overrideFolder) refuseStrays(overrideFolder);
  }

  /** The file of a template, which templates name without their kind: `layout('layout')`. */
  override resolvePath = (template: string): string => {
    const name = `${template}.${this.kind}.eta`;
    const override = this.overrideFolder && path.join(this.overrideFolder, name);
    return override && existsSync(override) ? override : path.join(ourFolder, name);
  };
}

/** A misspelt field prints `undefined` into a mail unless someone objects. */
function present(value: unknown): string {
  if (value === undefined || value === null) throw new TypeError('the template prints something that is not there');
  return String(value);
}

/** A misspelt file name would quietly replace nothing. */
function refuseStrays(folder: string): void {
  const ours = readdirSync(ourFolder);
  const stray = readdirSync(folder).find((name) => name.endsWith('.eta') && !ours.includes(name));
  if (stray) throw new Error(`MAIL_TEMPLATES holds ${stray}, which replaces nothing; there are ${ours.join(', ')}`);
}
