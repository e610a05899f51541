import { type DoorName, drawFault, errorOf, type Fault } from "./faults.ts";
import { countFault, type Invocation, kill, latencyMs, nextOperation, plannedFault, type World } from "./world.ts";

export interface Operation<T> {
  readonly door: Exclude<DoorName, "ai">;
  /** The text for the trace. */
  readonly what: string;
  /** Carry out the operation for real. */
  readonly run: () => Promise<T>;
  /** Called when it took effect, whether or not the caller learns of it. */
  readonly onEffect?: (result: T) => void | Promise<void>;
  /** Answer without carrying it out: a message that goes nowhere, a read that breaks off. Null if the fault does not apply. */
  readonly onFault?: (fault: Fault) => { readonly answer: T } | null;
}

/** A promise that never settles, for an invocation that has died. */
export function never<T>(): Promise<T> {
  return new Promise(() => {});
}

/**
 * Pass one operation through a door. The clock does one thing at a time, so real operations never overlap and the seed decides
 * everything. Their virtual times overlap, from the sending of the request to the arrival of the answer.
 */
export function perform<T>(world: World, invocation: Invocation, operation: Operation<T>): Promise<T> {
  return invocation.connections.run(() => performNow(world, invocation, operation));
}

function performNow<T>(world: World, invocation: Invocation, operation: Operation<T>): Promise<T> {
  if (invocation.diedAt !== null) return never();
  const { clock, random } = world;
  const { door, what } = operation;
  const drawn = drawFault(door, world.plan.faultRate, random.faults);
  const fault = plannedFault(world, invocation, { what, death: nextOperation(world), drawn });
  if (fault !== null) countFault(world, door, fault);
  const told = `#${invocation.id} ${invocation.name} ${door} ${what}`;
  world.trace(`${told}${fault === null ? "" : ` [${fault}]`}`);

  return new Promise<T>((resolve, reject) => {
    const answer = (run: () => void) => {
      clock.after(latencyMs(world, door), () => {
        if (invocation.diedAt === null) run();
      });
    };
    const isRequestSent = random.faults() < 0.5;
    clock.after(latencyMs(world, door), async () => {
      // A dying consumer may have sent some of its requests already; those are still carried out.
      if (invocation.diedAt !== null && !isRequestSent) return;
      if (fault === "die_before") return kill(world, invocation, `before ${what}`);
      if (fault === "error_before" || (door === "d1" && invocation.cutOffUntil > clock.now())) {
        return answer(() => reject(errorOf(door, random.faults)));
      }
      const other = fault === null ? null : (operation.onFault?.(fault) ?? null);
      if (other !== null) return answer(() => resolve(other.answer));
      try {
        const result = await operation.run();
        await operation.onEffect?.(result);
        if (fault === "die_after") kill(world, invocation, `after ${what}`);
        else if (fault === "error_after") answer(() => reject(errorOf(door, random.faults)));
        else answer(() => resolve(result));
      } catch (error) {
        world.realErrors.push(`${what}: ${String(error)}`);
        world.trace(`${told} REAL ERROR ${String(error)}`);
        answer(() => reject(error));
      }
    });
  });
}
