import { Component, type PropsWithChildren, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '../ui/button.tsx';
import { Notice } from '../ui/notice.tsx';

type MishapProps = PropsWithChildren<{
  /** What is shown instead of what is broken. */
  readonly instead: ReactNode;
}>;

/** Keeps what goes wrong while a part of the page is shown within that part. */
export class Mishap extends Component<MishapProps, { readonly isBroken: boolean }> {
  override state = { isBroken: false };

  static getDerivedStateFromError(): { isBroken: boolean } {
    return { isBroken: true };
  }

  override render(): ReactNode {
    return this.state.isBroken ? this.props.instead : this.props.children;
  }
}

/**
 * A page that cannot be shown: most likely a part of it could not be fetched, since the server is away, or was updated
 * and has other files now.
 */
export function BrokenPage() {
  const { t } = useTranslation();
  return (
    <Notice look="alarm" title={t('broken.title')}>
      <p>{t('broken.text')}</p>
      <Button onPress={() => location.reload()}>{t('broken.again')}</Button>
    </Notice>
  );
}
