/**
 * By how many others there are: what my camera may cost for each of them, in bits per second, and how small it is.
 * Each of them gets a stream of its own, so that a line and a processor feed all of them.
 */
const SHARES = [
  { others: 1, maxBitrate: 2_000_000, scaleResolutionDownBy: 1 },
  { others: 3, maxBitrate: 700_000, scaleResolutionDownBy: 2 },
  { others: Infinity, maxBitrate: 350_000, scaleResolutionDownBy: 3 },
];

/**
 * Let a camera cost no more than its share.
 * @param {RTCRtpSender} sender
 * @param {number} count  of the others who are fed
 */
export async function limit(sender, count) {
  const share = SHARES.find(({ others }) => count <= others);
  const parameters = sender.getParameters();
  if (!share || !parameters.encodings?.length) return; // not negotiated yet
  const { maxBitrate, scaleResolutionDownBy } = share;
  for (const encoding of parameters.encodings) Object.assign(encoding, { maxBitrate, scaleResolutionDownBy });
  try {
    await sender.setParameters(parameters);
  } catch {
    // Negotiated anew meanwhile: it is limited again after that.
  }
}
