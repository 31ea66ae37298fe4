/** Builds the guest when needed. Returns the directory of its pack, which belongs under `/pack/` of a site. */
export function webPack(options?: { recipe?: string }): string;
