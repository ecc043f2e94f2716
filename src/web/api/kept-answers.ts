import { type Exchange, makeOperation, mapExchange, type Operation } from '@urql/core';

const ASK_AGAIN_MS = 5_000;

/**
 * What was read stays shown where it cannot be read again, with the error beside it, and is asked for again after a while:
 * nobody loses what they are typing because a look-up around it has failed. An answer that has an error in it is none:
 * where a field of it is null, that says nothing.
 */
export const keptAnswers: Exchange = (input) => {
  const kept = new Map<number, unknown>();
  const waiting = new Map<number, ReturnType<typeof setTimeout>>();
  const stopWaiting = (key: number) => {
    clearTimeout(waiting.get(key));
    waiting.delete(key);
  };
  const askAgainLater = (operation: Operation) => {
    const { kind, key, context } = operation;
    stopWaiting(key);
    const again = makeOperation(kind, operation, { ...context, requestPolicy: 'network-only' });
    waiting.set(
      key,
      setTimeout(() => input.client.reexecuteOperation(again), ASK_AGAIN_MS),
    );
  };
  return mapExchange({
    onOperation({ kind, key }) {
      if (kind !== 'teardown') return;
      stopWaiting(key);
      kept.delete(key);
    },
    onResult(result) {
      const { kind, key } = result.operation;
      if (kind !== 'query') return result;
      if (!result.error) {
        stopWaiting(key);
        kept.set(key, result.data);
        return result;
      }
      const data = kept.get(key);
      if (data) askAgainLater(result.operation);
      return { ...result, data };
    },
  })(input);
};
