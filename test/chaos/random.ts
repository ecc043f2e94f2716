import { unsafeUniformIntDistribution, xoroshiro128plus } from 'pure-rand';

/** Draws that are the same each time for the same seed and name, in the order in which they are asked for. */
export class Luck {
  private readonly generator;

  /** @param name keeps apart those who draw, so that nobody's draws depend on how fast the others are */
  constructor(seed: number, name: string) {
    this.generator = xoroshiro128plus(mixed(seed, name));
  }

  /** A whole number from `least` to `most`. */
  number(least: number, most: number): number {
    return unsafeUniformIntDistribution(least, most, this.generator);
  }

  /** True in so many of a hundred cases. */
  percent(cases: number): boolean {
    return this.number(1, 100) <= cases;
  }

  /** One of them. @throws RangeError if there is none */
  of<T>(choices: readonly T[]): T {
    const choice = choices[this.number(0, choices.length - 1)];
    if (choice === undefined) throw new RangeError('nothing to choose from');
    return choice;
  }

  /** One of the names, each as often as its weight says. */
  weighted<Name extends string>(weights: Readonly<Record<Name, number>>): Name {
    const names = Object.keys(weights) as Name[];
    let left = this.number(
      1,
      names.reduce((sum, name) => sum + weights[name], 0),
    );
    for (const name of names) {
      left -= weights[name];
      if (left <= 0) return name;
    }
    throw new RangeError('nothing to choose from');
  }

  /** So many decimal digits. */
  digits(count: number): string {
    return Array.from({ length: count }, () => this.number(0, 9)).join('');
  }
}

/** FNV-1a, 32 bits (draft-eastlake-fnv): spreads neighbouring seeds. */
function mixed(seed: number, name: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(`${seed}/${name}`)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash;
}
