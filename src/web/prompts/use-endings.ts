import { useEffect, useRef } from 'react';

/** Tells of each prompt that waited here and does so no more: it would go without a word. */
export function useEndings<Prompt extends { readonly id: string }>(
  waiting: readonly Prompt[],
  onEnd: (prompt: Prompt) => void,
): void {
  const before = useRef<readonly Prompt[]>([]);
  const ids = waiting.map(({ id }) => id).join(' ');
  // biome-ignore lint/correctness/useExhaustiveDependencies: the ids tell when there is one less
  useEffect(() => {
    for (const prompt of before.current) {
      if (!waiting.some(({ id }) => id === prompt.id)) onEnd(prompt);
    }
    before.current = waiting;
  }, [ids]);
}
