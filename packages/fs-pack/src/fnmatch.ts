/** Shell patterns as Python's `fnmatch` has them, because `file_packager.py --exclude` takes those: `*` also matches slashes. */

/** Whether all of `name` matches `pattern`: `*`, `?`, `[seq]`, `[!seq]`. An unclosed `[` stands for itself. */
export function fnmatch(name: string, pattern: string): boolean {
  return patternToRegExp(pattern).test(name);
}

function patternToRegExp(pattern: string): RegExp {
  let source = '';
  for (let at = 0; at < pattern.length; at++) {
    const c = pattern[at]!;
    if (c === '*') source += '.*';
    else if (c === '?') source += '.';
    else if (c === '[') {
      const end = pattern.indexOf(']', pattern[at + 1] === '!' ? at + 3 : at + 2);
      if (end < 0) source += '\\[';
      else {
        source += set(pattern.slice(at + 1, end));
        at = end;
      }
    } else source += c.replace(/[.+^${}()|\]\\/]/, '\\$&');
  }
  return new RegExp(`^${source}$`, 's');
}

/** A bracket expression. Ranges that run backwards match nothing, as in Python. */
function set(body: string): string {
  const negated = body.startsWith('!');
  const members = (negated ? body.slice(1) : body).replace(/[\\\]^[&~|]/g, '\\$&')
    .replace(/(.)-(.)/gs, (range: string, from: string, to: string) => (from <= to ? range : ''));
  if (members === '') return negated ? '.' : '(?!)';
  return `[${negated ? '^' : ''}${members}]`;
}
