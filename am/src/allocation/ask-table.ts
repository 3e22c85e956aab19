/** What is wanted under one name (a host, a rack or `*`) at one priority. */
export interface AskLevel {
  readonly containers: number;
  readonly relaxLocality: boolean;
}

/** Wishes at one priority, by name. */
export type AskLevels = ReadonlyMap<string, AskLevel>;

/** One line of an allocate call: an absolute count for a name. */
export interface AskChange extends AskLevel {
  readonly priority: number;
  readonly resourceName: string;
}

export const anyNode = '*';

/**
 * What the ResourceManager has been asked for, as both sides count it: an allocation takes one off
 * each level that it satisfies. Gives the differences to what is wanted now.
 */
export class AskTable {
  readonly #sent = new Map<number, Map<string, AskLevel>>();

  /** The lines to send so that the ResourceManager knows `wanted`; they count as sent. */
  changesTo(priority: number, wanted: AskLevels): AskChange[] {
    const sent = this.#levels(priority);
    const changes: AskChange[] = [];
    for (const [resourceName, level] of wanted) {
      const before = sent.get(resourceName);
      const isSame =
        before?.containers === level.containers && before.relaxLocality === level.relaxLocality;
      if (!isSame && (level.containers > 0 || before !== undefined)) {
        changes.push({ priority, resourceName, ...level });
        sent.set(resourceName, level);
      }
    }
    for (const [resourceName, level] of sent) {
      if (wanted.has(resourceName)) continue;
      if (level.containers > 0) {
        changes.push({
          priority,
          resourceName,
          containers: 0,
          relaxLocality: level.relaxLocality,
        });
      }
      sent.delete(resourceName);
    }
    return changes;
  }

  /** A container was granted at this place: the ResourceManager has counted it off. */
  granted(priority: number, host: string, rack: string | undefined): void {
    const sent = this.#levels(priority);
    for (const name of [host, rack, anyNode]) {
      const level = name === undefined ? undefined : sent.get(name);
      if (name === undefined || level === undefined || level.containers === 0) continue;
      sent.set(name, { ...level, containers: level.containers - 1 });
    }
  }

  /** Containers that were asked for and have not come, at all priorities. */
  get outstanding(): number {
    let sum = 0;
    for (const levels of this.#sent.values()) sum += levels.get(anyNode)?.containers ?? 0;
    return sum;
  }

  /** The ResourceManager has forgotten everything. */
  forget(): void {
    this.#sent.clear();
  }

  #levels(priority: number): Map<string, AskLevel> {
    let levels = this.#sent.get(priority);
    if (levels === undefined) {
      levels = new Map();
      this.#sent.set(priority, levels);
    }
    return levels;
  }
}
