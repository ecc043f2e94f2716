import { useTranslation } from 'react-i18next';
import type { ChallengeState } from '../api/operations.ts';
import { Button } from '../ui/button.tsx';
import { Notice } from '../ui/notice.tsx';

/** How a challenge ends without letting anybody in here. */
export type ClosedState = Exclude<ChallengeState, 'PENDING'>;

/** How an answer says that a challenge is closed. */
export function closedState(state: ChallengeState): ClosedState {
  return state === 'PENDING' ? 'EXPIRED' : state;
}

/** The challenge is over without having let anybody in: why, and what to do now. */
export function Closed({ state, onAgain }: { readonly state: ClosedState; readonly onAgain: () => void }) {
  const { t } = useTranslation();
  return (
    <>
      <Notice look={state === 'EXPIRED' ? 'warn' : 'alarm'} title={t(`closed.${state}.title`)}>
        <p>{t(`closed.${state}.text`)}</p>
      </Notice>
      <Button look="primary" isWide onPress={onAgain}>
        {t('closed.again')}
      </Button>
    </>
  );
}
