import { Unreachable } from '../frame/unreachable.tsx';
import { Waiting } from '../ui/waiting.tsx';
import type { CodeStepOfPage } from './use-code-step.ts';

/** While it is asked how a challenge stands. */
export function Reading({ step }: { readonly step: CodeStepOfPage }) {
  return step.isUnreachable ? <Unreachable onAskAgain={step.askAgain} /> : <Waiting />;
}
