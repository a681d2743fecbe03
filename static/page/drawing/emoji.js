/**
 * The emoji that are offered, and what counts as one.
 * @module
 */

/** @type {[string, [string, string][]][]} */
export const GROUPS = [
  [
    'Reactions',
    [
      ['👍', 'thumbs up'],
      ['❤️', 'red heart'],
      ['😂', 'tears of joy'],
      ['🎉', 'party'],
      ['😮', 'surprised'],
      ['😢', 'crying'],
      ['🙏', 'thank you'],
      ['👀', 'eyes'],
      ['🔥', 'fire'],
      ['✅', 'done'],
      ['👏', 'applause'],
      ['💯', 'hundred'],
    ],
  ],
  [
    'Faces',
    [
      ['😀', 'grinning'],
      ['😄', 'laughing'],
      ['😅', 'sweating smile'],
      ['🙂', 'slight smile'],
      ['😉', 'wink'],
      ['😊', 'happy'],
      ['😍', 'in love'],
      ['😎', 'cool'],
      ['🤔', 'thinking'],
      ['😐', 'neutral'],
      ['😴', 'sleeping'],
      ['🤯', 'mind blown'],
      ['😭', 'sobbing'],
      ['😡', 'angry'],
      ['🥳', 'celebrating'],
      ['🤗', 'hug'],
      ['🙄', 'rolling eyes'],
      ['😬', 'grimace'],
      ['🤷', 'shrug'],
      ['🤦', 'facepalm'],
    ],
  ],
  [
    'Hands and hearts',
    [
      ['👎', 'thumbs down'],
      ['👌', 'fine'],
      ['🤞', 'fingers crossed'],
      ['👋', 'wave'],
      ['💪', 'strong'],
      ['🤝', 'handshake'],
      ['🧡', 'orange heart'],
      ['💚', 'green heart'],
    ],
  ],
  [
    'Things',
    [
      ['☕', 'coffee'],
      ['🍕', 'pizza'],
      ['🍰', 'cake'],
      ['🍻', 'cheers'],
      ['🚀', 'rocket'],
      ['⭐', 'star'],
      ['💡', 'idea'],
      ['🐛', 'bug'],
      ['🎯', 'on target'],
      ['📌', 'pin'],
      ['⏰', 'alarm clock'],
      ['🌧️', 'rain'],
      ['☀️', 'sun'],
      ['🌈', 'rainbow'],
      ['🐈', 'cat'],
      ['🐕', 'dog'],
    ],
  ],
];

/** What a message's own toolbar offers at once. */
export const QUICK = GROUPS[0]?.[1].slice(0, 3) ?? [];

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/**
 * What somebody typed, if it is one emoji (or `:name:`); else null.
 * @param {string} text
 * @returns {string | null}
 */
export function asEmoji(text) {
  const trimmed = text.trim();
  if (/^:[a-z0-9_+-]{1,30}:$/i.test(trimmed)) return trimmed;
  if ([...graphemes.segment(trimmed)].length !== 1) return null;
  return /\p{Extended_Pictographic}|\p{Regional_Indicator}|\u20e3/u.test(trimmed) ? trimmed : null;
}
