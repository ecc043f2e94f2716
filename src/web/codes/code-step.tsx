import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMutation } from 'urql';
import { type ChallengeFieldsFragment, VerifyCodeDocument } from '../api/operations.ts';
import { useFault } from '../session/use-fault.ts';
import { Door, DoorForm } from '../sign-in/door.tsx';
import { Button } from '../ui/button.tsx';
import { Checkbox } from '../ui/checkbox.tsx';
import { Notice } from '../ui/notice.tsx';
import { Closed } from './closed.tsx';
import { CodeField } from './code-field.tsx';
import { Deliveries } from './deliveries.tsx';
import { forgetChallenge } from './kept-challenge.ts';
import { closedState, useChallenge, useClosed } from './use-challenge.ts';

export interface CodeStepProps {
  readonly challenge: ChallengeFieldsFragment;
  readonly onVerified: () => void;
  /** Back to where the challenge came from. */
  readonly onLeave: () => void;
}

/** The code of a sign-in or a sign-up: typed here, and watched until it is over. */
export function CodeStep({ challenge: opened, onVerified, onLeave }: CodeStepProps) {
  const { t } = useTranslation();
  const challenge = useChallenge(opened);
  const { closed, close } = useClosed(challenge);
  const [{ fetching }, verify] = useMutation(VerifyCodeDocument);
  const [code, setCode] = useState('');
  const [trustDevice, setTrustDevice] = useState(true);
  const [wrong, setWrong] = useState<string | null>(null);
  const { fault, refuse, say } = useFault();
  const isSignIn = challenge.purpose === 'SIGN_IN';

  const submit = async (typed: string) => {
    say(null);
    if (typed.length < challenge.codeLength) return setWrong(t('code.incomplete', { digits: challenge.codeLength }));
    setWrong(null);
    const { data, error } = await verify({ challengeToken: challenge.token, code: typed, trustDevice });
    if (error) return refuse(error);
    const outcome = data?.verifyCode;
    switch (outcome?.__typename) {
      case 'SignedIn':
        forgetChallenge(challenge.token);
        return onVerified();
      case 'WrongCode':
        setCode('');
        return outcome.attemptsRemaining > 0 ? setWrong(outcome.message) : close('LOCKED');
      case 'ChallengeClosed':
        return close(closedState(outcome.state));
      case 'TemporarilyLocked':
        setCode('');
        return say(outcome.message);
    }
  };

  if (closed) {
    return (
      <Door key="closed" title={t(isSignIn ? 'signIn.title' : 'signUp.title', { ns: 'signIn' })}>
        <Closed state={closed} onAgain={onLeave} />
      </Door>
    );
  }
  return (
    <Door
      title={t('code.title')}
      lead={t(leadOf(challenge), { to: challenge.sentTo })}
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
          isReadOnly={fetching}
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
        <Button type="submit" look="primary" isWide isPending={fetching}>
          {t('code.submit')}
        </Button>
      </DoorForm>
      <Deliveries challenge={challenge} onAgain={onLeave} />
    </Door>
  );
}

/** After a reset of the password mail is held, and perhaps no device is trusted: the hint below says what to do. */
function leadOf({ method, availableMethods }: ChallengeFieldsFragment) {
  if (method === 'EMAIL') return 'code.leadEmail';
  return availableMethods.includes('EMAIL') ? 'code.leadApp' : 'code.leadHeld';
}
