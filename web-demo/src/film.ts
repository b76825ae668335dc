import type { ScreenShareCaptureOptions, TrackPublishOptions, VideoCaptureOptions } from 'livekit-client';
import type { Source } from './call';

/** Something of the caller's that can be looked at all the time. */
export interface Filming {
  source: Source;
  on: boolean;
  /** Whether this device has it at all: phones share no screen. */
  possible: boolean;
  turn: (on: boolean) => Promise<unknown>;
}

/** Few frames, and sharp ones: pictures are taken of it, nobody watches a film. On a phone, the camera at its back. */
export const CAMERA: [VideoCaptureOptions, TrackPublishOptions] = [
  { facingMode: 'environment', resolution: { width: 1280, height: 720, frameRate: 10 } },
  { simulcast: false, videoEncoding: { maxBitrate: 1_500_000, maxFramerate: 10 }, degradationPreference: 'maintain-resolution' },
];

/** Its text stays readable: what is lacking in bandwidth costs frames, not pixels. */
export const SCREEN: [ScreenShareCaptureOptions, TrackPublishOptions] = [
  { audio: false, contentHint: 'text', resolution: { width: 1920, height: 1080, frameRate: 5 }, surfaceSwitching: 'include' },
  { simulcast: false, screenShareEncoding: { maxBitrate: 2_500_000, maxFramerate: 5 }, degradationPreference: 'maintain-resolution' },
];

export function canFilm(): boolean {
  return typeof navigator.mediaDevices?.getUserMedia === 'function';
}

export function canShareScreen(): boolean {
  return typeof navigator.mediaDevices?.getDisplayMedia === 'function';
}

/** What the attribute of an agent says it looks at. */
export function sourcesOf(attribute: string): Source[] {
  return attribute.split(' ').filter((word): word is Source => word === 'camera' || word === 'screen');
}
