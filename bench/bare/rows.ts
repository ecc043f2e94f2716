import pg from 'pg';
import { during } from '../load/pace.js';
import { answerCalls } from '../site/child.js';

// A process: the cheapest things that PostgreSQL can be asked, to tell and to keep.

const ROWS = 1000;

/** What is asked of one row. */
type Asked = 'select' | 'update';

const texts: Readonly<Record<Asked, string>> = {
  select: 'select n from counter where id = $1',
  update: 'update counter set n = n + 1 where id = $1 returning n',
};

interface Load {
  readonly asked: Asked;
  readonly url: string;
  readonly seconds: number;
  readonly atOnce: number;
}

answerCalls({
  async round({ asked, url, seconds, atOnce }: Load) {
    const clients = Array.from({ length: atOnce }, () => new pg.Client({ connectionString: url }));
    await Promise.all(clients.map((client) => client.connect()));
    try {
      return await during(seconds, atOnce, async (lane, turn) => {
        const id = 1 + ((lane + turn * atOnce) % ROWS);
        await clients[lane]?.query({ name: asked, text: texts[asked], values: [id] });
      });
    } finally {
      await Promise.all(clients.map((client) => client.end()));
    }
  },
});
