import { useTranslation } from 'react-i18next';
import { useMutation } from 'urql';
import { type ChallengeFieldsFragment, SendCodeDocument, type VerificationMethod } from '../api/operations.ts';
import { useFault } from '../session/use-fault.ts';
import { DevelopmentInbox } from '../sign-in/development-tools.tsx';
import { SupportReport } from '../support/support-report.tsx';
import { Button } from '../ui/button.tsx';
import { Details } from '../ui/details.tsx';
import { clock, useSecondsLeft } from '../ui/time.ts';
import { useSubmission } from '../ui/use-submission.ts';
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
  const secondsLeft = useSecondsLeft(challenge, challenge.expiresInSeconds);
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
        <span>{t('code.timeLeft')}</span> <span>{clock(secondsLeft)}</span>
      </p>
    </div>
  );
}

function Resend({ challenge, onAgain }: DeliveriesProps) {
  const { t } = useTranslation();
  const [, send] = useMutation(SendCodeDocument);
  const { fault, refuse, say } = useFault();

  const { isPending, submit: again } = useSubmission(async (method: VerificationMethod) => {
    say(null);
    const { data, error } = await send({ challengeToken: challenge.token, method });
    if (error) return refuse(error);
    const outcome = data?.sendCode;
    if (outcome && outcome.__typename !== 'Challenge') say(outcome.message);
  });

  if (challenge.sendOptions.length === 0) {
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
  const byTheSameFirst = [...challenge.sendOptions].sort(
    (one, other) => Number(other.method === challenge.method) - Number(one.method === challenge.method),
  );
  return (
    <>
      <div className={styles.actions}>
        {byTheSameFirst.map(({ method }) => (
          <SendButton
            key={method}
            challenge={challenge}
            method={method}
            isPending={isPending}
            onSend={() => again(method)}
          />
        ))}
      </div>
      {fault && <p role="alert">{fault}</p>}
    </>
  );
}

interface SendButtonProps {
  readonly challenge: ChallengeFieldsFragment;
  readonly method: VerificationMethod;
  readonly isPending: boolean;
  readonly onSend: () => void;
}

/** Sends the code by one way, once the server takes that again. */
function SendButton({ challenge, method, isPending, onSend }: SendButtonProps) {
  const { t } = useTranslation();
  const option = challenge.sendOptions.find((one) => one.method === method);
  const wait = useSecondsLeft(challenge, option?.retryInSeconds ?? 0);
  const isTheSame = method === challenge.method;
  const label = t(isTheSame ? 'code.again' : `code.by.${method}`);
  const waitingLabel = isTheSame ? t('code.againIn', { time: clock(wait) }) : `${label} (${clock(wait)})`;
  return (
    <Button
      isSmall
      isPending={isPending}
      // Not disabled, which would take the focus from whoever has just pressed it.
      aria-disabled={wait > 0}
      onPress={() => wait === 0 && onSend()}
    >
      {wait > 0 ? waitingLabel : label}
    </Button>
  );
}
