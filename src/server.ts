import { runProcess } from './wiring/process.js';

await runProcess(async () => {
  const { runParts } = await import('./wiring/parts.js');
  return () => runParts({ api: true, worker: false });
});
