import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMutation } from 'urql';
import { Link } from 'wouter';
import { faultyField } from '../api/faults.ts';
import { VetoChangeByMailDocument, type VetoChangeByMailMutation } from '../api/operations.ts';
import { codeIn } from '../codes/digits.ts';
import { useSession } from '../session/session.tsx';
import { useFault } from '../session/use-fault.ts';
import { Door, DoorForm } from '../sign-in/door.tsx';
import { EmailField } from '../sign-in/email-field.tsx';
import { useTypedEmail } from '../sign-in/typed-email.tsx';
import { Button } from '../ui/button.tsx';
import { Notice } from '../ui/notice.tsx';
import { TextField } from '../ui/text-field.tsx';
import { useSubmission } from '../ui/use-submission.ts';

/** As many digits as the code in the mail has. */
const DIGITS = 20;

type Stopped = Extract<VetoChangeByMailMutation['vetoChangeByMail'], { __typename: 'ChangeVetoed' }>['kind'];

/** Where a mail leads that tells of a change: its code stops it, whoever is signed in here, or nobody. */
export function StopChange() {
  const [stopped, setStopped] = useState<Stopped | null>(null);
  return stopped ? <Done kind={stopped} /> : <TypeCode onStopped={setStopped} />;
}

interface Faults {
  readonly email: string | null;
  readonly code: string | null;
}

const none: Faults = { email: null, code: null };

function TypeCode({ onStopped }: { readonly onStopped: (kind: Stopped) => void }) {
  const { t } = useTranslation('signIn');
  const { viewer, refresh } = useSession();
  const [, veto] = useMutation(VetoChangeByMailDocument);
  const [email, setEmail] = useTypedEmail(viewer?.email ?? '');
  const [code, setCode] = useState('');
  const [faults, setFaults] = useState(none);
  const { fault, refuse, say } = useFault();
  const { isPending, submit } = useSubmission(async () => {
    say(null);
    const found: Faults = {
      email: email.trim() === '' ? t('missing.email') : null,
      code: code.length === DIGITS ? null : t('stopChange.incomplete', { digits: DIGITS }),
    };
    setFaults(found);
    if (found.email || found.code) return;
    const { data, error } = await veto({ email: email.trim(), code });
    if (error && faultyField(error) === 'email') return setFaults({ ...none, email: t('wrong.email') });
    if (error) return refuse(error);
    const outcome = data?.vetoChangeByMail;
    if (outcome?.__typename !== 'ChangeVetoed') return say(outcome?.message ?? null);
    await refresh();
    onStopped(outcome.kind);
  });
  return (
    <Door
      title={t('stopChange.title')}
      lead={t('stopChange.lead')}
      more={<Link href="/">{t(viewer ? 'reset.toAccount' : 'reset.toSignIn')}</Link>}
    >
      <DoorForm onSubmit={() => submit()} faults={faults}>
        <EmailField value={email} onChange={setEmail} fault={faults.email} />
        <TextField
          label={t('stopChange.code', { digits: DIGITS })}
          value={code}
          onChange={(typed) => setCode(codeIn(typed, DIGITS))}
          error={faults.code}
          inputMode="numeric"
          autoComplete="off"
          spellCheck="false"
          dir="ltr"
          isRequired
        />
        {fault && (
          <Notice look="alarm">
            <p>{fault}</p>
          </Notice>
        )}
        <Button type="submit" look="primary" isWide isPending={isPending}>
          {t('stopChange.submit')}
        </Button>
      </DoorForm>
    </Door>
  );
}

function Done({ kind }: { readonly kind: Stopped }) {
  const { t } = useTranslation('signIn');
  return (
    <Door title={t('stopChange.done.title')} lead={t(`stopChange.done.${kind}`)}>
      <p>{t('stopChange.done.advice')}</p>
    </Door>
  );
}
