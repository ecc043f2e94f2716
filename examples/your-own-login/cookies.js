/** The cookie of a name that a request brings; null for none, and for two. */
export function cookieOf(request, name) {
  const values = (request.get('cookie') ?? '').split(';').flatMap((pair) => {
    const [key, ...value] = pair.split('=');
    return key.trim() === name ? [value.join('=').trim()] : [];
  });
  return values.length === 1 ? values[0] : null;
}
