/** The object that type-graphql wants for an enum, from the list that the code itself uses. */
export function enumOf<const Names extends readonly string[]>(
  names: Names,
): { readonly [Name in Names[number]]: Name } {
  return Object.fromEntries(names.map((name) => [name, name])) as { [Name in Names[number]]: Name };
}
