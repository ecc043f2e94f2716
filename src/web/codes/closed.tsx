import { useTranslation } from 'react-i18next';
import type { ChallengeState } from '../api/operations.ts';
import { Button } from '../ui/button.tsx';
import { Notice } from '../ui/notice.tsx';

/** The challenge is over without having let anybody in: why, and what to do now. */
export function Closed({ state, onAgain }: { readonly state: ChallengeState; readonly onAgain: () => void }) {
  const { t } = useTranslation();
  const reason = state === 'PENDING' || state === 'VERIFIED' ? 'EXPIRED' : state;
  return (
    <>
      <Notice look={reason === 'EXPIRED' ? 'warn' : 'alarm'} title={t(`closed.${reason}.title`)}>
        <p>{t(`closed.${reason}.text`)}</p>
      </Notice>
      <Button look="primary" isWide onPress={onAgain}>
        {t('closed.again')}
      </Button>
    </>
  );
}
