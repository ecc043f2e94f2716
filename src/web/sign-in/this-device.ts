import type { DeviceInput, Platform } from '../api/operations.ts';

interface UserAgentData {
  readonly platform: string;
  readonly brands: readonly { readonly brand: string }[];
}

const platforms: readonly (readonly [RegExp, Platform, string])[] = [
  [/android/i, 'ANDROID', 'Android'],
  [/iphone|ipad|ipod/i, 'IOS', 'iOS'],
  [/mac/i, 'MACOS', 'macOS'],
  [/win/i, 'WINDOWS', 'Windows'],
  [/linux|cros|x11/i, 'LINUX', 'Linux'],
];

const ipad = [null, 'IOS', 'iPadOS'] as const;

const browsers: readonly (readonly [RegExp, string])[] = [
  [/edg/i, 'Edge'],
  [/opr|opera/i, 'Opera'],
  [/samsungbrowser/i, 'Samsung Internet'],
  [/firefox|fxios/i, 'Firefox'],
  [/chrom|crios/i, 'Chrome'],
  [/safari/i, 'Safari'],
];

/** An iPad calls itself a Mac; no Mac has a screen that is touched. */
function isIpad(): boolean {
  return /ipad/i.test(navigator.userAgent) || (/macintosh/i.test(navigator.userAgent) && navigator.maxTouchPoints > 1);
}

/** What this browser says of the device that it runs on: 'Chrome on Linux'. */
export function thisDevice(): DeviceInput {
  const { userAgent } = navigator;
  const { userAgentData } = navigator as Navigator & { readonly userAgentData?: UserAgentData };
  const about = userAgentData ? `${userAgentData.platform} ${userAgent}` : userAgent;
  const [, platform, system] = isIpad()
    ? ipad
    : (platforms.find(([pattern]) => pattern.test(about)) ?? [null, 'WEB' as const, null]);
  const [, browser] = browsers.find(([pattern]) => pattern.test(userAgent)) ?? [null, 'Browser'];
  return {
    name: system ? `${browser} on ${system}` : browser,
    platform,
    notificationsEnabled: 'Notification' in window && Notification.permission === 'granted',
  };
}
