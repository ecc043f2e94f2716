// What tests import as '@jest/globals'. Modules are loaded once for all suites of a process, and every suite has globals of
// its own: what is imported leads to those of the suite that runs.

let current = {};

export function useGlobals(globals) {
  current = globals;
}

const leadingTo = (name) =>
  new Proxy(() => {}, {
    apply: (_target, _this, args) => current[name](...args),
    get: (_target, key) => current[name][key],
  });

export const afterAll = leadingTo('afterAll');
export const afterEach = leadingTo('afterEach');
export const beforeAll = leadingTo('beforeAll');
export const beforeEach = leadingTo('beforeEach');
export const describe = leadingTo('describe');
export const expect = leadingTo('expect');
export const jest = leadingTo('jest');
export const test = leadingTo('test');
