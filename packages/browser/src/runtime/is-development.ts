/**
 * Whether mistakes in how the tracker is used are told at length. The build for the `production` condition, which bundlers
 * set when they build a site for its visitors, has `false` in its place.
 */
export const isDevelopment: boolean = true;
