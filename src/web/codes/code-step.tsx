import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMutation } from 'urql';
import { faultText } from '../api/faults.ts';
import { type ChallengeFieldsFragment, type ChallengeState, VerifyCodeDocument } from '../api/operations.ts';
import { Door, DoorForm } from '../sign-in/door.tsx';
import { Button } from '../ui/button.tsx';
import { Checkbox } from '../ui/checkbox.tsx';
import { Notice } from '../ui/notice.tsx';
import { useTimeTexts } from '../ui/time.ts';
import { Closed } from './closed.tsx';
import { CodeField } from './code-field.tsx';
import { Deliveries } from './deliveries.tsx';
import { useChallenge } from './use-challenge.ts';

export interface CodeStepProps {
  readonly challenge: ChallengeFieldsFragment;
  readonly onVerified: () => void;
  /** Back to where the challenge came from. */
  readonly onLeave: () => void;
}

/** The code of a sign-in or a sign-up: typed here, and watched until it is over. */
export function CodeStep({ challenge: opened, onVerified, onLeave }: CodeStepProps) {
  const { t, i18n } = useTranslation();
  const { moment } = useTimeTexts();
  const challenge = useChallenge(opened);
  const [{ fetching }, verify] = useMutation(VerifyCodeDocument);
  const [code, setCode] = useState('');
  const [trustDevice, setTrustDevice] = useState(true);
  const [wrong, setWrong] = useState<string | null>(null);
  const [fault, setFault] = useState<string | null>(null);
  const [closed, setClosed] = useState<ChallengeState | null>(null);
  const isSignIn = challenge.purpose === 'SIGN_IN';

  const submit = async (typed: string) => {
    setWrong(null);
    setFault(null);
    const { data, error } = await verify({ challengeToken: challenge.token, code: typed, trustDevice });
    if (error) return setFault(faultText(error, t, i18n.language));
    const outcome = data?.verifyCode;
    switch (outcome?.__typename) {
      case 'SignedIn':
        return onVerified();
      case 'WrongCode':
        setCode('');
        return setWrong(outcome.message);
      case 'ChallengeClosed':
        return setClosed(outcome.state);
      case 'TemporarilyLocked':
        return setFault(
          outcome.retryAt
            ? `${outcome.message} ${t('code.retryAt', { time: moment(outcome.retryAt) })}`
            : outcome.message,
        );
    }
  };

  // Its own right code closes it too, a moment before the answer comes.
  const over = closed ?? (challenge.state === 'PENDING' || challenge.state === 'VERIFIED' ? null : challenge.state);
  if (over) {
    return (
      <Door key="closed" title={t(`closed.${over === 'VERIFIED' || over === 'PENDING' ? 'EXPIRED' : over}.heading`)}>
        <Closed state={over} onAgain={onLeave} />
      </Door>
    );
  }
  return (
    <Door
      title={t('code.title')}
      lead={t(challenge.method === 'APP' ? 'code.leadApp' : 'code.leadEmail', { to: challenge.sentTo })}
      more={
        <Button look="plain" onPress={onLeave}>
          {t('back')}
        </Button>
      }
    >
      <DoorForm onSubmit={() => void submit(code)}>
        <CodeField
          length={challenge.codeLength}
          value={code}
          onChange={setCode}
          onComplete={(complete) => void submit(complete)}
          error={wrong}
          isDisabled={fetching}
        />
        {isSignIn && (
          <Checkbox isSelected={trustDevice} onChange={setTrustDevice} description={t('code.trustMeans')}>
            {t('code.trust')}
          </Checkbox>
        )}
        {fault && (
          <Notice look="alarm">
            <p>{fault}</p>
          </Notice>
        )}
        <Button
          type="submit"
          look="primary"
          isWide
          isPending={fetching}
          isDisabled={code.length !== challenge.codeLength}
        >
          {t('code.submit')}
        </Button>
      </DoorForm>
      <Deliveries challenge={challenge} />
    </Door>
  );
}
