import { runProcess } from './process.js';

await runProcess(async () => {
  const { runParts } = await import('./parts.js');
  return () => runParts({ api: true, worker: false });
});
