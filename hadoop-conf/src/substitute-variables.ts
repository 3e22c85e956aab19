/** Where `${…}` finds its values. */
export interface VariableSources {
  /** For `${env.NAME}`. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Java's system properties (`user.name`, `java.io.tmpdir`); they win over keys of the same name. */
  readonly systemProperties: Readonly<Record<string, string | undefined>>;
  /** The unexpanded value of a key. */
  rawValueOf(key: string): string | undefined;
}

/** `Configuration.MAX_SUBST`: so many rounds, the last of which must find nothing left to replace. */
export const maxSubstitutions = 20;

/**
 * Expands `${key}`, `${env.NAME}`, `${env.NAME:-default}` (unset or empty) and `${env.NAME-default}` (unset).
 *
 * As `Configuration.substituteVars` of Hadoop 3.4.3: always the first variable of the text, and what it
 * brings is expanded too; an unbound variable ends the expansion and the rest stays literal; a value that
 * contains its own variable gives the original text back.
 *
 * @returns the text, or `tooDeep` when the rounds do not suffice (Hadoop throws IllegalStateException)
 */
export function substituteVariables(
  text: string,
  sources: VariableSources,
): { readonly kind: 'value'; readonly text: string } | { readonly kind: 'tooDeep' } {
  let current = text;
  for (let round = 0; round < maxSubstitutions; round += 1) {
    const match = /\$\{([^}$ ]+)\}/.exec(current);
    if (match === null) return { kind: 'value', text: current };
    const value = valueOf(match[1]!, sources);
    if (value === undefined) return { kind: 'value', text: current };
    if (value.includes(match[0])) return { kind: 'value', text };
    current = current.slice(0, match.index) + value + current.slice(match.index + match[0].length);
  }
  return { kind: 'tooDeep' };
}

function valueOf(variable: string, sources: VariableSources): string | undefined {
  const value =
    variable.startsWith('env.') && variable.length > 4
      ? environmentValue(variable.slice(4), sources.environment)
      : own(sources.systemProperties, variable);
  return value ?? sources.rawValueOf(variable);
}

function environmentValue(
  expression: string,
  environment: VariableSources['environment'],
): string | undefined {
  for (let i = 0; i < expression.length; i += 1) {
    if (expression[i] === ':' && expression[i + 1] === '-') {
      const value = own(environment, expression.slice(0, i));
      return value === undefined || value === '' ? expression.slice(i + 2) : value;
    }
    if (expression[i] === '-') {
      return own(environment, expression.slice(0, i)) ?? expression.slice(i + 1);
    }
  }
  return own(environment, expression);
}

function own(
  record: Readonly<Record<string, string | undefined>>,
  name: string,
): string | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}
