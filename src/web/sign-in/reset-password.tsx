import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMutation } from 'urql';
import { Link, useLocation } from 'wouter';
import { faultText } from '../api/faults.ts';
import {
  type ChallengeFieldsFragment,
  type ChallengeState,
  RequestPasswordResetDocument,
  ResetPasswordDocument,
} from '../api/operations.ts';
import { Closed } from '../codes/closed.tsx';
import { CodeField } from '../codes/code-field.tsx';
import { Deliveries } from '../codes/deliveries.tsx';
import { useChallenge } from '../codes/use-challenge.ts';
import { NewPasswordField } from '../passwords/new-password-field.tsx';
import { useSession } from '../session/session.tsx';
import { Button } from '../ui/button.tsx';
import { Notice } from '../ui/notice.tsx';
import { TextField } from '../ui/text-field.tsx';
import { Door, DoorForm } from './door.tsx';

/** A forgotten password: a code to the mailbox, and a new password with it. */
export function ResetPassword() {
  const { t, i18n } = useTranslation('signIn');
  const [{ fetching }, request] = useMutation(RequestPasswordResetDocument);
  const [email, setEmail] = useState('');
  const [fault, setFault] = useState<string | null>(null);
  const [challenge, setChallenge] = useState<ChallengeFieldsFragment | null>(null);

  const submit = async () => {
    setFault(null);
    const { data, error } = await request({ email: email.trim() });
    if (error) return setFault(faultText(error, i18n.getFixedT(null, 'common'), i18n.language));
    if (data) setChallenge(data.requestPasswordReset);
  };

  if (challenge) return <ChoosePassword challenge={challenge} email={email} onLeave={() => setChallenge(null)} />;
  return (
    <Door title={t('reset.title')} lead={t('reset.lead')} more={<Link href="/">{t('reset.toSignIn')}</Link>}>
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
        {fault && (
          <Notice look="alarm">
            <p>{fault}</p>
          </Notice>
        )}
        <Button type="submit" look="primary" isWide isPending={fetching}>
          {t('reset.send')}
        </Button>
      </DoorForm>
    </Door>
  );
}

interface ChoosePasswordProps {
  readonly challenge: ChallengeFieldsFragment;
  readonly email: string;
  readonly onLeave: () => void;
}

function ChoosePassword({ challenge: opened, email, onLeave }: ChoosePasswordProps) {
  const { t, i18n } = useTranslation('signIn');
  const { leave } = useSession();
  const [, navigate] = useLocation();
  const challenge = useChallenge(opened);
  const [{ fetching }, reset] = useMutation(ResetPasswordDocument);
  const [code, setCode] = useState('');
  const [newPassword, setNewPassword] = useState('');
  const [wrong, setWrong] = useState<string | null>(null);
  const [advice, setAdvice] = useState<readonly string[]>([]);
  const [fault, setFault] = useState<string | null>(null);
  const [closed, setClosed] = useState<ChallengeState | null>(null);

  /** @returns whether the password is another one now; else what is shown says why not */
  const submit = async (): Promise<boolean> => {
    setWrong(null);
    setAdvice([]);
    setFault(null);
    const { data, error } = await reset({ challengeToken: challenge.token, code, newPassword });
    if (error) setFault(faultText(error, i18n.getFixedT(null, 'common'), i18n.language));
    const outcome = data?.resetPassword;
    switch (outcome?.__typename) {
      case 'PasswordReset':
        navigate('/');
        return true;
      case 'WrongCode':
        setWrong(outcome.message);
        break;
      case 'ChallengeClosed':
        setClosed(outcome.state);
        break;
      case 'WeakPassword':
        setAdvice([outcome.message, ...outcome.suggestions]);
    }
    return false;
  };

  const over = closed ?? (challenge.state === 'PENDING' || challenge.state === 'VERIFIED' ? null : challenge.state);
  if (over) {
    return (
      <Door key="closed" title={t('reset.title')}>
        <Closed state={over} onAgain={onLeave} />
      </Door>
    );
  }
  return (
    <Door
      title={t('reset.chooseTitle')}
      lead={t('reset.chooseLead', { to: challenge.sentTo })}
      more={
        <Button look="plain" onPress={onLeave}>
          {t('back', { ns: 'common' })}
        </Button>
      }
    >
      <DoorForm onSubmit={() => void leave(submit, 'passwordReset')}>
        <CodeField length={challenge.codeLength} value={code} onChange={setCode} error={wrong} isDisabled={fetching} />
        <NewPasswordField
          label={t('newPassword')}
          value={newPassword}
          onChange={setNewPassword}
          words={[email]}
          advice={advice}
        />
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
          isDisabled={code.length !== challenge.codeLength || newPassword === ''}
        >
          {t('reset.submit')}
        </Button>
      </DoorForm>
      <Deliveries challenge={challenge} />
    </Door>
  );
}
