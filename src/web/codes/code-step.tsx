import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMutation } from 'urql';
import { type ChallengeFieldsFragment, VerifyCodeDocument } from '../api/operations.ts';
import { useProductName } from '../session/use-product-name.ts';
import { Door, DoorForm } from '../sign-in/door.tsx';
import { Button } from '../ui/button.tsx';
import { Checkbox } from '../ui/checkbox.tsx';
import { Notice } from '../ui/notice.tsx';
import { Closed } from './closed.tsx';
import { CodeField } from './code-field.tsx';
import { Deliveries } from './deliveries.tsx';
import { useCodeEntry } from './use-code-entry.ts';

export interface CodeStepProps {
  readonly challenge: ChallengeFieldsFragment;
  /** The address as it was typed. */
  readonly email: string;
  readonly onVerified: () => void;
  /** Back to where the challenge came from. */
  readonly onLeave: () => void;
}

/** The code of a sign-in or a sign-up: typed here, and watched until it is over. */
export function CodeStep({ challenge: opened, email, onVerified, onLeave }: CodeStepProps) {
  const { t } = useTranslation();
  const productName = useProductName();
  const [, verify] = useMutation(VerifyCodeDocument);
  const [trustDevice, setTrustDevice] = useState(true);
  const entry = useCodeEntry(opened, async (code, taken) => {
    const { data, error } = await verify({ challengeToken: opened.token, code, trustDevice });
    const outcome = data?.verifyCode;
    if (outcome?.__typename !== 'SignedIn') return { error, outcome };
    taken();
    onVerified();
    return {};
  });
  const { challenge, closed, fault, isPending } = entry;
  const isSignIn = challenge.purpose === 'SIGN_IN';

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
      lead={t(leadOf(challenge), { productName, to: isSignIn ? challenge.sentTo : email.trim() })}
      more={
        <Button look="plain" onPress={onLeave}>
          {t(isSignIn ? 'back' : 'code.change')}
        </Button>
      }
    >
      <DoorForm onSubmit={() => entry.submit()}>
        <CodeField entry={entry} />
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
        <Button type="submit" look="primary" isWide isPending={isPending}>
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
