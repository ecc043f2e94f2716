import { useTranslation } from 'react-i18next';
import { useMutation } from 'urql';
import { type ChallengeFieldsFragment, SendCodeDocument, type VerificationMethod } from '../api/operations.ts';
import { useFault } from '../session/use-fault.ts';
import { DevelopmentInbox } from '../sign-in/development-tools.tsx';
import { SupportReport } from '../support/support-report.tsx';
import { Button } from '../ui/button.tsx';
import { Details } from '../ui/details.tsx';
import { clock, useSecondsUntil } from '../ui/time.ts';
import styles from './deliveries.module.css';
import { DeliveryStatus } from './delivery-status.tsx';

export interface DeliveriesProps {
  readonly challenge: ChallengeFieldsFragment;
  /** Gives the challenge up, for another one. */
  readonly onAgain: () => void;
}

/** What became of the code, live; how to have it again or another way; and what helps where it does not come. */
export function Deliveries({ challenge, onAgain }: DeliveriesProps) {
  const { t } = useTranslation();
  const secondsLeft = useSecondsUntil(challenge.expiresAt);
  const [latest] = challenge.deliveries;
  return (
    <div className={styles.deliveries}>
      {latest && <DeliveryStatus delivery={latest} />}
      {challenge.method === 'EMAIL' && <DevelopmentInbox />}
      <Resend challenge={challenge} onAgain={onAgain} />
      <Details summary={t('code.notCome')}>
        <ul className={styles.help}>
          {challenge.help.map((line) => (
            <li key={line}>{line}</li>
          ))}
        </ul>
        {challenge.purpose === 'SIGN_IN' && <SupportReport challengeToken={challenge.token} />}
      </Details>
      <p className={styles.left}>
        {t('code.timeLeft')} <span>{clock(secondsLeft ?? 0)}</span>
      </p>
    </div>
  );
}

function Resend({ challenge, onAgain }: DeliveriesProps) {
  const { t } = useTranslation();
  const [{ fetching }, send] = useMutation(SendCodeDocument);
  const { fault, refuse, say } = useFault();
  const wait = useSecondsUntil(challenge.resendAt) ?? 0;

  const again = async (method: VerificationMethod) => {
    say(null);
    const { data, error } = await send({ challengeToken: challenge.token, method });
    if (error) return refuse(error);
    const outcome = data?.sendCode;
    if (outcome && outcome.__typename !== 'Challenge') say(outcome.message);
  };

  if (challenge.resendAt === null) {
    return (
      <>
        <p className={styles.quiet}>{t('code.noSendLeft')}</p>
        <div className={styles.actions}>
          <Button isSmall onPress={onAgain}>
            {t('closed.again')}
          </Button>
        </div>
      </>
    );
  }
  const others = challenge.availableMethods.filter((method) => method !== challenge.method);
  return (
    <>
      <div className={styles.actions}>
        {challenge.availableMethods.includes(challenge.method) && (
          <Button
            isSmall
            isPending={fetching}
            // Not disabled, which would take the focus from whoever has just pressed it.
            aria-disabled={wait > 0}
            onPress={() => wait === 0 && void again(challenge.method)}
          >
            {wait > 0 ? t('code.againIn', { time: clock(wait) }) : t('code.again')}
          </Button>
        )}
        {others.map((method) => (
          <Button key={method} isSmall isPending={fetching} onPress={() => void again(method)}>
            {t(`code.by.${method}`)}
          </Button>
        ))}
      </div>
      {fault && <p role="alert">{fault}</p>}
    </>
  );
}
