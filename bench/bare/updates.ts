import pg from 'pg';
import { during } from '../load/pace.js';
import { answerCalls } from '../site/child.js';

// A process: the cheapest thing that PostgreSQL can be asked to keep.

const ROWS = 1000;

answerCalls({
  async round({ url, seconds, atOnce }: { url: string; seconds: number; atOnce: number }) {
    const clients = Array.from({ length: atOnce }, () => new pg.Client({ connectionString: url }));
    await Promise.all(clients.map((client) => client.connect()));
    try {
      return await during(seconds, atOnce, async (lane, turn) => {
        const id = 1 + ((lane + turn * atOnce) % ROWS);
        const text = 'update counter set n = n + 1 where id = $1 returning n';
        await clients[lane]?.query({ name: 'count', text, values: [id] });
      });
    } finally {
      await Promise.all(clients.map((client) => client.end()));
    }
  },
});
