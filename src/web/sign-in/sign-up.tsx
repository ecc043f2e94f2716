import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMutation } from 'urql';
import { Link } from 'wouter';
import { faultText } from '../api/faults.ts';
import { type ChallengeFieldsFragment, SignUpDocument } from '../api/operations.ts';
import { CodeStep } from '../codes/code-step.tsx';
import { NewPasswordField } from '../passwords/new-password-field.tsx';
import { useSession } from '../session/session.tsx';
import { Button } from '../ui/button.tsx';
import { Notice } from '../ui/notice.tsx';
import { TextField } from '../ui/text-field.tsx';
import { Door, DoorForm } from './door.tsx';
import { thisDevice } from './this-device.ts';

/** Opening an account: it exists once the code from its mailbox was typed. */
export function SignUp() {
  const { t, i18n } = useTranslation('signIn');
  const { entered } = useSession();
  const [{ fetching }, signUp] = useMutation(SignUpDocument);
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const [advice, setAdvice] = useState<readonly string[]>([]);
  const [fault, setFault] = useState<string | null>(null);
  const [challenge, setChallenge] = useState<ChallengeFieldsFragment | null>(null);

  const submit = async () => {
    setFault(null);
    setAdvice([]);
    const { data, error } = await signUp({ input: { email: email.trim(), password, device: thisDevice() } });
    if (error) return setFault(faultText(error, i18n.getFixedT(null, 'common'), i18n.language));
    const outcome = data?.signUp;
    if (outcome?.__typename === 'Challenge') return setChallenge(outcome);
    if (outcome?.__typename === 'WeakPassword') setAdvice([outcome.message, ...outcome.suggestions]);
  };

  if (challenge) {
    return <CodeStep challenge={challenge} onVerified={entered} onLeave={() => setChallenge(null)} />;
  }
  return (
    <Door title={t('signUp.title')} lead={t('signUp.lead')} more={<Link href="/">{t('signUp.toSignIn')}</Link>}>
      <DoorForm onSubmit={() => void submit()}>
        <TextField
          label={t('email')}
          type="email"
          autoComplete="username"
          inputMode="email"
          value={email}
          onChange={setEmail}
          isRequired
        />
        <NewPasswordField
          label={t('newPassword')}
          value={password}
          onChange={setPassword}
          words={[email]}
          advice={advice}
        />
        {fault && (
          <Notice look="alarm">
            <p>{fault}</p>
          </Notice>
        )}
        <Button type="submit" look="primary" isWide isPending={fetching}>
          {t('signUp.submit')}
        </Button>
      </DoorForm>
    </Door>
  );
}
