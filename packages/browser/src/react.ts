export { Impression, type ImpressionProps } from './react/impression.ts';
export { TrackProvider, type TrackProviderProps } from './react/track-provider.ts';
export { useTrack } from './react/use-track.ts';
