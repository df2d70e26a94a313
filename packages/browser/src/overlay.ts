export { type Debug, type DebugOptions, debug } from './overlay/debug.ts';
export { type Overlay, type OverlayOptions, overlay } from './overlay/overlay.ts';
