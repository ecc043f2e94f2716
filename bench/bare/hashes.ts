import { availableParallelism } from 'node:os';
import { hash } from '@node-rs/argon2';
import { limitTable } from '../../src/config/limits.js';
import { during } from '../load/pace.js';
import { answerCalls } from '../site/child.js';

// A process: hashes passwords as the product does, and does nothing else.

const costs = {
  algorithm: 2, // argon2id
  memoryCost: limitTable.ARGON2_MEMORY_KIB.default,
  timeCost: limitTable.ARGON2_PASSES.default,
  parallelism: limitTable.ARGON2_LANES.default,
};

answerCalls({
  round: ({ seconds }: { seconds: number }) =>
    during(seconds, availableParallelism(), () => hash('quartz-lantern-92-orbit', costs)),
});
