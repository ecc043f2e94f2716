/** The machine's clock to the microsecond, which `Date` rounds off. @returns reads a `performance.now()` on it */
export function machineClock(): (now: number) => number {
  const before = Date.now();
  let tick = before;
  // The moment at which it goes on by one.
  while (tick === before) tick = Date.now();
  const offset = tick - performance.now();
  return (now) => now + offset;
}
