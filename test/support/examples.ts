import { readFileSync } from 'node:fs';
import path from 'node:path';
import { projectRoot } from '../../src/config/project.js';

/** A value as JSON has it. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/** A request that a document shows, and the answer under it. */
export interface Example {
  readonly document: string;
  readonly variables: Record<string, Json>;
  readonly answer: Record<string, Json>;
}

/** A file of the project as text. */
export function readText(file: string): string {
  return readFileSync(path.join(projectRoot, file), 'utf8');
}

/**
 * The examples of the documents by name. A name stands in the info string of the fenced blocks that belong to it:
 * `graphql example=signUp`, `json variables=signUp`, `json answer=signUp`. `json answer=again of=signUp` is another
 * answer to the same document.
 */
export function readExamples(files: readonly string[]): ReadonlyMap<string, Example> {
  const blocks = files.flatMap((file) =>
    [...readText(file).matchAll(fencedBlock)].map(({ groups }) => groups as unknown as Block),
  );
  const text = (role: string, name: string) => blocks.find((block) => block.role === role && block.name === name)?.text;
  const answers = blocks.filter(({ role }) => role === 'answer');
  return new Map(
    answers.map(({ name, of = name, text: answer }) => {
      const document = text('example', of);
      if (!document) throw new Error(`the answer '${name}' has no example`);
      return [name, { document, variables: JSON.parse(text('variables', of) ?? '{}'), answer: JSON.parse(answer) }];
    }),
  );
}

interface Block {
  readonly role: string;
  readonly name: string;
  readonly of?: string;
  readonly text: string;
}

const fencedBlock =
  /^```(?:graphql|json) (?<role>example|variables|answer)=(?<name>\w+)(?: of=(?<of>\w+))?\n(?<text>.*?)^```$/gms;

/** The variables with what the documents cannot know, by the variable's name at any depth. */
export function withSecrets(variables: Json, secrets: Readonly<Record<string, string>>): Record<string, Json> {
  const filled = JSON.stringify(variables, (name, value) => secrets[name] ?? value);
  if (filled.includes(ELLIPSIS)) throw new Error(`nothing stands in for '${ELLIPSIS}' in ${filled}`);
  return JSON.parse(filled);
}

const ELLIPSIS = '…';
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;
const LEFT = /(InSeconds|SecondsAgo)$/;
const CODE = /^\d{6,12}$/;

/**
 * Whether an answer is as the documents show it: the same members and values, but that any instant and any time that is
 * left stands for any other, a code for any other of as many digits, and `…` for whatever text.
 */
export function isShownAs(shown: Json | undefined, actual: Json | undefined): boolean {
  if (typeof shown === 'string' && typeof actual === 'string') return isTextShownAs(shown, actual);
  if (typeof shown !== 'object' || typeof actual !== 'object' || shown === null || actual === null) {
    return shown === actual;
  }
  const names = Object.keys(shown);
  return (
    Array.isArray(shown) === Array.isArray(actual) &&
    names.join() === Object.keys(actual).join() &&
    names.every((name) =>
      LEFT.test(name) && typeof member(shown, name) === 'number'
        ? typeof member(actual, name) === 'number'
        : isShownAs(member(shown, name), member(actual, name)),
    )
  );
}

function isTextShownAs(shown: string, actual: string): boolean {
  if (INSTANT.test(shown)) return INSTANT.test(actual);
  if (CODE.test(shown)) return CODE.test(actual) && shown.length === actual.length;
  const parts = shown.split(ELLIPSIS).map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  return new RegExp(`^${parts.join('.+')}$`, 's').test(actual);
}

function member(of: object, name: string): Json | undefined {
  return (of as Record<string, Json>)[name];
}
