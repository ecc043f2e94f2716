import type { ReactNode } from 'react';
import { Button as AriaButton, type ButtonProps as AriaButtonProps } from 'react-aria-components';
import styles from './button.module.css';

export interface ButtonProps extends Omit<AriaButtonProps, 'className' | 'style' | 'children'> {
  /** How much it asks for attention; one `primary` on a screen. */
  readonly look?: 'primary' | 'secondary' | 'danger' | 'dangerQuiet' | 'plain' | 'plainDanger';
  readonly isSmall?: boolean;
  readonly isWide?: boolean;
  readonly children?: ReactNode;
}

/**
 * A button; while `isPending` it keeps the focus and its size, turns a wheel, and does nothing. Not react-aria's own
 * pending: that announces by the button's id, which names nothing once the button has made way for the next step; and
 * it overwrites the attribute `data-pending`.
 */
export function Button({
  look = 'secondary',
  isSmall = false,
  isWide = false,
  isPending = false,
  children,
  ...props
}: ButtonProps) {
  const names = [styles.button, styles[look], isSmall && styles.small, isWide && styles.wide];
  return (
    <AriaButton
      {...props}
      {...(isPending ? { type: 'button', onPress: undefined, 'aria-disabled': true, 'data-busy': true } : {})}
      className={names.filter(Boolean).join(' ')}
    >
      <span className={styles.label}>{children}</span>
      {isPending && <span className={styles.wheel} aria-hidden="true" />}
    </AriaButton>
  );
}
