import { Button as AriaButton, type ButtonProps as AriaButtonProps } from 'react-aria-components';
import styles from './button.module.css';

export interface ButtonProps extends Omit<AriaButtonProps, 'className' | 'style'> {
  /** How much it asks for attention; one `primary` on a screen. */
  readonly look?: 'primary' | 'secondary' | 'danger' | 'dangerQuiet' | 'plain';
  readonly isSmall?: boolean;
  readonly isWide?: boolean;
}

/** A button; while `isPending` it keeps the focus and does nothing. */
export function Button({ look = 'secondary', isSmall = false, isWide = false, ...props }: ButtonProps) {
  const names = [styles.button, styles[look], isSmall && styles.small, isWide && styles.wide];
  return <AriaButton {...props} className={names.filter(Boolean).join(' ')} />;
}
